//! Profiles for a site's own servers, the neutral path, and handles.

use data_encoding::HEXLOWER;
use datafly_tests::{Answer, PIPELINE, SERVER_KEY, TestApp, TestConfig};
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Sha256;

/// The test's clock at its start.
const NOW: i64 = 1_800_000_000;

async fn app() -> TestApp {
    let pipeline = "server_keys = [{ secret = { env = \"SERVER_KEY\" } }]";
    TestApp::start_with(TestConfig { pipeline, ..TestConfig::default() }).await
}

fn sign(text: &str) -> String {
    let key = Hmac::<Sha256>::new_from_slice(SERVER_KEY.as_bytes()).unwrap();
    format!("sha256={}", HEXLOWER.encode(&key.chain_update(text).finalize().into_bytes()))
}

async fn ask(app: &TestApp, body: &str, signature: &str) -> Answer {
    let timestamp = NOW.to_string();
    let headers = [
        ("content-type", "application/json"),
        ("x-timestamp", timestamp.as_str()),
        ("x-signature", signature),
    ];
    app.browser().send("POST", &format!("/v1/bootstrap?key={PIPELINE}"), &headers, body).await
}

async fn signed(app: &TestApp, body: &Value) -> Answer {
    let body = body.to_string();
    let text = format!("{NOW}\nPOST\n/v1/bootstrap\n{PIPELINE}\n{body}");
    ask(app, &body, &sign(&text)).await
}

#[tokio::test]
async fn what_a_signed_body_names_is_proven() {
    let app = app().await;
    let answer = signed(&app, &json!({"email": "alice@example.com"})).await;
    assert_eq!(answer.json()["profiles"]["amperity"]["Persona"], "Style Seeker");
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert!(answer.set_cookies().is_empty());
    let names: Vec<_> =
        answer.json()["profiles"]["amperity"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["FavoriteBrand", "LifetimeTier", "Persona"], "allowed ones only");
    let nobody = signed(&app, &json!({"userId": "nobody"})).await;
    assert_eq!(nobody.json(), json!({"profiles": {"amperity": {}}}));
    let none = signed(&app, &json!({"userId": "nobody", "providers": []})).await;
    assert_eq!(none.json(), json!({"profiles": {}}));
}

#[tokio::test]
async fn a_browser_s_id_is_looked_up_and_a_dead_one_is_not() {
    let app = app().await;
    let mut browser = app.browser();
    browser.page().await;
    let id = browser.visitor().unwrap();
    app.sandbox.link(&id, "vera").unwrap();
    let body = json!({"canonicalId": id});
    assert_eq!(signed(&app, &body).await.json()["profiles"]["amperity"]["Persona"], "Value Hunter");
    browser.reset().await;
    assert_eq!(signed(&app, &body).await.json()["profiles"]["amperity"], json!({}));
}

#[tokio::test]
async fn what_is_not_signed_for_this_very_request_is_refused() {
    let app = app().await;
    let body = r#"{"email":"alice@example.com"}"#;
    for text in [
        // Of `POST /v1/events`, of another pipeline, of another route, of another body.
        format!("{NOW}.{body}"),
        format!("{NOW}\nPOST\n/v1/bootstrap\ndk_test_other\n{body}"),
        format!("{NOW}\nPOST\n/v1/forget\n{PIPELINE}\n{body}"),
        format!("{NOW}\nPOST\n/v1/bootstrap\n{PIPELINE}\n{{}}"),
    ] {
        let answer = ask(&app, body, &sign(&text)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "SIGNATURE_REJECTED"));
    }
    assert_eq!(app.vendor_calls(), 0);
    let from_a_page = app.browser().fetch("POST", "/v1/bootstrap?key=dk_test_shop", body).await;
    assert_eq!(from_a_page.status, 403);
    let malformed = signed(&app, &json!({"emial": "alice@example.com"})).await;
    assert_eq!((malformed.status.as_u16(), malformed.code().as_str()), (400, "INVALID_BOOTSTRAP"));
}

#[tokio::test]
async fn the_answer_may_be_written_into_html_as_it_is() {
    let app = app().await;
    let mut browser = app.browser();
    browser.page().await;
    app.sandbox.link(&browser.visitor().unwrap(), "hostile").unwrap();
    let answer = signed(&app, &json!({"canonicalId": browser.visitor()})).await;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    for raw in ["<", ">", "&", "\u{2028}", "\u{2029}"] {
        assert!(!text.contains(raw), "{raw:?}");
    }
    assert_eq!(answer.json()["profiles"]["amperity"], browser.attributes().await);
}

#[tokio::test]
async fn everything_is_under_the_base_path_where_there_is_one() {
    let app = TestApp::start_with(TestConfig { base_path: "/df", ..TestConfig::default() }).await;
    let mut browser = app.browser();
    let key = format!("key={PIPELINE}");
    assert_eq!(browser.fetch("GET", &format!("/v1/loader.js?{key}"), "").await.status, 404);
    let loader = browser.fetch("GET", &format!("/df/v1/loader.js?{key}"), "").await;
    let script = String::from_utf8_lossy(&loader.body).into_owned();
    assert!(script.contains(r#""endpoint":"https://id.shop.test/df""#), "{script}");
    assert!(script.contains(r#""assets":"https://collect.shop.test/df/v1/assets/""#), "{script}");
    let page = browser.fetch("POST", &format!("/df/v1/p?{key}"), r#"{"type":"page"}"#).await;
    assert_eq!(page.status, 200);
    assert_eq!(browser.fetch("GET", "/df/v1/assets/sdk-1.js", "").await.status, 200);
}

/// An event that was queued before a log-out names who it was of, and changes nothing about who is there now.
#[tokio::test]
async fn a_queued_event_of_before_a_log_out_does_not_land_on_who_comes_next() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let handle = browser.identify(&app.log_in("alice").await).await.json()["handle"].clone();
    browser.reset().await;
    let version = browser.version();
    let mut late = app.log_in("alice").await;
    late["handle"] = handle;
    let answer = browser.identify(&late).await;
    assert_eq!(answer.json()["success"], true);
    assert_ne!(answer.json()["handle"], late["handle"], "the answer names who is there now");
    assert_eq!(browser.version(), version);
    assert_eq!(browser.attributes().await, json!({}));
    // One that names who is there counts.
    late["handle"] = answer.json()["handle"].clone();
    browser.identify(&late).await;
    assert_eq!(browser.attributes().await["Persona"], "Style Seeker");
    // One that this server did not write is nobody's.
    late["handle"] = json!("t.AAAA");
    assert_eq!(browser.identify(&late).await.status, 200);
}

/// A tab that has not heard of a log-out on another subdomain sends the handle of before it.
#[tokio::test]
async fn a_log_in_with_the_handle_of_before_a_log_out_counts() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let alice = app.log_in("alice").await;
    let handle = browser.identify(&alice).await.json()["handle"].clone();
    app.surroundings.wait(SignedDuration::from_secs(1));
    browser.reset().await;
    let mut late = alice;
    late["handle"] = handle.clone();
    browser.identify(&late).await;
    assert_eq!(browser.attributes().await, json!({}), "a token of before the log-out");
    app.surroundings.wait(SignedDuration::from_secs(1));
    let mut bob = app.log_in("bob").await;
    bob["handle"] = handle;
    browser.identify(&bob).await;
    assert_ne!(browser.attributes().await, json!({}), "a token of after it");
}
