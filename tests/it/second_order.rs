//! The leak that goes around by the vendor: a page names another person in an event, the vendor links that person
//! to the page's cookie, and the next look-up by the cookie brings the person's attributes.

use datafly_tests::{Browser, PIPELINE, SITE, TestApp, TestConfig};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

/// Every name under which Alice might be found, with what finds her.
fn alice(id: &Value) -> Map<String, Value> {
    let email = "alice@example.com";
    let hash = "ff8d9819fc0e12bf0d24892e45987e249a28dce836a85cad60e28eaaa8c6d976";
    let fields = json!({
        "user_id": id, "userId": id, "USER_ID": id, "email": email, "Email": email, "email_sha256": hash,
        "phone": "+15550100", "amperity_id": "x", "customer_id": id, "account_id": id, "device_cookie": "x",
        "cookieid": "x",
    });
    fields.as_object().unwrap().clone()
}

/// Events that say so in every place an event has.
fn claims(id: &Value) -> Vec<(&'static str, Value)> {
    let her = alice(id);
    let nested = json!({"user": her, "user_data": {"em": "x"}, "list": [her], "a.b": her, "properties": her});
    vec![
        ("i", json!({"userId": id, "traits": her})),
        ("i", json!({"traits": {"email": "alice@example.com"}})),
        ("p", json!({"properties": her, "context": {"traits": her, "user_id": id}})),
        ("t", json!({"event": "purchase", "userId": id, "properties": nested})),
        (
            "t",
            json!({"event": "custom", "properties": {"visitor": {"user_id": id}, "partner_attrs": {"amperity": her}}}),
        ),
        (
            "t",
            json!({"event": "custom", "visitor": {"user_id": id}, "partnerAttrs": her, "identifiers": her}),
        ),
        (
            "t",
            json!({"event": "custom", "anonymousId": id, "context": {"externalIds": [her], "consent": {"categories": {"user_id": true}}}}),
        ),
        ("g", json!({"groupId": id, "userId": id, "traits": her})),
        ("alias", json!({"userId": id, "previousId": id, "traits": her})),
    ]
}

async fn attack(app: &TestApp, browser: &mut Browser, id: &Value) {
    let key = format!("key={PIPELINE}");
    let mut batch = Vec::new();
    for (route, mut event) in claims(id) {
        let answer = browser.fetch("POST", &format!("/v1/{route}?{key}"), &event.to_string()).await;
        assert_eq!(answer.status, 200, "{event}");
        let kind = match route {
            "i" => "identify",
            "p" => "page",
            "t" => "track",
            "g" => "group",
            other => other,
        };
        event["type"] = json!(kind);
        batch.push(event);
    }
    let batch = json!({"batch": batch}).to_string();
    assert_eq!(browser.fetch("POST", &format!("/v1/batch?{key}"), &batch).await.status, 200);
    let pixel = format!(
        "/v1/pixel/track?{key}&e=x&uid={}&t.email=alice%40example.com&p.user_id={}",
        id.as_str().unwrap(),
        id.as_str().unwrap()
    );
    let headers = [("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "same-site")];
    assert_eq!(browser.send("GET", &pixel, &headers, "").await.status, 200);
    // As a server that knows the cookie's id.
    let visitor = browser.visitor().unwrap();
    let event = json!({"event": "x", "anonymousId": visitor, "userId": id, "properties": {"cookieid": visitor}});
    let json = [("content-type", "application/json")];
    let path = format!("/v1/t?{key}");
    assert_eq!(app.browser().send("POST", &path, &json, &event.to_string()).await.status, 200);
    // And as another client, on a page.
    let bearer = format!("Bearer {PIPELINE}");
    let headers = [("origin", SITE), ("content-type", "text/plain"), ("authorization", &*bearer)];
    assert_eq!(app.browser().send("POST", "/v1/t", &headers, &event.to_string()).await.status, 200);
}

/// What the page is shown in the days after.
async fn shown_later(app: &TestApp, browser: &mut Browser, events: usize) -> Vec<Value> {
    app.taken(events).await;
    let mut shown = Vec::new();
    for _ in 0..12 {
        app.sandbox.apply_pending();
        app.surroundings.wait(SignedDuration::from_hours(6));
        shown.push(browser.refresh().await);
        browser.page().await;
    }
    shown
}

async fn of(verification: &'static str) -> Vec<Value> {
    let app = TestApp::start_with(TestConfig { verification, ..TestConfig::default() }).await;
    let _delivering = app.deliver();
    let mut browser = app.browser();
    browser.page().await;
    let id = app.log_in("alice").await["userId"].clone();
    attack(&app, &mut browser, &id).await;
    let events = 1 + 2 * claims(&id).len() + 3;
    shown_later(&app, &mut browser, events).await
}

#[tokio::test]
async fn under_required_nobody_comes_back_as_somebody_else() {
    assert!(of("required").await.iter().all(|shown| *shown == json!({})));
}

/// Without the rule it would: the vendor does link, and what it links is found.
#[tokio::test]
async fn the_vendor_would_give_her_away() {
    let shown = of("off").await;
    assert!(shown.iter().any(|shown| shown["Persona"] == "Style Seeker"), "{shown:?}");
}

/// Look-ups are as under off there; what is linked at the vendor is not.
#[tokio::test]
async fn under_optional_the_vendor_links_nothing_unproven() {
    let app =
        TestApp::start_with(TestConfig { verification: "optional", ..TestConfig::default() }).await;
    let _delivering = app.deliver();
    let mut browser = app.browser();
    browser.page().await;
    let id = app.log_in("alice").await["userId"].clone();
    attack(&app, &mut browser, &id).await;
    let events = app.taken(1 + 2 * claims(&id).len() + 3).await;
    for event in &events {
        for field in ["user_id", "email", "phone", "amperity_id", "customer_id", "email_sha256"] {
            assert!(!event.contains_key(field), "{field} in {event:?}");
        }
    }
    app.sandbox.apply_pending();
    // What the page itself claims looks it up as long as the mode holds.
    app.reconfigure(&TestConfig::default());
    app.surroundings.wait(SignedDuration::from_hours(48));
    assert_eq!(browser.refresh().await, json!({}));
}
