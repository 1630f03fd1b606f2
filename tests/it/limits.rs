//! How much anybody may ask for, and what those get who ask for more.

use std::net::SocketAddr;

use axum::http::Request;
use datafly_sandbox::Fault;
use datafly_tests::{Answer, PIPELINE, SITE, TestApp, TestConfig, send};
use jiff::SignedDuration;
use serde_json::json;

async fn with(server: &'static str) -> TestApp {
    TestApp::start_with(TestConfig { server, ..TestConfig::default() }).await
}

/// A page's enrich from an address of the network.
async fn from(app: &TestApp, address: &str, forwarded: &str) -> Answer {
    let request = Request::get(format!("/v1/enrich?provider=amperity&key={PIPELINE}"))
        .header("origin", SITE)
        .header("x-forwarded-for", forwarded)
        .body(axum::body::Body::empty())
        .unwrap();
    let peer: SocketAddr = address.parse().unwrap();
    send(app.edge.for_peer(peer), request).await
}

#[tokio::test]
async fn a_visitor_who_asks_for_too_much_waits() {
    let app = with("[server.limits]\nvisitor_per_minute = 5").await;
    let mut browser = app.browser();
    for _ in 0..6 {
        assert_eq!(browser.page().await.status, 200, "the first one made the visitor");
    }
    let refused = browser.page().await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (429, "RATE_LIMITED"));
    assert_eq!(refused.header("retry-after"), "12");
    assert_eq!(refused.header("access-control-allow-origin"), SITE);
    assert_eq!(refused.header("access-control-expose-headers"), "retry-after");
    assert_eq!(app.browser().page().await.status, 200, "others do not");
    app.surroundings.wait(SignedDuration::from_secs(12));
    assert_eq!(browser.page().await.status, 200);
}

#[tokio::test]
async fn cached_answers_are_no_work_and_a_limited_look_up_is_empty() {
    let app = with("[server.limits]\nvisitor_per_minute = 2").await;
    let mut browser = app.browser();
    browser.page().await;
    app.sandbox.link(&browser.visitor().unwrap(), "vera").unwrap();
    for _ in 0..20 {
        assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    }
    assert_eq!(app.vendor_calls(), 1);

    let mut other = app.browser();
    other.page().await;
    app.sandbox.fault("amperity.lookup.post", Some(1), Fault::status(400)).unwrap();
    for _ in 0..5 {
        // 200 and empty, as for everybody the vendor does not know.
        assert_eq!(other.attributes().await, json!({}));
    }
    assert!(app.vendor_calls() <= 3, "{}", app.vendor_calls());
}

#[tokio::test]
async fn an_address_that_floods_is_refused_before_any_work() {
    let app = with("[server.limits]\nflood_per_second = 3").await;
    let drawn = app.surroundings.drawn();
    for _ in 0..3 {
        assert_eq!(from(&app, "198.51.100.7:1000", "").await.status, 200);
    }
    let refused = from(&app, "198.51.100.7:1001", "203.0.113.9").await;
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert_eq!(app.surroundings.drawn() - drawn, 3, "no visitor was made for it");
    assert_eq!(from(&app, "198.51.100.8:1000", "").await.status, 200);
    // One subscriber's network, whatever address of it.
    for host in 1..4 {
        from(&app, &format!("[2001:db8:1:2::{host}]:1000"), "").await;
    }
    assert_eq!(from(&app, "[2001:db8:1:2:ffff::1]:1000", "").await.code(), "RATE_LIMITED");
    assert_eq!(from(&app, "[2001:db8:1:3::1]:1000", "").await.status, 200);
}

#[tokio::test]
async fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
    let server = "[server.limits]\nflood_per_second = 2";
    let app = TestApp::start_with(TestConfig {
        server,
        trusted_proxies: "\"10.0.0.0/8\"",
        ..TestConfig::default()
    })
    .await;
    let ok = async |peer: &str, forwarded: &str| from(&app, peer, forwarded).await.status == 200;
    // The proxy's clients are told apart, by the last address that is not a proxy's.
    for client in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
        assert!(ok("10.1.1.1:9", &format!("1.2.3.4, {client}, 10.2.2.2")).await);
        assert!(ok("10.1.1.1:9", client).await);
        assert!(!ok("10.1.1.1:9", &format!("9.9.9.9, {client}")).await, "what it writes itself");
    }
    // Anybody else may write what they like.
    assert!(ok("198.51.100.7:9", "1.1.1.1").await && ok("198.51.100.7:9", "2.2.2.2").await);
    assert!(!ok("198.51.100.7:9", "3.3.3.3").await);
}

/// What enumeration gets: the same answer, and no read, for people who exist and people who do not.
#[tokio::test]
async fn enumerating_e_mails_yields_nothing() {
    let app = TestApp::start().await;
    let mut answers = Vec::new();
    for email in ["alice@example.com", "nobody@example.com", "bob@example.com"] {
        let mut browser = app.browser();
        browser.identify(&json!({"traits": {"email": email}})).await;
        let mut answer = browser.enrich().await;
        answer.headers.remove("set-cookie");
        let mut json = answer.json();
        json["handle"].take();
        answers.push((answer.status, answer.headers.len(), json));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let keys: Vec<_> = app.sandbox.requests().iter().map(|it| it.body["keys"].clone()).collect();
    assert!(keys.iter().all(|keys| keys.get("email_sha256").is_none()), "{keys:?}");
}
