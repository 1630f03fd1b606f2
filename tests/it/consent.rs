//! Look-ups that wait for consent, and what a withdrawal takes away.

use datafly_tests::{Answer, Browser, PIPELINE, TestApp, TestConfig};
use serde_json::{Value, json};

async fn app() -> TestApp {
    let pipeline = "consent.enrich = \"personalization\"";
    TestApp::start_with(TestConfig { pipeline, ..TestConfig::default() }).await
}

async fn consent(browser: &mut Browser, state: Value) -> Answer {
    browser.fetch("POST", &format!("/v1/consent?key={PIPELINE}"), &state.to_string()).await
}

#[tokio::test]
async fn without_consent_nobody_is_looked_up() {
    let app = app().await;
    let mut browser = app.browser_of("vera").await;
    assert_eq!(browser.attributes().await, json!({}));
    for state in [json!({}), json!({"analytics": true}), json!({"personalization": false})] {
        assert_eq!(consent(&mut browser, state.clone()).await.status, 200);
        assert_eq!(browser.attributes().await, json!({}), "{state}");
    }
    assert_eq!(app.vendor_calls(), 0);
    let before = browser.version();
    consent(&mut browser, json!({"personalization": true})).await;
    assert_eq!(browser.version(), before.map(|version| version + 1), "a new version");
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
}

#[tokio::test]
async fn a_withdrawal_empties_the_answer_and_the_cache() {
    let app = app().await;
    let mut browser = app.browser_of("vera").await;
    consent(&mut browser, json!({"personalization": true})).await;
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    consent(&mut browser, json!({"personalization": false})).await;
    assert_eq!(browser.attributes().await, json!({}));
    assert_eq!(app.vendor_calls(), 1);
    let filled = app.app.engine.caches().filled();
    assert!(filled.iter().all(|cache| cache.entries == 0), "{filled:?}");
    consent(&mut browser, json!({"personalization": true})).await;
    browser.attributes().await;
    assert_eq!(app.vendor_calls(), 2, "asked anew, not remembered");
}

#[tokio::test]
async fn an_event_says_it_as_well() {
    let app = app().await;
    let mut browser = app.browser_of("vera").await;
    let path = format!("/v1/t?key={PIPELINE}");
    let body = |granted: bool| {
        let consent = json!({"categories": {"C0004": true}, "personalization": granted});
        json!({"event": "e", "context": {"consent": consent}}).to_string()
    };
    browser.fetch("POST", &path, &body(true)).await;
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    browser.fetch("POST", &path, &body(false)).await;
    assert_eq!(browser.attributes().await, json!({}));
    // An event that says nothing of it changes nothing.
    browser.page().await;
    assert_eq!(browser.attributes().await, json!({}));
    assert_eq!(app.vendor_calls(), 1);
}

#[tokio::test]
async fn what_is_no_consent_is_refused_by_field() {
    let app = app().await;
    let answer = consent(&mut app.browser(), json!({"analytics": "yes"})).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "INVALID_CONSENT"));
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("analytics"));
    let path = format!("/v1/consent?key={PIPELINE}");
    for broken in ["", "{", "[]", "yes"] {
        let answer = app.browser().fetch("POST", &path, broken).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "INVALID_CONSENT"));
    }
}

/// It has no cookie, so there is nobody whose data it could mean; an answer of success would be a promise.
#[tokio::test]
async fn a_server_s_client_is_told_that_nothing_was_done() {
    let app = app().await;
    for route in ["consent", "forget", "reset"] {
        let headers = [("content-type", "application/json")];
        let path = format!("/v1/{route}?key={PIPELINE}");
        let answer = app.browser().send("POST", &path, &headers, "{}").await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "NO_BROWSER"));
    }
}

#[tokio::test]
async fn forgetting_a_browser_leaves_nothing_to_find() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    browser.identify(&app.log_in("alice").await).await;
    assert_eq!(browser.attributes().await["Persona"], "Style Seeker");
    let mut late = browser.clone();
    let answer = browser.fetch("POST", &format!("/v1/forget?key={PIPELINE}"), "").await;
    assert_eq!(answer.status, 200);
    let cookies = answer.set_cookies();
    assert_eq!(cookies.len(), 2);
    assert!(cookies.iter().all(|cookie| cookie.contains("Max-Age=0")), "{cookies:?}");
    let filled = app.app.engine.caches().filled();
    assert!(filled.iter().all(|cache| cache.entries == 0), "{filled:?}");
    // A tab that still has the old cookie on its way is somebody new.
    assert_eq!(late.attributes().await, json!({}));
}

/// Another tab asks while the forgetting is being written.
#[tokio::test]
async fn what_another_tab_leaves_meanwhile_is_forgotten_too() {
    let app = app().await;
    let mut browser = app.browser_of("vera").await;
    let (id, key) = (browser.visitor().unwrap().parse().unwrap(), PIPELINE.parse().unwrap());
    let mut tab = browser.clone();
    let path = format!("/v1/forget?key={PIPELINE}");
    let (answer, _) = tokio::join!(browser.fetch("POST", &path, ""), tab.enrich());
    assert_eq!(answer.status, 200);
    assert_eq!(app.app.decisions.of(&key, id), []);
}
