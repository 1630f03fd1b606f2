//! From a cookie to the attributes a page may see.

use std::time::Duration;

use datafly_sandbox::Fault;
use datafly_tests::{Browser, TestApp, TestConfig};
use jiff::SignedDuration;
use serde_json::{Value, json};

const LOOKUP: &str = "amperity.lookup.post";

/// A browser the vendor knows as Vera.
async fn veras_browser(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    browser.page().await;
    app.sandbox.link(&browser.visitor().unwrap(), "vera").unwrap();
    browser
}

#[tokio::test]
async fn a_linked_cookie_shows_the_allowed_attributes_and_no_more() {
    let app = TestApp::start().await;
    let mut browser = veras_browser(&app).await;
    let answer = browser.enrich().await;
    let attributes = answer.json()["attributes"].as_object().unwrap().clone();
    assert_eq!(attributes["Persona"], "Value Hunter");
    let names: Vec<_> = attributes.keys().map(String::as_str).collect();
    assert_eq!(names, ["FavoriteBrand", "LifetimeTier", "Persona"]);
    // Under `required` an anonymous visitor has the cookie only: one key, one call.
    assert_eq!(app.sandbox.hits(LOOKUP), 1);
    assert_eq!(app.vendor_calls(), 1);
}

#[tokio::test]
async fn a_visitor_s_answer_is_private_and_for_its_page_only() {
    let app = TestApp::start().await;
    let answer = veras_browser(&app).await.enrich().await;
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_eq!(answer.header("vary"), "Origin, Cookie, Sec-Fetch-Site, Sec-Fetch-Mode");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
    assert_eq!(answer.header("access-control-allow-origin"), "https://www.shop.test");
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn keys_are_tried_in_order_and_the_first_match_wins() {
    let app =
        TestApp::start_with(TestConfig { verification: "off", ..TestConfig::default() }).await;
    let mut browser = veras_browser(&app).await;
    // The e-mail comes first in the owner's order, and is Alice's.
    browser
        .identify(&json!({"userId": "nobody-knows", "traits": {"email": "alice@example.com"}}))
        .await;
    assert_eq!(browser.attributes().await["Persona"], "Style Seeker");
    assert_eq!(app.sandbox.hits(LOOKUP), 1);

    // An unknown e-mail and user id are passed over for the cookie.
    let mut browser = veras_browser(&app).await;
    browser
        .identify(&json!({"userId": "nobody-knows", "traits": {"email": "nobody@example.com"}}))
        .await;
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    assert_eq!(app.sandbox.hits(LOOKUP), 1 + 3);
    let sent: Vec<String> = app
        .sandbox
        .requests()
        .iter()
        .rev()
        .take(3)
        .map(|request| request.body["keys"].as_object().unwrap().keys().next().unwrap().clone())
        .collect();
    assert_eq!(sent, ["device_cookie", "customer_id", "email_sha256"]);
}

#[tokio::test]
async fn whatever_the_vendor_does_the_page_gets_200_and_an_empty_profile() {
    let app = TestApp::start().await;
    let mut browser = veras_browser(&app).await;
    for fault in [
        Fault::status(401),
        Fault::status(403),
        Fault::status(429).retry_after("5"),
        Fault::status(500),
        Fault::status(302),
        Fault::garbage(),
        Fault::cut_body(),
        Fault::huge_body(1 << 30),
        Fault::body(r#"{"profile_id":"p","attributes":[1]}"#),
        Fault::body(r#"{"profile_id":7}"#),
    ] {
        app.sandbox.fault(LOOKUP, None, fault.clone()).unwrap();
        assert_eq!(browser.attributes().await, json!({}), "{fault:?}");
        app.sandbox.clear_faults();
        // Past the pause that a vendor in trouble is granted.
        app.surroundings.wait(SignedDuration::from_mins(1));
    }
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter", "no failure is remembered");
}

#[tokio::test]
async fn a_hanging_vendor_is_left_in_time() {
    let app = TestApp::start().await;
    let mut browser = veras_browser(&app).await;
    app.sandbox.fault(LOOKUP, None, Fault::delay(Duration::from_mins(1))).unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(3), browser.attributes()).await;
    assert_eq!(answer.unwrap(), json!({}));
}

#[tokio::test]
async fn a_failing_key_is_not_replaced_by_a_lesser_one() {
    let app =
        TestApp::start_with(TestConfig { verification: "off", ..TestConfig::default() }).await;
    let mut browser = veras_browser(&app).await;
    browser.identify(&json!({"traits": {"email": "alice@example.com"}})).await;
    app.sandbox.fault(LOOKUP, None, Fault::status(503)).unwrap();
    assert_eq!(browser.attributes().await, json!({}));
    app.sandbox.clear_faults();
    // A key the collection does not have is the owner's mistake; the next one still counts.
    app.sandbox.set_linking_keys(["device_cookie"]);
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
}

/// The log-in and its redirect: the boot script waits 50 ms for the person's profile, and has the cookie's at hand.
#[tokio::test(start_paused = true)]
async fn a_key_that_is_still_asked_for_is_not_replaced_by_a_lesser_one() {
    let app = TestApp::start_in_virtual_time(&TestConfig::default());
    let mut browser = veras_browser(&app).await;
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    browser.identify(&app.log_in("alice").await).await;
    app.sandbox.fault(LOOKUP, Some(1), Fault::delay(Duration::from_millis(200))).unwrap();
    let loader = format!("/v1/loader.js?key={}", datafly_tests::PIPELINE);
    let script = browser.fetch("GET", &loader, "").await.all_bytes();
    assert!(script.contains(r#""profiles":{}"#), "left for the page to ask: {script}");
    assert_eq!(browser.attributes().await["Persona"], "Style Seeker");
    assert_eq!(app.vendor_calls(), 2);
}

/// What leads nowhere is no reason to wait: its turn is over, and the key that is waited for is shown stale.
#[tokio::test(start_paused = true)]
async fn a_key_that_is_waited_for_is_shown_as_it_was() {
    let app = TestApp::start_in_virtual_time(&TestConfig {
        verification: "off",
        ..TestConfig::default()
    });
    let mut browser = veras_browser(&app).await;
    browser.identify(&json!({"traits": {"email": "nobody@example.com"}})).await;
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    let slow = Fault::delay(Duration::from_secs(10));
    app.sandbox.fault("amperity.profile", None, slow).unwrap();
    app.sandbox
        .fault(LOOKUP, Some(1), Fault::status(404).after(Duration::from_millis(800)))
        .unwrap();
    app.surroundings.wait(SignedDuration::from_mins(1));
    assert_eq!(browser.refresh().await["Persona"], "Value Hunter");
    assert_eq!((app.sandbox.hits(LOOKUP), app.sandbox.hits("amperity.profile")), (3, 1));
}

/// One wrong entry of `linking_keys` costs a call in five minutes, and not one per page view.
#[tokio::test]
async fn a_key_the_collection_does_not_have_is_left_alone() {
    let app =
        TestApp::start_with(TestConfig { verification: "off", ..TestConfig::default() }).await;
    app.sandbox.set_linking_keys(["device_cookie"]);
    let seen = async |name: &str| {
        let mut browser = veras_browser(&app).await;
        browser.identify(&json!({"traits": {"email": format!("{name}@example.com")}})).await;
        for _ in 0..3 {
            assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
        }
    };
    seen("alice").await;
    assert_eq!(app.sandbox.hits(LOOKUP), 2, "the e-mail, refused, and the cookie");
    seen("bob").await;
    assert_eq!(app.sandbox.hits(LOOKUP), 3, "the other cookie only");
    app.surroundings.wait(SignedDuration::from_mins(5));
    seen("carol").await;
    assert_eq!(app.sandbox.hits(LOOKUP), 5, "tried again, as the owner may have mended it");
}

#[tokio::test]
async fn a_value_the_vendor_refuses_turns_no_key_off() {
    let app =
        TestApp::start_with(TestConfig { verification: "off", ..TestConfig::default() }).await;
    let mut alice = app.browser();
    alice.identify(&json!({"traits": {"email": "alice@example.com"}})).await;
    assert_eq!(alice.attributes().await["Persona"], "Style Seeker");
    app.sandbox.fault(LOOKUP, Some(1), Fault::status(400)).unwrap();
    let mut odd = veras_browser(&app).await;
    odd.identify(&json!({"traits": {"email": "odd@example.com"}})).await;
    assert_eq!(odd.attributes().await["Persona"], "Value Hunter");
    let mut bob = app.browser();
    bob.identify(&json!({"traits": {"email": "bob@example.com"}})).await;
    assert_ne!(bob.attributes().await, json!({}));
    assert_eq!(app.sandbox.hits(LOOKUP), 1 + 2 + 1);
}

#[tokio::test]
async fn without_an_allowlist_nothing_is_asked() {
    let app = TestApp::start_with(TestConfig { allowlist: "", ..TestConfig::default() }).await;
    let mut browser = veras_browser(&app).await;
    assert_eq!(browser.attributes().await, json!({}));
    assert_eq!(app.vendor_calls(), 0);
}

#[tokio::test]
async fn hostile_values_are_data() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    browser.page().await;
    app.sandbox.link(&browser.visitor().unwrap(), "hostile").unwrap();
    let answer = browser.enrich().await;
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.json()["attributes"]["Persona"], Value::from("x\");alert(1);(\""));
}
