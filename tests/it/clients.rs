//! What other people's clients send, as it was recorded of them; `tests/browser/clients.test.js` drives the clients
//! themselves.

use std::io::Write;

use axum::body::Body;
use axum::http::Request;
use data_encoding::BASE64;
use datafly_tests::{Answer, PIPELINE, SITE, TestApp, TestConfig, send};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

fn basic() -> String {
    format!("Basic {}", BASE64.encode(format!("{PIPELINE}:").as_bytes()))
}

#[tokio::test]
async fn their_preflights_are_answered() {
    let app = TestApp::start().await;
    for (path, wanted) in [
        ("/v1/t", "authorization,x-retry-count"),
        ("/sourceConfig/?p=npm&v=3.34.1&writeKey=dk_test_shop", "authorization"),
        (
            "/v1/track",
            "anonymousid,authorization,content-type,rsa-retry-attempt,rsa-retry-reason,\
             rsa-since-first-attempt,rsa-since-last-attempt,sentat",
        ),
        ("/api/s/track", "content-type,x-enable-debug,x-write-key"),
    ] {
        let headers = [
            ("origin", SITE),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", wanted),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-site", "same-site"),
        ];
        let answer = app.browser().send("OPTIONS", path, &headers, "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("access-control-allow-origin")),
            (204, SITE)
        );
        let allowed: Vec<_> = answer.header("access-control-allow-headers").split(", ").collect();
        for header in wanted.split(',') {
            assert!(allowed.contains(&header), "{path} {header}: {allowed:?}");
        }
        // Jitsu's, which we would not heed.
        assert!(!allowed.contains(&"x-ip-policy"), "{allowed:?}");
    }
}

/// Node's own `fetch` says how it fetches, and nothing else of what a browser says.
#[tokio::test]
async fn node_s_fetch_is_a_server_s_and_whatever_says_more_is_a_browser_s() {
    let app = TestApp::start().await;
    let batch = json!({"batch": [{"type": "page", "anonymousId": "a"}]}).to_string();
    let authorization = basic();
    let of_node = [
        ("content-type", "application/json"),
        ("authorization", &*authorization),
        ("accept-language", "*"),
        ("sec-fetch-mode", "cors"),
    ];
    let answer = app.browser().send("POST", "/v1/batch", &of_node, &batch).await;
    assert_eq!(answer.json(), json!({"success": true, "accepted": 1}));
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-dest", "empty"),
        ("sec-fetch-user", "?1"),
        ("cookie", "a=b"),
    ] {
        let headers = [&of_node[..], &[(name, value)]].concat();
        let answer = app.browser().send("POST", "/v1/batch", &headers, &batch).await;
        assert_eq!(answer.code(), "ORIGIN_NOT_ALLOWED", "{name}");
    }
}

#[tokio::test]
async fn jitsu_s_key_is_in_a_header_before_its_colon() {
    let app = TestApp::start().await;
    let event =
        json!({"type": "page", "anonymousId": "a", "userId": null, "writeKey": "dk_test_shop:***"});
    for (key, status) in [("dk_test_shop:-", 200), ("dk_test_shop", 200), ("dk_test_nobody:-", 401)]
    {
        let headers =
            [("origin", SITE), ("content-type", "application/json"), ("x-write-key", key)];
        let answer = app.browser().send("POST", "/api/s/page", &headers, &event.to_string()).await;
        assert_eq!(answer.status, status, "{key}");
    }
}

/// Beacons take cookies along, as does every request where we are behind the site's own proxy.
#[tokio::test]
async fn a_cookie_does_not_make_a_client_s_event_ours() {
    let app = TestApp::start().await;
    let _delivering = app.deliver();
    let mut browser = app.browser();
    browser.page().await;
    let before = browser.cookies.clone();
    let event = |id: &str| json!({"messageId": id, "type": "page", "anonymousId": "anon-x"});
    let mut sent = 1;
    for (path, extra) in [
        ("/v1/p", ("authorization", &*basic())),
        ("/v1/p?writeKey=dk_test_shop", ("accept", "*/*")),
        ("/api/s/page", ("x-write-key", "dk_test_shop:-")),
    ] {
        sent += 1;
        let headers = [("origin", SITE), ("content-type", "text/plain"), extra];
        let answer = browser.send("POST", path, &headers, &event(path).to_string()).await;
        assert_eq!(answer.json(), json!({"success": true}), "{path}");
    }
    let batch = json!({"batch": [event("beacon")]}).to_string();
    let headers = [("origin", SITE), ("content-type", "text/plain"), ("sec-fetch-mode", "no-cors")];
    let beacon = "/beacon/v1/batch?writeKey=dk_test_shop";
    assert_eq!(browser.send("POST", beacon, &headers, &batch).await.json()["accepted"], 1);
    assert_eq!(browser.cookies, before);
    // Somebody's own code, written for us.
    let bearer = format!("Bearer {PIPELINE}");
    let headers = [("origin", SITE), ("content-type", "text/plain"), ("authorization", &*bearer)];
    browser.send("POST", "/v1/p", &headers, &event("ours").to_string()).await;

    let events = app.taken(sent + 2).await;
    let own = browser.visitor().unwrap();
    for event in &events {
        let is_own = event["cookieid"] == own;
        assert_eq!(
            is_own,
            !event.contains_key("anonymous_id") || event["message_id"] == "ours",
            "{event:?}"
        );
    }
    let theirs: Vec<_> =
        events.iter().map(|event| &event["cookieid"]).filter(|id| **id != own).collect();
    assert!(theirs.iter().all(|id| *id == theirs[0]), "one client, one visitor: {theirs:?}");
}

#[tokio::test]
async fn segment_s_settings_send_its_events_here() {
    let app = TestApp::start_with(TestConfig { base_path: "/df", ..TestConfig::default() }).await;
    let settings = format!("/df/v1/projects/{PIPELINE}/settings");
    let answer = app.browser().fetch("GET", &settings, "").await.json();
    let segment = &answer["integrations"]["Segment.io"];
    assert_eq!(segment["apiHost"], "id.shop.test/df/v1");
    assert_eq!(segment["protocol"], "https");
}

async fn packed(app: &TestApp, encoding: &str, body: Vec<u8>) -> Answer {
    let request = Request::post("/v1/batch")
        .header("content-type", "application/json")
        .header("content-encoding", encoding);
    send(app.edge.clone(), request.body(Body::from(body)).unwrap()).await
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn batch(padding: usize) -> Vec<u8> {
    let batch: Value = json!({
        "batch": [{"type": "page", "anonymousId": "a"}], "writeKey": PIPELINE, "x": "x".repeat(padding),
    });
    batch.to_string().into_bytes()
}

#[tokio::test]
async fn a_packed_body_is_unpacked() {
    let app = TestApp::start().await;
    assert_eq!(packed(&app, "gzip", gzip(&batch(0))).await.json()["accepted"], 1);
    let broken = gzip(&batch(0))[..40].to_vec();
    assert_eq!(packed(&app, "gzip", broken).await.code(), "BODY_BROKEN");
    assert_eq!(packed(&app, "gzip", batch(0)).await.code(), "BODY_BROKEN");
    for encoding in ["br", "deflate", "gzip, gzip"] {
        let answer = packed(&app, encoding, gzip(&batch(0))).await;
        assert_eq!(answer.code(), "UNSUPPORTED_MEDIA_TYPE", "{encoding}");
    }
}

#[tokio::test]
async fn a_packed_body_is_unpacked_no_further_than_a_body_may_be_long() {
    let app = TestApp::start().await;
    let limit = 5 * 1024 * 1024;
    let over = batch(limit);
    let most = batch(limit - (over.len() - limit));
    assert_eq!(most.len(), limit);
    assert_eq!(packed(&app, "gzip", gzip(&most)).await.status, 200);
    let bomb = gzip(&over);
    assert!(bomb.len() < limit / 500);
    assert_eq!(packed(&app, "gzip", bomb).await.code(), "BODY_TOO_LARGE");
}
