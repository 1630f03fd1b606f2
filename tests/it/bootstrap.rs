//! Profiles for a site's own servers.

use datafly_tests::signed::{bootstrap, bootstrap_as, sign, text_of_bootstrap};
use datafly_tests::{Browser, PIPELINE, TestApp, TestConfig};
use serde_json::{Value, json};

async fn app() -> TestApp {
    let pipeline = "server_keys = [{ secret = { env = \"SERVER_KEY\" } }]";
    TestApp::start_with(TestConfig { pipeline, ..TestConfig::default() }).await
}

#[tokio::test]
async fn what_a_signed_body_names_is_proven() {
    let app = app().await;
    let answer = bootstrap(&app, &json!({"email": "alice@example.com"})).await;
    assert_eq!(answer.json()["profiles"]["amperity"]["Persona"], "Style Seeker");
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert!(answer.set_cookies().is_empty());
    let names: Vec<_> =
        answer.json()["profiles"]["amperity"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["FavoriteBrand", "LifetimeTier", "Persona"], "allowed ones only");
    let nobody = bootstrap(&app, &json!({"userId": "nobody"})).await;
    assert_eq!(nobody.json(), json!({"profiles": {"amperity": {}}}));
    let none = bootstrap(&app, &json!({"userId": "nobody", "providers": []})).await;
    assert_eq!(none.json(), json!({"profiles": {}}));
    let metrics = app.app.metrics.text(&app.app.engine, &app.app.guards).unwrap();
    assert!(metrics.contains(r#"source="vendor",personalised="off"}"#), "{metrics}");
}

#[tokio::test]
async fn a_browser_s_id_is_looked_up_and_a_dead_one_is_not() {
    let app = app().await;
    let mut browser = app.browser_of("vera").await;
    let id = browser.visitor();
    let body = json!({"canonicalId": id});
    assert_eq!(
        bootstrap(&app, &body).await.json()["profiles"]["amperity"]["Persona"],
        "Value Hunter"
    );
    browser.reset().await;
    assert_eq!(bootstrap(&app, &body).await.json()["profiles"]["amperity"], json!({}));
    // What else the site says of its visitor is as proven as before.
    let body = json!({"canonicalId": id, "email": "alice@example.com"});
    assert_eq!(
        bootstrap(&app, &body).await.json()["profiles"]["amperity"]["Persona"],
        "Style Seeker"
    );
}

#[tokio::test]
async fn what_is_not_signed_for_this_very_request_is_refused() {
    let app = app().await;
    let body = r#"{"email":"alice@example.com"}"#;
    for text in [
        // Of `POST /v1/events`, of another pipeline, of another route, of another body.
        format!("1800000000.{body}"),
        text_of_bootstrap(&app, body).replace(PIPELINE, "dk_test_other"),
        text_of_bootstrap(&app, body).replace("bootstrap", "forget"),
        text_of_bootstrap(&app, "{}"),
    ] {
        let answer = bootstrap_as(&app, body, &sign(&text)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "SIGNATURE_REJECTED"));
    }
    assert_eq!(app.vendor_calls(), 0);
    let from_a_page = app.browser().fetch("POST", "/v1/bootstrap?key=dk_test_shop", body).await;
    assert_eq!(from_a_page.status, 403);
    let malformed = bootstrap(&app, &json!({"emial": "alice@example.com"})).await;
    assert_eq!((malformed.status.as_u16(), malformed.code().as_str()), (400, "INVALID_BOOTSTRAP"));
}

#[tokio::test]
async fn the_answer_may_be_written_into_html_as_it_is() {
    let app = app().await;
    let mut browser = app.browser_of("hostile").await;
    let answer = bootstrap(&app, &json!({"canonicalId": browser.visitor()})).await;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    for raw in ["<", ">", "&", "\u{2028}", "\u{2029}"] {
        assert!(!text.contains(raw), "{raw:?}");
    }
    assert_eq!(answer.json()["profiles"]["amperity"], browser.attributes().await);
}

/// What the site's server says of consent is for who has not said anything in the browser.
#[tokio::test]
async fn a_withdrawal_in_the_browser_counts_before_what_the_server_states() {
    let pipeline = "server_keys = [{ secret = { env = \"SERVER_KEY\" } }]\n\
                    consent.enrich = \"personalization\"";
    let app = TestApp::start_with(TestConfig { pipeline, ..TestConfig::default() }).await;
    let mut browser = app.browser_of("vera").await;
    let shown = async |granted: bool, id: Option<String>| {
        let body = json!({"canonicalId": id, "consent": {"personalization": granted}});
        bootstrap(&app, &body).await.json()["profiles"]["amperity"]["Persona"].clone()
    };
    assert_eq!(shown(false, browser.visitor()).await, Value::Null);
    assert_eq!(app.vendor_calls(), 0);
    assert_eq!(shown(true, browser.visitor()).await, "Value Hunter");
    assert_eq!(app.vendor_calls(), 1);
    consent(&mut browser, false).await;
    assert_eq!(shown(true, browser.visitor()).await, Value::Null);
    assert_eq!(app.vendor_calls(), 1);
    consent(&mut browser, true).await;
    assert_eq!(shown(false, browser.visitor()).await, "Value Hunter");
}

async fn consent(browser: &mut Browser, granted: bool) {
    let state = json!({ "personalization": granted }).to_string();
    let path = format!("/v1/consent?key={PIPELINE}");
    assert_eq!(browser.fetch("POST", &path, &state).await.status, 200);
}

/// One address asks for everybody.
#[tokio::test]
async fn a_site_s_server_is_not_limited_as_one_person_is() {
    let mut app = TestApp::start_with(TestConfig {
        pipeline: "server_keys = [{ secret = { env = \"SERVER_KEY\" } }]",
        server: "[server.limits]\naddress_per_minute = 2\npipeline_per_second = 5",
        ..TestConfig::default()
    })
    .await;
    app.edge = app.edge.for_peer(([192, 0, 2, 7], 1).into());
    for n in 0..5 {
        bootstrap(&app, &json!({"email": format!("{n}@example.com")})).await;
    }
    assert_eq!(app.vendor_calls(), 5);
    bootstrap(&app, &json!({"email": "6@example.com"})).await;
    assert_eq!(app.vendor_calls(), 5, "the pipeline's limit holds");
}

#[tokio::test]
async fn a_provider_is_named_once() {
    let app = app().await;
    let body = json!({"email": "alice@example.com", "providers": ["amperity", "amperity"]});
    let answer = bootstrap(&app, &body).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "DOUBLED_PARAMETER"));
    let path = format!("/v1/p?key={PIPELINE}&enrich=amperity,%20amperity");
    let answer = app.browser().fetch("POST", &path, "{}").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "DOUBLED_PARAMETER"));
    assert_eq!(app.surroundings.drawn(), 0, "no visitor was made");
    assert_eq!(app.vendor_calls(), 0);
}
