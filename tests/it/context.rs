//! Personalisation by what the visitor is doing.

use datafly_tests::{Browser, PIPELINE, TestApp, TestConfig};
use jiff::SignedDuration;
use serde_json::{Value, json};

const PROFILE: &str = "amperity.profile";

const ON: &str = r#"context_sensitive_personalisation = true
personalisation_context_mappings = '''[
  {"source": "properties.category", "target": "pageCategory"},
  {"source": "properties.value", "target": "cartValue"},
  {"source": "partner_attrs.amperity.LifetimeTier", "target": "tierHint"}
]'''"#;

async fn app() -> TestApp {
    app_with("").await
}

async fn app_with(server: &'static str) -> TestApp {
    let allowlist = "Persona,FavoriteBrand,RecommendedCategory,Offer,OfferTier";
    let config = TestConfig { allowlist, integration: ON, server, ..TestConfig::default() };
    TestApp::start_with(config).await
}

async fn veras_browser(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    browser.page().await;
    app.sandbox.link(&browser.visitor().unwrap(), "vera").unwrap();
    browser
}

/// Views a page; `enrich` asks for the profile with it.
async fn view(browser: &mut Browser, mut event: Value, enrich: bool) -> Value {
    event["type"] = json!("page");
    let enrich = if enrich { "&enrich=amperity" } else { "" };
    let path = format!("/v1/p?key={PIPELINE}{enrich}");
    browser.fetch("POST", &path, &event.to_string()).await.json()
}

fn page(category: &str) -> Value {
    json!({"properties": {"category": category, "value": 120.5}})
}

#[tokio::test]
async fn the_newest_event_s_context_is_merged_over_the_plain_attributes() {
    let app = app().await;
    let mut browser = veras_browser(&app).await;
    let before = browser.version();
    view(&mut browser, page("shoes"), false).await;
    assert!(browser.version() > before, "context is a new version");
    let shown = browser.attributes().await;
    assert_eq!(shown["Persona"], "Value Hunter", "the plain part");
    assert_eq!(shown["RecommendedCategory"], "shoes");
    assert_eq!(shown["Offer"], "free-delivery");
    // The hint came from the plain attributes, which the browser may not see.
    assert!(shown["OfferTier"].is_string(), "{shown}");
    assert!(shown.get("LifetimeTier").is_none());
}

#[tokio::test]
async fn the_boot_script_holds_the_plain_attributes() {
    let app = app().await;
    let mut browser = veras_browser(&app).await;
    view(&mut browser, page("shoes"), true).await;
    let calls = app.vendor_calls();
    let path = format!("/v1/loader.js?key={PIPELINE}");
    let script = browser.fetch("GET", &path, "").await.all_bytes();
    assert!(script.contains(r#""Persona":"Value Hunter""#), "{script}");
    // Those of the last page: of this one nothing is known yet.
    assert!(!script.contains("shoes") && !script.contains("Offer"), "{script}");
    assert_eq!(app.vendor_calls(), calls);
}

#[tokio::test]
async fn forgetting_a_browser_drops_every_context() {
    let app = app().await;
    let mut browser = veras_browser(&app).await;
    for category in ["shoes", "jackets"] {
        view(&mut browser, page(category), true).await;
    }
    let personalised = || app.app.engine.caches().filled()[2];
    assert_eq!((personalised().cache, personalised().entries), ("personalised", 2));
    browser.fetch("POST", &format!("/v1/forget?key={PIPELINE}"), "").await;
    let filled = app.app.engine.caches().filled();
    assert!(filled.iter().all(|cache| cache.entries == 0), "{filled:?}");
}

#[tokio::test]
async fn a_page_event_brings_the_profile_of_its_own_context() {
    let app = app().await;
    let mut browser = veras_browser(&app).await;
    let answer = view(&mut browser, page("jackets"), true).await;
    assert_eq!(answer["success"], true);
    assert_eq!(answer["profiles"]["amperity"]["RecommendedCategory"], "jackets");
    let unknown = format!("/v1/p?key={PIPELINE}&enrich=nobody");
    let answer = browser.fetch("POST", &unknown, r#"{"type":"page"}"#).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "UNKNOWN_PROVIDER"));
}

#[tokio::test]
async fn the_same_context_is_one_call_for_two_minutes() {
    let app = app().await;
    let mut browser = veras_browser(&app).await;
    view(&mut browser, page("shoes"), false).await;
    for _ in 0..3 {
        browser.attributes().await;
    }
    assert_eq!(app.sandbox.hits(PROFILE), 1);
    view(&mut browser, page("jackets"), false).await;
    browser.attributes().await;
    view(&mut browser, page("shoes"), false).await;
    assert_eq!(browser.attributes().await["RecommendedCategory"], "shoes");
    assert_eq!(app.sandbox.hits(PROFILE), 2, "shoes are remembered");
    app.surroundings.wait(SignedDuration::from_mins(2));
    browser.attributes().await;
    assert_eq!(app.sandbox.hits(PROFILE), 3);
}

#[tokio::test]
async fn an_old_offline_queue_does_not_rewind_the_context() {
    let app = app().await;
    let mut browser = veras_browser(&app).await;
    app.surroundings.wait(SignedDuration::from_hours(1));
    view(&mut browser, page("shoes"), false).await;
    // By a clock that is a day ahead: half an hour before it was sent.
    let mut old = page("jackets");
    old["timestamp"] = json!("2027-01-16T08:30:00Z");
    old["sentAt"] = json!("2027-01-16T09:00:00Z");
    view(&mut browser, old, false).await;
    assert_eq!(browser.attributes().await["RecommendedCategory"], "shoes");
}

#[tokio::test]
async fn an_enrich_request_cannot_say_what_the_context_is() {
    let app = app().await;
    let mut browser = veras_browser(&app).await;
    let path = format!("/v1/enrich?provider=amperity&key={PIPELINE}&pageCategory=shoes");
    let answer = browser.fetch("GET", &path, "").await;
    assert!(answer.json()["attributes"].get("RecommendedCategory").is_none());
    let told = app.sandbox.requests().iter().any(|it| format!("{:?}", it.query).contains("shoes"));
    assert!(!told);
}

#[tokio::test]
async fn past_so_many_contexts_a_minute_pages_get_the_plain_attributes() {
    let app = app_with("[server.cache]\ncontexts_per_minute = 3").await;
    let mut browser = veras_browser(&app).await;
    for n in 0..6 {
        view(&mut browser, page(&format!("category-{n}")), false).await;
        let shown = browser.attributes().await;
        assert_eq!(shown.get("RecommendedCategory").is_some(), n < 3, "{n}");
        assert_eq!(shown["Persona"], "Value Hunter");
    }
    assert_eq!(app.sandbox.hits(PROFILE), 3);
    app.surroundings.wait(SignedDuration::from_mins(1));
    assert!(browser.attributes().await.get("RecommendedCategory").is_some());
}

#[tokio::test]
async fn values_of_another_shape_or_over_their_cap_are_left_out() {
    let app = app().await;
    let mut browser = veras_browser(&app).await;
    let event = json!({"properties": {"category": ["shoes"], "value": "x".repeat(200)}});
    view(&mut browser, event, false).await;
    let shown = browser.attributes().await;
    assert!(shown.get("RecommendedCategory").is_none() && shown.get("Offer").is_none(), "{shown}");
}
