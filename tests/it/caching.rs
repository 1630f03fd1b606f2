//! What is asked of the vendor, and when: every rule of the caches, by the vendor's own counters.

use datafly_sandbox::Fault;
use datafly_tests::{Browser, TestApp, TestConfig, while_time_stands};
use jiff::SignedDuration;
use serde_json::json;

const LOOKUP: &str = "amperity.lookup.post";
const PROFILE: &str = "amperity.profile";

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

async fn veras_browser(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    browser.page().await;
    app.sandbox.link(&browser.visitor().unwrap(), "vera").unwrap();
    browser
}

/// In virtual time: on a slow machine the deadlines would pass before all requests had begun.
#[tokio::test(start_paused = true)]
async fn a_cold_burst_is_one_call() {
    let server = "[server.limits]\nvisitor_per_minute = 1000000\npipeline_per_second = 1000000";
    let app = TestApp::start_in_virtual_time(&TestConfig { server, ..TestConfig::default() });
    let browser = veras_browser(&app).await;
    let slow = Fault::delay(std::time::Duration::from_millis(300));
    app.sandbox.fault(LOOKUP, Some(1), slow).unwrap();
    let requests = (0..5_000).map(|_| {
        let mut tab = browser.clone();
        tokio::spawn(async move { tab.attributes().await })
    });
    for answer in requests.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap()["Persona"], "Value Hunter");
    }
    assert_eq!(app.vendor_calls(), 1);
}

/// Over threads that really run side by side. Only the count is asserted: a slow machine may be late.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cold_burst_over_threads_is_one_call() {
    let server = "[server.limits]\nvisitor_per_minute = 1000000\npipeline_per_second = 1000000";
    let app = TestApp::start_in_virtual_time(&TestConfig { server, ..TestConfig::default() });
    let browser = veras_browser(&app).await;
    let slow = Fault::delay(std::time::Duration::from_millis(300));
    app.sandbox.fault(LOOKUP, Some(1), slow).unwrap();
    let requests = (0..1_000).map(|_| {
        let mut tab = browser.clone();
        tokio::spawn(async move { tab.enrich().await })
    });
    for answer in requests.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap().status, 200);
    }
    assert_eq!(app.vendor_calls(), 1);
}

#[tokio::test]
async fn attributes_are_fresh_for_five_minutes_then_stale_while_one_refresh_runs() {
    let app = TestApp::start().await;
    let mut browser = veras_browser(&app).await;
    browser.attributes().await;
    app.surroundings.wait(seconds(299));
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    assert_eq!(app.vendor_calls(), 1);

    app.surroundings.wait(seconds(2));
    app.sandbox
        .fault(
            PROFILE,
            Some(1),
            Fault::body(r#"{"profile_id":"x","attributes":{"Persona":"New"}}"#),
        )
        .unwrap();
    for _ in 0..3 {
        // Each is answered at once; who comes after the refresh sees what it brought.
        browser.attributes().await;
    }
    app.vendor_was_asked(PROFILE, 1).await;
    assert_eq!(browser.attributes().await["Persona"], "New");
    assert_eq!((app.sandbox.hits(LOOKUP), app.sandbox.hits(PROFILE)), (1, 1));
}

#[tokio::test]
async fn a_resolution_lasts_a_day() {
    let app = TestApp::start().await;
    let mut browser = veras_browser(&app).await;
    browser.attributes().await;
    app.surroundings.wait(seconds(24 * 3600 - 1));
    browser.attributes().await;
    app.vendor_was_asked(PROFILE, 1).await;
    assert_eq!(app.sandbox.hits(LOOKUP), 1);
    app.surroundings.wait(seconds(2));
    browser.attributes().await;
    assert_eq!(app.sandbox.hits(LOOKUP), 2);
}

#[tokio::test]
async fn while_the_vendor_is_down_known_visitors_see_what_was_known_for_a_day() {
    let app = TestApp::start().await;
    let mut browser = veras_browser(&app).await;
    browser.attributes().await;
    let mut stranger = app.browser();
    stranger.page().await;
    for route in [LOOKUP, PROFILE] {
        app.sandbox.fault(route, None, Fault::status(503)).unwrap();
    }
    for hours in [1, 10, 12] {
        app.surroundings.wait(SignedDuration::from_hours(hours));
        assert_eq!(browser.attributes().await["Persona"], "Value Hunter", "after {hours} h more");
        assert_eq!(browser.refresh().await["Persona"], "Value Hunter");
        assert_eq!(stranger.attributes().await, json!({}));
    }
    app.surroundings.wait(SignedDuration::from_hours(1) + seconds(1));
    assert_eq!(browser.attributes().await, json!({}), "older than a day");
}

#[tokio::test]
async fn a_vendor_that_is_down_is_left_alone() {
    let app = TestApp::start().await;
    app.sandbox.fault(LOOKUP, None, Fault::status(503)).unwrap();
    for _ in 0..40 {
        let mut browser = app.browser();
        browser.page().await;
        assert_eq!(browser.attributes().await, json!({}));
    }
    let calls = app.sandbox.hits(LOOKUP);
    assert!(calls <= 6, "{calls} calls before the breaker opened");
    app.sandbox.clear_faults();
    app.surroundings.wait(seconds(2));
    assert_eq!(veras_browser(&app).await.attributes().await["Persona"], "Value Hunter");
}

#[tokio::test]
async fn a_vendor_that_asks_for_a_pause_gets_it() {
    let app = TestApp::start().await;
    let mut browser = veras_browser(&app).await;
    app.sandbox.fault(LOOKUP, Some(1), Fault::status(429).retry_after("20")).unwrap();
    assert_eq!(browser.attributes().await, json!({}));
    app.surroundings.wait(seconds(19));
    assert_eq!(browser.attributes().await, json!({}));
    assert_eq!(app.sandbox.hits(LOOKUP), 1);
    app.surroundings.wait(seconds(1));
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    assert_eq!(app.sandbox.hits(LOOKUP), 2);
}

#[tokio::test]
async fn a_refresh_takes_nothing_older_than_ten_seconds() {
    let app = TestApp::start().await;
    let mut browser = veras_browser(&app).await;
    browser.attributes().await;
    app.surroundings.wait(seconds(9));
    browser.refresh().await;
    assert_eq!(app.vendor_calls(), 1);
    app.surroundings.wait(seconds(1));
    browser.refresh().await;
    assert_eq!((app.sandbox.hits(LOOKUP), app.sandbox.hits(PROFILE)), (1, 1));
    browser.refresh().await;
    assert_eq!(app.vendor_calls(), 2, "what was just read is new enough");
}

#[tokio::test]
async fn a_profile_that_is_gone_is_looked_up_anew() {
    let app = TestApp::start().await;
    let mut browser = veras_browser(&app).await;
    browser.attributes().await;
    // The vendor has merged it into another one.
    app.sandbox.link(&browser.visitor().unwrap(), "alice").unwrap();
    app.sandbox.fault(PROFILE, Some(1), Fault::status(404)).unwrap();
    app.surroundings.wait(seconds(10));
    assert_eq!(browser.refresh().await["Persona"], "Style Seeker");
    assert_eq!((app.sandbox.hits(LOOKUP), app.sandbox.hits(PROFILE)), (2, 1));
}

/// Noticed while stale attributes were shown: the next page's look-up is the only further call.
#[tokio::test(start_paused = true)]
async fn a_profile_that_is_found_gone_behind_stale_attributes_is_looked_up_anew() {
    let app = TestApp::start_in_virtual_time(&TestConfig {
        verification: "off",
        ..TestConfig::default()
    });
    let mut browser = app.browser();
    browser.identify(&json!({"traits": {"email": "vera@example.com"}})).await;
    let mut other = app.browser();
    other.identify(&json!({"userId": "user-vera"})).await;
    for browser in [&mut browser, &mut other] {
        assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    }
    assert_eq!((app.sandbox.hits(LOOKUP), app.sandbox.hits(PROFILE)), (2, 0));
    app.surroundings.wait(seconds(301));
    app.sandbox.fault(PROFILE, Some(1), Fault::status(404)).unwrap();
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter", "stale");
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!((app.sandbox.hits(LOOKUP), app.sandbox.hits(PROFILE)), (2, 1));
    // Merged into a profile that other keys lead to.
    let merged = r#"{"profile_id":"merged","attributes":{"Persona":"New"}}"#;
    app.sandbox.fault(LOOKUP, Some(2), Fault::body(merged)).unwrap();
    for browser in [&mut other, &mut browser] {
        for _ in 0..2 {
            assert_eq!(browser.attributes().await["Persona"], "New");
        }
    }
    assert_eq!((app.sandbox.hits(LOOKUP), app.sandbox.hits(PROFILE)), (4, 1), "one for each key");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_is_tried_every_ten_seconds() {
    let app = TestApp::start_in_virtual_time(&TestConfig::default());
    let mut browser = veras_browser(&app).await;
    browser.attributes().await;
    app.surroundings.wait(seconds(301));
    app.sandbox.fault(PROFILE, None, Fault::status(418)).unwrap();
    let mut asked = Vec::new();
    for second in 0..35 {
        let before = app.sandbox.hits(PROFILE);
        assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        if app.sandbox.hits(PROFILE) > before {
            asked.push(second);
        }
    }
    assert_eq!(asked, [0, 10, 20, 30]);
    assert_eq!((app.sandbox.hits(LOOKUP), app.sandbox.hits(PROFILE)), (1, 4));
}

/// Whoever is forgotten while the vendor is asked is not brought back by its answer.
#[tokio::test(start_paused = true)]
async fn a_call_under_way_does_not_outlive_a_forgetting() {
    let app = TestApp::start_in_virtual_time(&TestConfig::default());
    let slow = || Fault::delay(std::time::Duration::from_millis(500));
    let a_moment = || tokio::time::sleep(std::time::Duration::from_millis(100));
    let forget = format!("/v1/forget?key={}", datafly_tests::PIPELINE);

    // A look-up that a page waits for.
    let mut browser = veras_browser(&app).await;
    app.sandbox.fault(LOOKUP, Some(1), slow()).unwrap();
    let mut tab = browser.clone();
    let waiting = tokio::spawn(async move { tab.attributes().await });
    a_moment().await;
    while_time_stands(browser.fetch("POST", &forget, "")).await;
    assert_eq!(waiting.await.unwrap(), json!({}));

    // A refresh that nobody waits for.
    let mut browser = veras_browser(&app).await;
    browser.attributes().await;
    app.surroundings.wait(seconds(301));
    app.sandbox.fault(PROFILE, Some(1), slow()).unwrap();
    browser.attributes().await;
    a_moment().await;
    while_time_stands(browser.fetch("POST", &forget, "")).await;

    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let filled = app.app.engine.caches().filled();
    assert!(filled.iter().all(|cache| cache.entries == 0), "{filled:?}");
    assert_eq!((app.sandbox.hits(LOOKUP), app.sandbox.hits(PROFILE)), (2, 1));
}

/// Under `required` only what the token proved was looked up, and that is dropped also when the proof is over.
#[tokio::test]
async fn forgetting_drops_what_an_expired_proof_led_to() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    browser.identify(&app.log_in("alice").await).await;
    assert_eq!(browser.attributes().await["Persona"], "Style Seeker");
    app.surroundings.wait(SignedDuration::from_hours(25));
    assert_eq!(browser.attributes().await, json!({}));
    browser.fetch("POST", &format!("/v1/forget?key={}", datafly_tests::PIPELINE), "").await;
    let filled = app.app.engine.caches().filled();
    assert!(filled.iter().all(|cache| cache.entries == 0), "{filled:?}");
    assert_eq!(app.sandbox.hits(LOOKUP), 2);
}

/// Nobody empties another person's cache by claiming to be them and leaving.
#[tokio::test]
async fn forgetting_under_required_drops_nothing_by_a_claim() {
    let app = TestApp::start().await;
    let mut alice = app.browser();
    alice.identify(&app.log_in("alice").await).await;
    alice.attributes().await;
    let mut stranger = app.browser();
    stranger
        .identify(&json!({"userId": "user-123", "traits": {"email": "alice@example.com"}}))
        .await;
    stranger.fetch("POST", &format!("/v1/forget?key={}", datafly_tests::PIPELINE), "").await;
    assert_eq!(alice.attributes().await["Persona"], "Style Seeker");
    assert_eq!(app.vendor_calls(), 1);
}

#[tokio::test]
async fn lives_and_memory_change_with_the_configuration() {
    let app = TestApp::start().await;
    let mut browser = veras_browser(&app).await;
    browser.attributes().await;
    app.surroundings.wait(seconds(60));
    browser.attributes().await;
    assert_eq!(app.vendor_calls(), 1);
    let server = "[server.cache]\nfresh_seconds = 60\nstale_seconds = 60";
    let config = TestConfig { server, ..TestConfig::default() };
    assert_eq!(app.reconfigure(&config), [""; 0], "nothing needs a restart");
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    assert_eq!((app.sandbox.hits(LOOKUP), app.sandbox.hits(PROFILE)), (1, 1), "asked anew at once");

    let long = "x".repeat(8_000);
    let profile = |n: u32| format!(r#"{{"profile_id":"p{n}","attributes":{{"Other":"{long}"}}}}"#);
    for n in 0..200 {
        let mut browser = app.browser();
        browser.page().await;
        app.sandbox.fault(LOOKUP, Some(1), Fault::body(profile(n))).unwrap();
        browser.attributes().await;
    }
    let bytes = || app.app.engine.caches().filled().iter().map(|cache| cache.bytes).sum::<u64>();
    assert!(bytes() > 1024 * 1024, "{}", bytes());
    let server = "[server.cache]\nmemory_mb = 1";
    app.reconfigure(&TestConfig { server, ..TestConfig::default() });
    assert!(bytes() <= 1024 * 1024, "{}", bytes());
}

/// One browser that asks every second: the seconds in which the vendor heard of it.
async fn seconds_asked(app: &TestApp, browser: &mut Browser, until: i64) -> Vec<i64> {
    let mut asked = Vec::new();
    for second in 0..until {
        let before = app.sandbox.hits(LOOKUP);
        browser.attributes().await;
        if app.sandbox.hits(LOOKUP) > before {
            asked.push(second);
        }
        app.surroundings.wait(seconds(1));
    }
    asked
}

#[tokio::test]
async fn misses_are_dampened_and_news_allow_two_early_retries() {
    let server = "[server.limits]\nvisitor_per_minute = 100000";
    let app = TestApp::start_with(TestConfig { server, ..TestConfig::default() }).await;
    let mut browser = app.browser();
    // The loader made the id; no event came yet.
    browser.enrich().await;
    assert_eq!(seconds_asked(&app, &mut browser, 40).await, [0, 30]);
    browser.page().await;
    assert_eq!(seconds_asked(&app, &mut browser, 100).await, [5, 15, 75]);
    for _ in 0..3 {
        browser.page().await;
    }
    assert_eq!(
        seconds_asked(&app, &mut browser, 60).await,
        [] as [i64; 0],
        "later events change nothing"
    );
}

#[tokio::test]
async fn every_visitor_s_cache_is_its_own() {
    let app = TestApp::start().await;
    let mut vera = veras_browser(&app).await;
    let mut alice = app.browser();
    alice.page().await;
    app.sandbox.link(&alice.visitor().unwrap(), "alice").unwrap();
    for _ in 0..3 {
        assert_eq!(vera.attributes().await["Persona"], "Value Hunter");
        assert_eq!(alice.attributes().await["Persona"], "Style Seeker");
    }
    assert_eq!(app.vendor_calls(), 2);
}

#[tokio::test]
async fn crawlers_are_not_looked_up() {
    let app = TestApp::start().await;
    let mut browser = veras_browser(&app).await;
    let path = format!("/v1/enrich?provider=amperity&key={}", datafly_tests::PIPELINE);
    let headers = [
        ("origin", datafly_tests::SITE),
        ("sec-fetch-mode", "cors"),
        ("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)"),
    ];
    let answer = browser.send("GET", &path, &headers, "").await;
    assert_eq!(answer.json()["attributes"], json!({}));
    assert_eq!(app.vendor_calls(), 0);
}
