//! A browser that has never been here.

use datafly_tests::{PIPELINE, TestApp, cookie_attributes};
use serde_json::json;

#[tokio::test]
async fn first_touch_is_empty_and_asks_no_vendor() {
    let app = TestApp::start().await;
    let answer = app.browser().enrich().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["provider"], "amperity");
    assert_eq!(answer.json()["attributes"], json!({}));
    assert_eq!(app.vendor_calls(), 0, "an id made in this request is never looked up");
}

#[tokio::test]
async fn the_cookies_are_as_designed() {
    let app = TestApp::start().await;
    let answer = app.browser().enrich().await;
    let cookies = answer.set_cookies();
    let [credential, copy] = cookies.as_slice() else { panic!("{cookies:?}") };
    assert!(credential.starts_with("__Host-dfk=1.t."));
    assert_eq!(
        cookie_attributes(credential),
        "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=34560000"
    );
    assert!(copy.starts_with("_dfid="));
    assert_eq!(
        cookie_attributes(copy),
        "HttpOnly; SameSite=Lax; Secure; Path=/; Domain=shop.test; Max-Age=34560000"
    );
}

#[tokio::test]
async fn cookies_are_set_when_new_when_the_version_changes_and_once_a_day() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    assert_eq!(browser.enrich().await.set_cookies().len(), 2, "new");
    assert_eq!(browser.enrich().await.set_cookies().len(), 0);
    let changed = browser.page().await.set_cookies();
    assert!(changed.len() == 1 && changed[0].starts_with("__Host-dfk="), "version 1: {changed:?}");
    assert_eq!(browser.page().await.set_cookies().len(), 0);
    app.surroundings.wait(jiff::SignedDuration::from_hours(25));
    assert_eq!(browser.enrich().await.set_cookies().len(), 0, "an answer that waits never renews");
    assert_eq!(browser.page().await.set_cookies().len(), 2, "the next day");
    assert_eq!(browser.page().await.set_cookies().len(), 0);
}

/// A beacon is no CORS request: an answer that only the same origin may read shows up as blocked in the
/// page's console.
#[tokio::test]
async fn an_accepted_event_s_answer_is_no_secret_and_a_profile_is() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let policy = "cross-origin-resource-policy";
    assert_eq!(browser.page().await.header(policy), "cross-origin");
    assert_eq!(browser.identify(&json!({"userId": "u"})).await.header(policy), "cross-origin");
    assert_eq!(browser.enrich().await.header(policy), "same-origin");
    assert_eq!(browser.reset().await.header(policy), "cross-origin");
}

#[tokio::test]
async fn one_visit_is_one_visitor() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let loader = format!("/v1/loader.js?key={PIPELINE}");
    browser.fetch("GET", &loader, "").await;
    let visitor = browser.visitor().unwrap();
    // What the SDK does after its first credentialed answer: everything at once.
    let calls = (0..12).map(|n| {
        let mut tab = browser.clone();
        tokio::spawn(async move {
            match n % 3 {
                0 => tab.enrich().await,
                1 => tab.page().await,
                _ => tab.identify(&json!({"userId": "u1"})).await,
            };
            tab.visitor()
        })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().as_ref(), Some(&visitor));
    }
    assert_eq!(app.surroundings.drawn(), 1, "one id was made");
}

#[tokio::test]
async fn a_server_s_client_gets_no_cookie_and_no_profile() {
    let app = TestApp::start().await;
    let mut server = app.browser();
    let enrich = format!("/v1/enrich?provider=amperity&key={PIPELINE}");
    let answer = server.send("GET", &enrich, &[], "").await;
    assert_eq!(answer.json()["attributes"], json!({}));
    let metrics = app.app.metrics.text(&app.app.engine, &app.app.guards).unwrap();
    assert!(metrics.contains(r#"source="no_identifier",personalised="off"} 1"#), "{metrics}");
    let json = [("content-type", "application/json")];
    let body = r#"{"event":"order","anonymousId":"a1","messageId":"m1"}"#;
    let answer = server.send("POST", &format!("/v1/t?key={PIPELINE}"), &json, body).await;
    assert_eq!(answer.json(), json!({"success": true}));
    let answer =
        server.send("POST", &format!("/v1/t?key={PIPELINE}"), &json, r#"{"event":"o"}"#).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "INVALID_EVENT"));
    assert!(server.cookies.is_empty());
    assert_eq!(app.surroundings.drawn(), 0);
}
