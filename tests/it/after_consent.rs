//! `cookie = "after_consent"`: until a visitor has allowed it there is no cookie, no record and no look-up, and
//! afterwards nothing of the time before.

use datafly_tests::signed::bootstrap;
use datafly_tests::{Answer, Browser, PIPELINE, TestApp, TestConfig};
use jiff::SignedDuration;
use serde_json::{Value, json};

const GRANT: &str = r#"{"functional":true}"#;
const DENY: &str = r#"{"functional":false}"#;

const ASKING: &str = "cookie = \"after_consent\"\nconsent.cookie = \"functional\"\n\
                      server_keys = [{ secret = { env = \"SERVER_KEY\" } }]";

fn config() -> TestConfig {
    TestConfig { pipeline: ASKING, ..TestConfig::default() }
}

async fn app() -> TestApp {
    TestApp::start_with(config()).await
}

async fn consent(browser: &mut Browser, state: &str) -> Answer {
    let answer = browser.fetch("POST", &format!("/v1/consent?key={PIPELINE}"), state).await;
    assert_eq!(answer.status, 200);
    answer
}

async fn loader(browser: &mut Browser) -> Answer {
    browser.fetch("GET", &format!("/v1/loader.js?key={PIPELINE}"), "").await
}

/// How many records there are. It takes them away.
async fn records(app: &TestApp) -> usize {
    app.surroundings.wait(SignedDuration::from_hours(401 * 24));
    app.app.visitors.sweep().await.unwrap()
}

/// A browser that has allowed it, whose id the vendor knows as that customer's.
async fn allowed(app: &TestApp, customer: &str) -> Browser {
    let mut browser = app.browser();
    consent(&mut browser, GRANT).await;
    app.sandbox.link(&browser.visitor().unwrap(), customer).unwrap();
    browser
}

#[tokio::test]
async fn until_it_is_allowed_nothing_is_set_stored_or_asked() {
    let app = app().await;
    let mut browser = app.browser();
    let alice = app.log_in("alice").await;
    for _ in 0..2 {
        let loader = loader(&mut browser).await;
        assert!(loader.all_bytes().contains(r#""profiles":{"amperity":{}},"handle":"-""#));
        let enrich = browser.enrich().await;
        assert_eq!(enrich.json()["attributes"], json!({}));
        let event = browser.page().await;
        let identify = browser.identify(&alice).await;
        let denial = consent(&mut browser, DENY).await;
        let other = consent(&mut browser, r#"{"analytics":true,"marketing":true}"#).await;
        let reset = browser.reset().await;
        for answer in [&enrich, &event, &identify, &denial, &other, &reset] {
            assert_eq!(answer.status, 200);
            assert_eq!(answer.json()["handle"], "-");
        }
        let carried = format!("/v1/p?key={PIPELINE}&enrich=amperity");
        let carried = browser.fetch("POST", &carried, r#"{"type":"page"}"#).await;
        assert_eq!(carried.json()["profiles"], json!({"amperity": {}}));
        let forget = browser.fetch("POST", &format!("/v1/forget?key={PIPELINE}"), "").await;
        assert_eq!(forget.status, 200);
    }
    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    assert_eq!(app.vendor_calls(), 0);
    let metrics = app.app.metrics.text(&app.app.engine, &app.app.guards).unwrap();
    assert!(metrics.contains(r#"source="no_consent""#), "{metrics}");
    assert_eq!(records(&app).await, 0);
}

#[tokio::test]
async fn from_then_on_there_is_a_visitor() {
    let app = app().await;
    let mut browser = allowed(&app, "vera").await;
    assert_eq!(browser.cookies.len(), 2);
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    let id = browser.visitor();
    let event = browser.page().await;
    assert_ne!(event.json()["handle"], "-");
    assert!(loader(&mut browser).await.all_bytes().contains("Value Hunter"));
    assert_eq!(browser.visitor(), id);
    let asked = json!({"canonicalId": id});
    let answer = bootstrap(&app, &asked).await.json();
    assert_eq!(answer["profiles"]["amperity"]["Persona"], "Value Hunter");
    assert_eq!(records(&app).await, 1);
}

#[tokio::test]
async fn an_event_that_says_it_is_enough() {
    let app = app().await;
    let mut browser = app.browser();
    let path = format!("/v1/i?key={PIPELINE}");
    let mut event = app.log_in("alice").await;
    event["context"] = json!({"consent": {"functional": true}});
    let answer = browser.fetch("POST", &path, &event.to_string()).await;
    assert_ne!(answer.json()["handle"], "-");
    assert_eq!(browser.attributes().await["Persona"], "Style Seeker");
    event["context"] = json!({"consent": {"functional": false}});
    let answer = browser.fetch("POST", &path, &event.to_string()).await;
    assert_eq!(answer.json()["handle"], "-");
    assert!(browser.cookies.is_empty());
    assert_eq!(browser.attributes().await, json!({}));
}

#[tokio::test]
async fn taken_back_it_leaves_nobody() {
    let app = app().await;
    let mut browser = allowed(&app, "vera").await;
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    let mut tab = browser.clone();
    let (id, key) = (browser.visitor().unwrap(), PIPELINE.parse().unwrap());
    let answer = consent(&mut browser, DENY).await;
    assert_eq!(answer.json()["handle"], "-");
    assert!(answer.set_cookies().iter().all(|cookie| cookie.contains("Max-Age=0")));
    assert!(browser.cookies.is_empty());
    let filled = app.app.engine.caches().filled();
    assert!(filled.iter().all(|cache| cache.entries == 0), "{filled:?}");
    assert_eq!(app.app.decisions.of(&key, id.parse().unwrap()), []);
    // Another tab still has the cookie on its way; an answer that may be late takes nothing away.
    let enrich = tab.enrich().await;
    assert_eq!((enrich.json()["attributes"].clone(), enrich.set_cookies()), (json!({}), vec![]));
    tab.page().await;
    assert!(tab.cookies.is_empty());
    let answer = bootstrap(&app, &json!({"canonicalId": id})).await.json();
    assert_eq!(answer["profiles"]["amperity"], json!({}));
    // Allowed again it is somebody else.
    consent(&mut browser, GRANT).await;
    assert_ne!(browser.visitor().unwrap(), id);
    assert_eq!(browser.attributes().await, json!({}));
}

#[tokio::test]
async fn a_log_out_or_somebody_else_has_allowed_nothing_yet() {
    let app = app().await;
    let mut browser = app.browser();
    consent(&mut browser, GRANT).await;
    browser.identify(&app.log_in("alice").await).await;
    assert_eq!(browser.attributes().await["Persona"], "Style Seeker");
    let mut other = browser.clone();
    assert_eq!(browser.reset().await.json()["handle"], "-");
    assert!(browser.cookies.is_empty());

    consent(&mut other, GRANT).await;
    other.identify(&app.log_in("alice").await).await;
    assert_eq!(other.identify(&app.log_in("bob").await).await.json()["handle"], "-");
    assert!(other.cookies.is_empty());
    assert_eq!(other.attributes().await, json!({}));
}

#[tokio::test]
async fn an_event_from_before_stays_nobodys() {
    let app = app().await;
    let mut browser = app.browser();
    consent(&mut browser, GRANT).await;
    let version = browser.version();
    let mut late = app.log_in("alice").await;
    late["handle"] = json!("-");
    browser.identify(&late).await;
    assert_eq!(browser.version(), version);
    assert_eq!(browser.attributes().await, json!({}));
}

/// The owner asks from today on.
#[tokio::test]
async fn who_was_here_before_is_asked_too() {
    let app = TestApp::start().await;
    let mut browser = app.browser_of("vera").await;
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    let id = browser.visitor();
    app.reconfigure(&config());
    assert_eq!(browser.attributes().await, json!({}));
    assert_eq!(browser.visitor(), id, "an enrich may be late");
    let answer = bootstrap(&app, &json!({"canonicalId": id})).await.json();
    assert_eq!(answer["profiles"]["amperity"], json!({}));
    browser.page().await;
    assert!(browser.cookies.is_empty());
    consent(&mut browser, GRANT).await;
    assert!(browser.visitor().is_some() && browser.visitor() != id);
}

/// A look-up may need another category than the cookie.
#[tokio::test]
async fn two_categories_are_two_questions() {
    let pipeline =
        "cookie = \"after_consent\"\nconsent = { cookie = \"functional\", enrich = \"C0004\" }";
    let app = TestApp::start_with(TestConfig { pipeline, ..TestConfig::default() }).await;
    let mut browser = allowed(&app, "vera").await;
    assert_eq!(browser.attributes().await, json!({}));
    let script = loader(&mut browser).await.all_bytes();
    assert!(script.contains(r#""consent":["functional","C0004"]"#), "{script}");
    let both: Value = json!({"functional": true, "categories": {"C0004": true}});
    consent(&mut browser, &both.to_string()).await;
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
}
