//! A vendor on its bad days, in virtual time: no answer passes the deadline, known visitors see what was known,
//! unknown ones nothing, and nobody sees an error.

use std::time::Duration;

use datafly_sandbox::Fault;
use datafly_tests::{Browser, TestApp, TestConfig};
use jiff::SignedDuration;
use serde_json::json;
use tokio::time::Instant;

/// The enrich deadline, and a little for the arithmetic.
const DEADLINE: Duration = Duration::from_millis(1501);

const ROUTES: [&str; 2] = ["amperity.lookup.post", "amperity.profile"];

async fn visitors(app: &TestApp) -> (Browser, Browser) {
    let mut known = app.browser();
    known.page().await;
    app.sandbox.link(&known.visitor().unwrap(), "vera").unwrap();
    assert_eq!(known.attributes().await["Persona"], "Value Hunter");
    let mut stranger = app.browser();
    stranger.page().await;
    (known, stranger)
}

/// Hours of page views of both, under a fault that is set anew before each by `bad`.
async fn endure(name: &str, bad: impl Fn(usize) -> Option<Fault>) {
    let app = TestApp::start_in_virtual_time(&TestConfig::default());
    let (mut known, stranger) = visitors(&app).await;
    let mut longest = Duration::ZERO;
    for n in 0..120 {
        app.sandbox.clear_faults();
        if let Some(fault) = bad(n) {
            for route in ROUTES {
                app.sandbox.fault(route, None, fault.clone()).unwrap();
            }
        }
        app.surroundings.wait(SignedDuration::from_secs(7 * 60));
        for refresh in [false, true] {
            let began = Instant::now();
            let shown = if refresh { known.refresh().await } else { known.attributes().await };
            longest = longest.max(began.elapsed());
            assert_eq!(shown["Persona"], "Value Hunter", "{name}, page {n}");
        }
        let began = Instant::now();
        let answer = stranger.clone().enrich().await;
        longest = longest.max(began.elapsed());
        assert_eq!(answer.status, 200, "{name}, page {n}");
        assert_eq!(answer.json()["attributes"], json!({}), "{name}, page {n}");
    }
    crate::tell(&format!("{name}: the longest answer took {longest:?} of virtual time"));
    assert!(longest <= DEADLINE, "{name}: {longest:?}");
}

#[tokio::test(start_paused = true)]
async fn dead() {
    endure("dead", |_| Some(Fault::status(503))).await;
}

#[tokio::test(start_paused = true)]
async fn hanging() {
    endure("hanging", |_| Some(Fault::delay(Duration::from_hours(1)))).await;
}

#[tokio::test(start_paused = true)]
async fn slow_to_the_edge_of_every_deadline() {
    endure("slow", |n| Some(Fault::delay(Duration::from_millis(990 + n as u64)))).await;
}

#[tokio::test(start_paused = true)]
async fn flapping() {
    endure("flapping", |n| (n % 3 != 0).then(|| Fault::status(500))).await;
}

#[tokio::test(start_paused = true)]
async fn answering_garbage() {
    let bad = [
        Fault::garbage(),
        Fault::cut_body(),
        Fault::body("[]"),
        Fault::body(r#"{"profile_id":"","attributes":{}}"#),
        Fault::status(418),
        Fault::huge_body(1 << 30),
    ];
    endure("garbage", |n| Some(bad[n % bad.len()].clone())).await;
}

/// What hangs is given up by the page and not by the server: the call goes on, and the next page has it.
#[tokio::test(start_paused = true)]
async fn a_call_that_outlives_its_page_fills_the_cache() {
    let app = TestApp::start_in_virtual_time(&TestConfig::default());
    let mut browser = app.browser();
    browser.page().await;
    app.sandbox.link(&browser.visitor().unwrap(), "vera").unwrap();
    app.sandbox.fault(ROUTES[0], Some(1), Fault::delay(Duration::from_millis(200))).unwrap();
    let loader = format!("/v1/loader.js?key={}", datafly_tests::PIPELINE);
    let began = Instant::now();
    let answer = browser.fetch("GET", &loader, "").await;
    assert!(began.elapsed() <= Duration::from_millis(51), "{:?}", began.elapsed());
    let script = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(script.contains(r#""profiles":{}"#), "left for the page to ask: {script}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    assert_eq!(app.vendor_calls(), 1);
}

/// The owner sees what a vendor was asked, what came of it, and what it was spared.
#[tokio::test(start_paused = true)]
async fn calls_and_refusals_are_counted() {
    let app = TestApp::start_in_virtual_time(&TestConfig::default());
    let (mut known, stranger) = visitors(&app).await;
    let answered = app.vendor_calls();
    app.sandbox.fault(ROUTES[0], None, Fault::status(403)).unwrap();
    // Five failures open the breaker.
    for _ in 0..8 {
        stranger.clone().attributes().await;
    }
    app.sandbox.clear_faults();
    app.surroundings.wait(SignedDuration::from_mins(1));
    app.sandbox.fault(ROUTES[1], Some(1), Fault::status(429).retry_after("20")).unwrap();
    known.refresh().await;
    stranger.clone().attributes().await;
    let text = app.app.metrics.text(&app.app.engine, &app.app.guards).unwrap();
    let counts = |name: &str| {
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines.map(|line| line.split_once(',').unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    let mut calls = counts("datafly_vendor_call_total{account=\"amperity ");
    calls.sort();
    let answered = format!("outcome=\"answered\"}} {answered}");
    let others = ["outcome=\"rate_limited\"} 1", "outcome=\"scope_refused\"} 5"];
    assert_eq!(calls, [answered.as_str(), others[0], others[1]], "{text}");
    let mut refusals = counts("datafly_vendor_refusal_total{account=\"amperity ");
    refusals.sort();
    assert_eq!(refusals, ["why=\"breaker_open\"} 3", "why=\"paused\"} 1"], "{text}");
    assert_eq!(app.vendor_calls(), 1 + 5 + 1);
}
