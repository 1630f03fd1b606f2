//! Events on every way in: what each route takes, and what of it reaches the vendor.

use datafly_tests::signed::sign;
use datafly_tests::{Answer, Browser, PIPELINE, SITE, TestApp, TestConfig};
use serde_json::{Map, Value, json};

const SERVER_KEYS: &str = "server_keys = [{ secret = { env = \"SERVER_KEY\" } }]";

async fn app() -> TestApp {
    TestApp::start_with(TestConfig { pipeline: SERVER_KEYS, ..TestConfig::default() }).await
}

fn keyed(route: &str) -> String {
    format!("{route}?key={PIPELINE}")
}

/// From a server: no cookie, no origin.
async fn from_server(app: &TestApp, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    app.browser().send("POST", path, &headers, &body.to_string()).await
}

async fn signed(app: &TestApp, timestamp: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let signature = sign(&format!("{timestamp}.{body}"));
    let headers = [
        ("content-type", "application/json"),
        ("x-timestamp", timestamp),
        ("x-signature", &signature),
    ];
    app.browser().send("POST", &keyed("/v1/events"), &headers, &body).await
}

fn by_id<'e>(events: &'e [Map<String, Value>], id: &str) -> &'e Map<String, Value> {
    let found = events.iter().find(|event| event["message_id"] == id);
    assert!(found.is_some(), "{id} is not there");
    found.unwrap()
}

#[tokio::test]
async fn every_route_s_event_arrives_as_what_it_is() {
    let app = app().await;
    let _delivering = app.deliver();
    let mut sent = 0;
    let mut browser = app.browser();
    for (route, kind) in [
        ("/v1/p", "page"),
        ("/v1/page", "page"),
        ("/v1/screen", "screen"),
        ("/v1/t", "track"),
        ("/v1/track", "track"),
        ("/v1/i", "identify"),
        ("/v1/identify", "identify"),
        ("/v1/g", "group"),
        ("/v1/group", "group"),
        ("/v1/alias", "alias"),
        ("/api/s/page", "page"),
        ("/api/s/track", "track"),
    ] {
        sent += 1;
        let mut event = json!({"messageId": format!("m-{route}"), "type": kind});
        match kind {
            "track" => event["event"] = json!("add_to_cart"),
            "identify" => event["userId"] = json!("u-1"),
            "group" => event["groupId"] = json!("g-1"),
            "alias" => (event["userId"], event["previousId"]) = (json!("u-1"), json!("u-0")),
            _ => {}
        }
        let answer = browser.fetch("POST", &keyed(route), &event.to_string()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["success"]),
            (200, &json!(true)),
            "{route}"
        );
        let events = app.taken(sent).await;
        let event = by_id(&events, &format!("m-{route}"));
        let expected = match kind {
            "page" => "pageview",
            "track" => "add_to_cart",
            other => other,
        };
        assert_eq!(
            (&event["type"], &event["source"]),
            (&json!(expected), &json!("DATAFLY")),
            "{route}"
        );
        assert_eq!(event["cookieid"], browser.visitor().unwrap());
    }
}

#[tokio::test]
async fn a_batch_is_accepted_event_by_event() {
    let app = app().await;
    let _delivering = app.deliver();
    let batch = json!({"batch": [
        {"type": "track", "event": "view_cart", "messageId": "b-0", "anonymousId": "a"},
        {"type": "track", "messageId": "b-1", "anonymousId": "a"},
        {"type": "nothing", "messageId": "b-2", "anonymousId": "a"},
        {"type": "page", "messageId": "b-3"},
        7,
        {"type": "page", "messageId": "b-5", "anonymousId": "a", "context": {"locale": "de"}},
    ], "context": {"locale": "en", "timezone": "UTC"}, "sentAt": "2026-01-01T00:00:00Z", "integrations": {}});
    for route in ["/v1/batch", "/v1/b", "/beacon/v1/batch"] {
        let answer = from_server(&app, &keyed(route), &batch).await.json();
        assert_eq!((&answer["success"], &answer["accepted"]), (&json!(true), &json!(2)));
        let failures = answer["failures"].as_array().unwrap();
        let told: Vec<_> =
            failures.iter().map(|it| (it["index"].clone(), it["messageId"].clone())).collect();
        let (one, two, three) = (json!("b-1"), json!("b-2"), json!("b-3"));
        assert_eq!(
            told,
            [(json!(1), one), (json!(2), two), (json!(3), three), (json!(4), Value::Null)]
        );
        assert!(failures.iter().all(|it| it["error"]["code"] == "INVALID_EVENT"));
        assert!(failures[0]["error"]["message"].as_str().unwrap().contains("`event` is missing"));
    }
    // Sent three times, each is there once.
    let events = app.taken(2).await;
    assert_eq!(by_id(&events, "b-0")["locale"], "en");
    let own = by_id(&events, "b-5");
    assert_eq!((&own["locale"], &own["timezone"]), (&json!("de"), &json!("UTC")));
}

#[tokio::test]
async fn what_is_too_large_is_refused_whole() {
    let app = app().await;
    let _delivering = app.deliver();
    let event = json!({"type": "page", "anonymousId": "a"});
    let many = json!({"batch": vec![event.clone(); 501]});
    let answer = from_server(&app, &keyed("/v1/batch"), &many).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "BATCH_TOO_LARGE"));
    let large =
        json!({"type": "page", "anonymousId": "a", "properties": {"x": "x".repeat(65 * 1024)}});
    let answer = from_server(&app, &keyed("/v1/batch"), &json!({"batch": [event, large]})).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "BATCH_TOO_LARGE"));
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("batch[1]"));
    let answer = from_server(&app, &keyed("/v1/p"), &large).await;
    assert_eq!(answer.status, 413);
    let huge = json!({"batch": vec![json!({"type": "page", "anonymousId": "a", "properties": {"x": "x".repeat(60_000)}}); 100]});
    assert_eq!(from_server(&app, &keyed("/v1/batch"), &huge).await.status, 413);
    for broken in [json!({"events": []}), json!([]), json!({"batch": {}})] {
        let answer = from_server(&app, &keyed("/v1/batch"), &broken).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (400, "INVALID_EVENT"),
            "{broken}"
        );
    }
    app.taken(0).await;
}

#[tokio::test]
async fn the_key_may_be_where_other_clients_write_it() {
    let app = app().await;
    let event = json!({"anonymousId": "a", "writeKey": PIPELINE});
    let basic = format!("Basic {}", data_encoding_of(&format!("{PIPELINE}:")));
    let bearer = format!("Bearer {PIPELINE}");
    for (path, authorization) in [
        ("/v1/p".to_owned(), None),
        ("/v1/p".to_owned(), Some(&*basic)),
        ("/v1/p".to_owned(), Some(&*bearer)),
        (format!("/v1/p?writeKey={PIPELINE}"), None),
    ] {
        let mut headers = vec![("content-type", "text/plain")];
        headers.extend(authorization.map(|value| ("authorization", value)));
        let mut event = event.clone();
        if authorization.is_some() || path.contains('?') {
            event["writeKey"] = json!("dk_test_wrong");
        }
        let answer = app.browser().send("POST", &path, &headers, &event.to_string()).await;
        assert_eq!(answer.status, 200, "{path} {authorization:?}");
    }
    let headers = [("content-type", "text/plain")];
    for body in ["", "{}", "[]", r#"{"writeKey":7}"#, r#"{"writeKey":"dk_test_nobody"}"#] {
        let answer = app.browser().send("POST", "/v1/p", &headers, body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "INVALID_PIPELINE_KEY"));
    }
}

fn data_encoding_of(text: &str) -> String {
    data_encoding::BASE64.encode(text.as_bytes())
}

#[tokio::test]
async fn an_event_that_comes_again_is_there_once() {
    let app = app().await;
    let _delivering = app.deliver();
    let mut browser = app.browser();
    let event = r#"{"messageId":"again","properties":{"n":1}}"#;
    for _ in 0..3 {
        assert_eq!(browser.fetch("POST", &keyed("/v1/p"), event).await.status, 200);
    }
    browser.fetch("POST", &keyed("/v1/p"), r#"{"messageId":"last"}"#).await;
    app.taken(2).await;
    // One without an id gets one, and is not taken for another without.
    for _ in 0..2 {
        browser.fetch("POST", &keyed("/v1/p"), "{}").await;
    }
    let events = app.taken(4).await;
    assert_ne!(events[2]["message_id"], events[3]["message_id"]);
}

#[tokio::test]
async fn an_event_that_is_refused_has_changed_nothing_about_its_visitor() {
    let app = app().await;
    let mut browser = app.browser();
    browser.page().await;
    let id = "x".repeat(2000);
    let batch = json!({"batch": [{"type": "identify", "messageId": id, "userId": "user-123"}]});
    let answer = browser.fetch("POST", &keyed("/v1/b"), &batch.to_string()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["accepted"], 0);
    browser.page().await;
    assert_eq!(browser.version(), Some(1));
}

#[tokio::test]
async fn a_batch_that_follows_what_has_not_arrived_is_taken_only_behind_it() {
    let app = app().await;
    let _delivering = app.deliver();
    let mut browser = app.browser();
    let event = |id: &str| json!({"type": "track", "event": "view_cart", "messageId": id});
    let mut send = async |batch: Value| {
        let answer = browser.fetch("POST", &keyed("/v1/b"), &batch.to_string()).await;
        assert_eq!(answer.status, 200);
        let answer = answer.json();
        (answer["accepted"].clone(), answer["missing"].clone())
    };
    send(json!({"batch": [event("l-0"), event("l-1")]})).await;
    let left = ["l-0", "l-2", "x".repeat(2000).as_str(), "l-1"].map(str::to_owned);
    let batch = json!({"left": left, "batch": [event("l-3")]});
    assert_eq!(send(batch).await, (json!(0), json!([left[1], left[2]])));
    assert_eq!(send(json!({"left": ["l-3"], "batch": []})).await, (json!(0), json!(["l-3"])));
    let batch = json!({"left": ["l-0", "l-1"], "batch": [event("l-2"), event("l-3")]});
    assert_eq!(send(batch).await, (json!(2), Value::Null));
    assert_eq!(send(json!({"left": ["l-3"], "batch": []})).await, (json!(0), Value::Null));
    let ids = app.taken(4).await;
    let ids: Vec<_> = ids.iter().map(|event| event["message_id"].clone()).collect();
    assert_eq!(ids, ["l-0", "l-1", "l-2", "l-3"]);

    let many = json!({"left": vec!["l-0"; 501], "batch": []}).to_string();
    let answer = app.browser().fetch("POST", &keyed("/v1/b"), &many).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "BATCH_TOO_LARGE"));
}

#[tokio::test]
async fn the_time_is_the_receiver_s() {
    let app = app().await;
    let _delivering = app.deliver();
    let now = app.app.clock.now();
    let hour = jiff::SignedDuration::from_hours(1);
    // A clock three hours ahead; it happened an hour before it was sent.
    let event = json!({
        "messageId": "skewed", "timestamp": (now + hour * 2).to_string(), "sentAt": (now + hour * 3).to_string(),
    });
    app.browser().fetch("POST", &keyed("/v1/p"), &event.to_string()).await;
    let events = app.taken(1).await;
    assert_eq!(events[0]["timestamp"], (now - hour).to_string());
}

#[tokio::test]
async fn under_required_an_event_names_nobody_it_cannot_prove() {
    let app = app().await;
    let _delivering = app.deliver();
    let mut browser = app.browser();
    let claim = json!({
        "messageId": "claim", "userId": "C-100001", "traits": {"email": "alice@example.com"},
        "anonymousId": "mine", "properties": {"amperity_id": "a", "cookieid": "c", "source": "x"},
    });
    browser.fetch("POST", &keyed("/v1/i"), &claim.to_string()).await;
    let alice = app.log_in("alice").await;
    browser.identify(&alice).await;
    browser.fetch("POST", &keyed("/v1/p"), r#"{"messageId":"after"}"#).await;
    let events = app.taken(3).await;
    let claimed = by_id(&events, "claim");
    for (field, value) in [
        ("unverified_user_id", "C-100001"),
        ("unverified_email", "alice@example.com"),
        ("unverified_amperity_id", "a"),
        ("unverified_cookieid", "c"),
        ("anonymous_id", "mine"),
        ("source", "DATAFLY"),
    ] {
        assert_eq!(claimed[field], value, "{field}");
    }
    for field in ["user_id", "email", "amperity_id"] {
        assert!(!claimed.contains_key(field), "{field}");
    }
    let after = by_id(&events, "after");
    assert_eq!(
        (&after["user_id"], &after["email"]),
        (&alice["userId"], &json!("alice@example.com"))
    );
    assert_eq!(after["cookieid"], browser.visitor().unwrap());
}

/// Other people's clients have no cookie of ours: an id of their own, the same for the same client.
#[tokio::test]
async fn another_client_s_visitor_has_a_derived_id_and_no_profile() {
    let app = app().await;
    let _delivering = app.deliver();
    let basic = format!("Basic {}", data_encoding_of(&format!("{PIPELINE}:")));
    let headers = [("origin", SITE), ("content-type", "text/plain"), ("authorization", &basic)];
    let mut browser = app.browser();
    for (id, client) in [("x-1", "anon-x"), ("x-2", "anon-x"), ("y-1", "anon-y")] {
        let event = json!({"messageId": id, "anonymousId": client, "userId": "C-100001"});
        let answer = browser.send("POST", "/v1/p", &headers, &event.to_string()).await;
        assert_eq!(answer.json(), json!({"success": true}));
    }
    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    let events = app.taken(3).await;
    let id = |message: &str| by_id(&events, message)["cookieid"].as_str().unwrap().to_owned();
    assert_eq!(id("x-1"), id("x-2"));
    assert_ne!(id("x-1"), id("y-1"));
    assert_eq!(by_id(&events, "x-1")["anonymous_id"], "anon-x");
    assert_eq!(by_id(&events, "x-1")["unverified_user_id"], "C-100001");
    // Nobody can come as it.
    browser.cookies.insert("_dfid".to_owned(), id("x-1"));
    assert_eq!(browser.attributes().await, json!({}));
    // A server's event is the same client's.
    let event = json!({"messageId": "s-1", "anonymousId": "anon-x"});
    from_server(&app, &keyed("/v1/p"), &event).await;
    let events = app.taken(4).await;
    assert_eq!(by_id(&events, "s-1")["cookieid"], id("x-1"));
}

#[tokio::test]
async fn what_the_site_has_signed_is_proven() {
    let app = app().await;
    let _delivering = app.deliver();
    let now = app.app.clock.now();
    let event = json!({
        "type": "track", "event": "purchase", "messageId": "s-1", "userId": "u-7",
        "context": {"traits": {"email": "x@example.com"}}, "traits": {"email": "u7@example.com"},
    });
    for (timestamp, id) in [(now.as_second(), "s-1"), (now.as_millisecond(), "s-2")] {
        let mut event = event.clone();
        event["messageId"] = json!(id);
        let answer = signed(&app, &timestamp.to_string(), &event).await;
        assert_eq!(answer.json(), json!({"success": true, "accepted": 1}));
    }
    let batch = json!({"batch": [{"type": "page", "messageId": "s-3", "userId": "u-7"}]});
    signed(&app, &now.as_second().to_string(), &batch).await;
    let events = app.taken(3).await;
    let first = by_id(&events, "s-1");
    assert_eq!((&first["user_id"], &first["email"]), (&json!("u-7"), &json!("u7@example.com")));
    assert_eq!(by_id(&events, "s-3")["user_id"], "u-7");

    let old = (now.as_second() - 301).to_string();
    assert_eq!(signed(&app, &old, &event).await.code(), "SIGNATURE_REJECTED");
    let unsigned = from_server(&app, &keyed("/v1/events"), &event).await;
    assert_eq!(unsigned.code(), "SIGNATURE_REJECTED");
    let from_a_page = app.browser().fetch("POST", &keyed("/v1/events"), &event.to_string()).await;
    assert_eq!(from_a_page.status, 403);
    app.taken(3).await;
}

#[tokio::test]
async fn an_image_is_an_event_that_changes_nothing() {
    let app = app().await;
    let _delivering = app.deliver();
    let pixel = |kind: &str, rest: &str| format!("/v1/pixel/{kind}?wk={PIPELINE}&{rest}");
    let image = [("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "same-site")];
    let mut browser = app.browser();
    let path = pixel(
        "track",
        "e=view_item&aid=mail-1&uid=u-1&p.value=7&p.colour=a%20b&t.plan=x&mid=px-1&cb=9",
    );
    let answer = browser.send("GET", &path, &image, "").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "image/gif"));
    assert!(answer.header("cache-control").contains("no-store"));
    assert!(answer.body.starts_with(b"GIF89a") && browser.cookies.is_empty());

    browser.page().await;
    let version = browser.version();
    browser.send("GET", &pixel("page", "mid=px-2"), &image, "").await;
    // A page of anybody's that navigates here brings the cookie along.
    browser.send("GET", &pixel("page", "mid=px-3"), &[("sec-fetch-mode", "navigate")], "").await;
    assert_eq!(browser.version(), version);
    let events = app.taken(4).await;
    let first = by_id(&events, "px-1");
    assert_eq!(
        (&first["type"], &first["unverified_user_id"]),
        (&json!("view_item"), &json!("u-1"))
    );
    assert_eq!((&first["value"], &first["colour"]), (&json!(7), &json!("a b")));
    assert_eq!(by_id(&events, "px-2")["cookieid"], browser.visitor().unwrap());
    assert!(!by_id(&events, "px-3").contains_key("cookieid"));
    for kind in ["identify", "alias", "group", "x", ""] {
        assert_eq!(
            browser.send("GET", &pixel(kind, "uid=u"), &image, "").await.status,
            404,
            "{kind}"
        );
    }
    assert_eq!(browser.send("GET", &pixel("page", "ts=yesterday"), &image, "").await.status, 400);
}

async fn said(browser: &mut Browser, id: &str, consent: &Value) {
    let event = json!({"messageId": id, "context": {"consent": consent}});
    browser.fetch("POST", &keyed("/v1/p"), &event.to_string()).await;
}

#[tokio::test]
async fn consent_goes_along_as_it_was_said_and_not_where_nothing_was() {
    let app = app().await;
    let _delivering = app.deliver();
    let mut browser = app.browser();
    browser.fetch("POST", &keyed("/v1/p"), r#"{"messageId":"before"}"#).await;
    let consent = json!({
        "analytics": true, "marketing": false, "categories": {"C0001": true, "C0004": false},
        "google": {"ad_storage": "denied"},
    });
    said(&mut browser, "said", &consent).await;
    browser.fetch("POST", &keyed("/v1/p"), r#"{"messageId":"after"}"#).await;
    let events = app.taken(3).await;
    assert!(!by_id(&events, "before").contains_key("consent"));
    assert_eq!(by_id(&events, "said")["consent"], consent);
    assert_eq!(by_id(&events, "after")["consent"], consent, "it is the visitor's");
}

#[tokio::test]
async fn other_clients_find_their_settings() {
    let app = app().await;
    let segment = format!("/v1/projects/{PIPELINE}/settings");
    let answer = app.browser().fetch("GET", &segment, "").await;
    assert_eq!(answer.json()["integrations"]["Segment.io"]["apiKey"], PIPELINE);
    assert_eq!(answer.header("access-control-allow-origin"), SITE);
    let rudder =
        app.browser().fetch("GET", &format!("/sourceConfig/?writeKey={PIPELINE}"), "").await;
    assert_eq!(rudder.json()["source"]["enabled"], true);
    for unknown in
        ["/v1/projects/dk_test_nobody/settings", "/sourceConfig/?writeKey=dk_test_nobody"]
    {
        assert_eq!(app.browser().fetch("GET", unknown, "").await.status, 401, "{unknown}");
    }
}

/// An app where each event changes its visitor's record.
async fn with_context() -> TestApp {
    let integration = r#"context_sensitive_personalisation = true
personalisation_context_mappings = [{ source = "properties.category", target = "pageCategory" }]"#;
    TestApp::start_with(TestConfig { integration, ..TestConfig::default() }).await
}

fn in_category(n: usize) -> Value {
    let category = format!("category-{n}");
    json!({"type": "track", "event": "e", "messageId": format!("m-{n}"), "properties": {"category": category}})
}

#[tokio::test]
async fn a_batch_of_one_visitor_writes_its_record_once() {
    let app = with_context().await;
    let mut browser = app.browser();
    let batch = json!({"batch": (0..20).map(in_category).collect::<Vec<_>>()}).to_string();
    let answer = browser.fetch("POST", &format!("/v1/b?key={PIPELINE}"), &batch).await;
    assert_eq!((&answer.json()["accepted"], browser.version()), (&json!(20), Some(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tabs_that_send_at_once_lose_nothing_and_stay_one_visitor() {
    let app = with_context().await;
    let mut browser = app.browser();
    browser.page().await;
    let tabs = (0..12).map(|n| {
        let mut tab = browser.clone();
        tokio::spawn(async move {
            let path = format!("/v1/t?key={PIPELINE}");
            let answer = tab.fetch("POST", &path, &in_category(n).to_string()).await;
            (answer.status.as_u16(), tab.visitor())
        })
    });
    for tab in tabs.collect::<Vec<_>>() {
        assert_eq!(tab.await.unwrap(), (200, browser.visitor()));
    }
    let mut after = browser.clone();
    after.fetch("POST", &format!("/v1/t?key={PIPELINE}"), &in_category(12).to_string()).await;
    // Each of them was a version of its own.
    assert_eq!(after.version(), Some(14));
    let _delivering = app.deliver();
    app.taken(14).await;
}
