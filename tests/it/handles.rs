//! Handles: an event says whose it was when it happened.

use datafly_tests::{TestApp, TestConfig};
use jiff::SignedDuration;
use serde_json::json;

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

/// The one who left had agreed; whoever comes next has said nothing.
#[tokio::test]
async fn the_consent_of_such_a_log_in_does_not_count() {
    let pipeline = "consent.enrich = \"personalization\"";
    let app = TestApp::start_with(TestConfig { pipeline, ..TestConfig::default() }).await;
    let mut browser = app.browser();
    let handle = browser.page().await.json()["handle"].clone();
    browser.reset().await;
    app.surroundings.wait(SignedDuration::from_secs(1));
    let mut late = app.log_in("alice").await;
    late["handle"] = handle;
    late["context"] = json!({"consent": {"personalization": true}});
    assert_eq!(browser.identify(&late).await.status, 200);
    assert_eq!(browser.attributes().await, json!({}));
    assert_eq!(app.vendor_calls(), 0);
}
