//! Personalisation by what the visitor is doing.

use std::time::Duration;

use datafly_sandbox::Fault;
use datafly_tests::{Browser, PIPELINE, TestApp, TestConfig, while_time_stands};
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

#[tokio::test(start_paused = true)]
async fn a_personalised_read_under_way_does_not_outlive_a_forgetting() {
    let app =
        TestApp::start_in_virtual_time(&TestConfig { integration: ON, ..TestConfig::default() });
    let mut browser = veras_browser(&app).await;
    view(&mut browser, page("shoes"), false).await;
    app.sandbox.fault(PROFILE, Some(1), Fault::delay(Duration::from_millis(500))).unwrap();
    let mut tab = browser.clone();
    let waiting = tokio::spawn(async move { tab.attributes().await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let forget = format!("/v1/forget?key={PIPELINE}");
    while_time_stands(browser.fetch("POST", &forget, "")).await;
    assert_eq!(waiting.await.unwrap(), json!({}));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let filled = app.app.engine.caches().filled();
    assert!(filled.iter().all(|cache| cache.entries == 0), "{filled:?}");
    assert_eq!((app.vendor_calls(), app.sandbox.hits(PROFILE)), (2, 1));
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
    let mut last = None;
    for (n, customer) in ["vera", "alice", "bob", "vera", "alice"].into_iter().enumerate() {
        let mut browser = app.browser();
        browser.page().await;
        app.sandbox.link(&browser.visitor().unwrap(), customer).unwrap();
        view(&mut browser, page(&format!("category-{n}")), false).await;
        let shown = browser.attributes().await;
        assert_eq!(shown.get("RecommendedCategory").is_some(), n < 3, "{n}");
        assert!(shown["Persona"].is_string(), "{n}");
        last = Some(browser);
    }
    assert_eq!(app.sandbox.hits(PROFILE), 3);
    app.surroundings.wait(SignedDuration::from_mins(1));
    assert!(last.unwrap().attributes().await.get("RecommendedCategory").is_some());
}

/// A page that makes contexts up uses up its own share.
#[tokio::test]
async fn one_visitor_cannot_switch_personalisation_off_for_all() {
    let app = app_with("[server.cache]\ncontexts_per_minute = 20").await;
    let mut vera = veras_browser(&app).await;
    for n in 0..30 {
        view(&mut vera, page(&format!("made-up-{n}")), false).await;
        assert_eq!(vera.attributes().await.get("RecommendedCategory").is_some(), n < 2, "{n}");
    }
    assert_eq!(app.sandbox.hits(PROFILE), 2);
    let mut alice = app.browser();
    alice.page().await;
    app.sandbox.link(&alice.visitor().unwrap(), "alice").unwrap();
    view(&mut alice, page("shoes"), false).await;
    assert_eq!(alice.attributes().await["RecommendedCategory"], "shoes");
    assert_eq!(app.sandbox.hits(PROFILE), 3);
}

#[tokio::test(start_paused = true)]
async fn a_cold_burst_in_a_context_is_one_call_for_it() {
    let server = "[server.limits]\nvisitor_per_minute = 1000000\npipeline_per_second = 1000000";
    let config = TestConfig { integration: ON, server, ..TestConfig::default() };
    let app = TestApp::start_in_virtual_time(&config);
    let mut browser = veras_browser(&app).await;
    view(&mut browser, page("shoes"), false).await;
    for route in ["amperity.lookup.post", PROFILE] {
        app.sandbox.fault(route, Some(1), Fault::delay(Duration::from_millis(300))).unwrap();
    }
    let requests = (0..5_000).map(|_| {
        let mut tab = browser.clone();
        tokio::spawn(async move { tab.attributes().await })
    });
    for answer in requests.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap()["Persona"], "Value Hunter");
    }
    assert_eq!((app.vendor_calls(), app.sandbox.hits(PROFILE)), (2, 1));
}

/// How context travels is documented by no vendor: one that does not take it fails no other call.
#[tokio::test(start_paused = true)]
async fn a_context_the_vendor_refuses_costs_the_plain_attributes_nothing() {
    let app =
        TestApp::start_in_virtual_time(&TestConfig { integration: ON, ..TestConfig::default() });
    app.sandbox.fault(PROFILE, None, Fault::status(400)).unwrap();
    let mut browser = veras_browser(&app).await;
    for n in 0..8 {
        view(&mut browser, page(&format!("category-{n}")), false).await;
        for _ in 0..3 {
            assert_eq!(browser.attributes().await["Persona"], "Value Hunter", "{n}");
        }
    }
    assert_eq!(app.sandbox.hits(PROFILE), 8, "one for each context");
    let mut other = veras_browser(&app).await;
    assert_eq!(other.attributes().await["Persona"], "Value Hunter", "the account is not given up");
    // The other one's context is the tier alone.
    assert_eq!((app.sandbox.hits("amperity.lookup.post"), app.sandbox.hits(PROFILE)), (2, 9));
    app.surroundings.wait(SignedDuration::from_mins(2));
    browser.attributes().await;
    assert_eq!(app.sandbox.hits(PROFILE), 10, "asked again, as for any other");
}

/// The plain read tells whether it is the profile that is gone.
#[tokio::test(start_paused = true)]
async fn a_personalised_read_that_finds_nothing_is_followed_up_once() {
    let app =
        TestApp::start_in_virtual_time(&TestConfig { integration: ON, ..TestConfig::default() });
    let (lookup, mut browser) = ("amperity.lookup.post", veras_browser(&app).await);
    let hits = || (app.sandbox.hits(lookup), app.sandbox.hits(PROFILE));
    let views = async |browser: &mut Browser, persona: &str| {
        for _ in 0..3 {
            assert_eq!(browser.attributes().await["Persona"], persona);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    // There is none for this context.
    view(&mut browser, page("shoes"), false).await;
    app.sandbox.fault(PROFILE, Some(1), Fault::status(404)).unwrap();
    views(&mut browser, "Value Hunter").await;
    assert_eq!(hits(), (1, 2));
    // There is none at all: it has been merged into another one.
    app.surroundings.wait(SignedDuration::from_secs(30));
    view(&mut browser, page("jackets"), false).await;
    app.sandbox.fault(PROFILE, Some(2), Fault::status(404)).unwrap();
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(hits(), (1, 4));
    app.sandbox.link(&browser.visitor().unwrap(), "alice").unwrap();
    views(&mut browser, "Style Seeker").await;
    assert_eq!(hits(), (2, 5), "looked up anew, and personalised anew");
}

/// What is shown of a personalised map has the plain one in it, and is memory as well.
#[tokio::test]
async fn the_memory_bound_counts_what_is_shown() {
    let app = app().await;
    let mut browser = veras_browser(&app).await;
    let long = json!({"profile_id": "p", "attributes": {"Persona": "x".repeat(5_000)}});
    let short = json!({"profile_id": "p", "attributes": {"Offer": "o"}});
    app.sandbox.fault("amperity.lookup.post", Some(1), Fault::body(long.to_string())).unwrap();
    app.sandbox.fault(PROFILE, Some(1), Fault::body(short.to_string())).unwrap();
    view(&mut browser, page("shoes"), false).await;
    let shown = browser.attributes().await;
    assert_eq!(shown["Persona"].as_str().map(str::len), Some(5_000));
    assert_eq!(shown["Offer"], "o");
    let personalised = app.app.engine.caches().filled()[2];
    assert_eq!((personalised.cache, personalised.entries), ("personalised", 1));
    assert!(shown.to_string().len() as u64 <= personalised.bytes, "{personalised:?}");
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

#[tokio::test]
async fn a_mapping_that_differs_with_every_event_is_advised_against() {
    let integration = r#"context_sensitive_personalisation = true
personalisation_context_mappings = '[{"source": "properties.order_id", "target": "order"}]'"#;
    let app = TestApp::start_with(TestConfig { integration, ..TestConfig::default() }).await;
    let advice = datafly_server::advice::of(&app.app.configured());
    let said: Vec<_> = advice.iter().filter(|it| it.text.contains("properties.order_id")).collect();
    assert_eq!(said.len(), 1, "{advice:?}");
    let key = "pipelines[dk_test_shop].amperity.personalisation_context_mappings";
    assert_eq!(said[0].key, key);
    assert_eq!(app.vendor_calls(), 0);
}
