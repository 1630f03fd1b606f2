//! What becomes of accepted events, in virtual time: each answer of a vendor leads to its fate, one destination's
//! troubles are nobody else's, and nothing is lost.

use std::collections::BTreeSet;
use std::time::Duration;

use datafly_sandbox::{Fault, StreamMode};
use datafly_store::queue::{Backlog, ConsumerUsage};
use datafly_tests::{Browser, PIPELINE, TestApp, TestConfig, while_the_disk_works};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

const EVENTS: &str = "amperity.events";

const WEBHOOK: &str = r#"
[[pipelines.integrations]]
vendor = "webhook"
url = "http://VENDOR/webhook"
private_host = "127.0.0.1"
secret = { env = "WEBHOOK" }
consent_category = "marketing"
"#;

fn app() -> TestApp {
    app_with(&TestConfig::default())
}

fn app_with(config: &TestConfig) -> TestApp {
    TestApp::start_in_virtual_time(config)
}

async fn track(browser: &mut Browser, id: &str) {
    let event = json!({"event": "view_cart", "messageId": id}).to_string();
    let answer = browser.fetch("POST", &format!("/v1/t?key={PIPELINE}"), &event).await;
    assert_eq!(answer.status, 200);
}

/// What is kept for a destination.
async fn kept(app: &TestApp, destination: &str) -> ConsumerUsage {
    loop {
        let usage = app.app.outbox.usage().await.unwrap();
        let of_pipeline = usage.pipelines.into_iter().filter(|it| it.pipeline.as_str() == PIPELINE);
        let mut consumers = of_pipeline.flat_map(|it| it.consumers);
        match consumers.find(|it| it.destination.as_str() == destination) {
            Some(kept) => return kept,
            // It is being opened.
            None => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Time passes until it holds: it is no measure of it, as time also runs on while the disk is waited for.
async fn soon(what: &str, holds: impl AsyncFn() -> bool) {
    within(600, what, holds).await;
}

/// Time passes until it holds, but no more than so many seconds.
async fn within(seconds: u64, what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..seconds {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        while_the_disk_works().await;
    }
    assert!(holds().await, "not within {seconds} s: {what}");
}

fn ids(events: &[Map<String, Value>]) -> BTreeSet<String> {
    events.iter().map(|event| event["message_id"].as_str().unwrap().to_owned()).collect()
}

fn taken(app: &TestApp) -> Vec<Map<String, Value>> {
    app.sandbox.events().into_iter().map(|event| event.body).collect()
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again_until_it_is_taken() {
    for status in [408, 429, 500, 502, 503, 504] {
        let app = app();
        let _delivering = app.deliver();
        app.sandbox.fault(EVENTS, Some(3), Fault::status(status)).unwrap();
        track(&mut app.browser(), "m").await;
        soon("it is taken", async || !taken(&app).is_empty()).await;
        assert_eq!((app.sandbox.hits(EVENTS), taken(&app).len()), (4, 1), "{status}");
        soon("it is settled", async || kept(&app, "amperity").await.retries.events == 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_the_event_s_fault_is_a_dead_letter() {
    for status in [400, 411, 413, 415] {
        let app = app();
        let _delivering = app.deliver();
        app.sandbox.fault(EVENTS, Some(1), Fault::status(status)).unwrap();
        let mut browser = app.browser();
        track(&mut browser, "bad").await;
        soon("it is dead", async || kept(&app, "amperity").await.dead_letters.events == 1).await;
        track(&mut browser, "good").await;
        soon("the next one is taken", async || taken(&app).len() == 1).await;
        assert_eq!(app.sandbox.hits(EVENTS), 2, "{status}: it is not sent again");
        assert_eq!(ids(&taken(&app)), BTreeSet::from(["good".to_owned()]));
    }
}

/// Nothing is at fault but the configuration: events wait, and one of them asks once a minute.
#[tokio::test(start_paused = true)]
async fn what_is_the_configuration_s_fault_pauses_the_destination() {
    for status in [401, 403, 404, 409] {
        let app = app();
        let _delivering = app.deliver();
        app.sandbox.fault(EVENTS, None, Fault::status(status)).unwrap();
        let mut browser = app.browser();
        for n in 0..80 {
            track(&mut browser, &format!("m-{n}")).await;
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
        let at_first = app.sandbox.hits(EVENTS);
        // Those that were under way when the first answer came.
        assert!((1..=64).contains(&at_first), "{status}: {at_first}");
        tokio::time::sleep(Duration::from_mins(10)).await;
        let probes = app.sandbox.hits(EVENTS) - at_first;
        assert!((9..=11).contains(&probes), "{status}: {probes}");
        assert_eq!(kept(&app, "amperity").await.dead_letters, Backlog::default());
        app.sandbox.clear_faults();
        soon("all are taken", async || taken(&app).len() == 80).await;
        assert_eq!(ids(&taken(&app)).len(), 80, "{status}: none twice");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_drops_events_has_taken_them() {
    let app = app();
    let _delivering = app.deliver();
    app.sandbox.set_stream_mode(StreamMode::Drop);
    track(&mut app.browser(), "m").await;
    soon("it is sent", async || app.sandbox.hits(EVENTS) == 1).await;
    soon("and settled", async || kept(&app, "amperity").await.lag.events == 0).await;
    let metrics = app.app.metrics.text(&app.app.engine, &app.app.guards).unwrap();
    assert!(metrics.contains(r#"destination="amperity",fate="dropped"} 1"#), "{metrics}");
}

#[tokio::test(start_paused = true)]
async fn a_dead_destination_is_nobody_else_s_trouble() {
    let app = app_with(&TestConfig { integrations: WEBHOOK, ..TestConfig::default() });
    let _delivering = app.deliver();
    app.sandbox.fault("webhook.events", None, Fault::status(503)).unwrap();
    let mut browser = app.browser();
    let consent = json!({"messageId": "c", "context": {"consent": {"marketing": true}}});
    browser.fetch("POST", &format!("/v1/p?key={PIPELINE}"), &consent.to_string()).await;
    for n in 0..100 {
        track(&mut browser, &format!("m-{n}")).await;
    }
    soon("the others are taken", async || taken(&app).len() == 101).await;
    tokio::time::sleep(Duration::from_hours(1)).await;
    let asked = app.sandbox.hits("webhook.events");
    assert!(asked < 200, "an hour of probing, not of hammering: {asked}");
    let waiting = kept(&app, "webhook").await;
    assert_eq!(waiting.lag.events + waiting.retries.events, 101);
    app.sandbox.clear_faults();
    let arrived = async || app.sandbox.delivered("webhook").len() >= 101;
    within(3_700, "what waited arrives", arrived).await;
    let arrived = app.sandbox.delivered("webhook");
    assert!(arrived.iter().all(|delivery| !delivery.duplicate));
    assert_eq!(taken(&app).len(), 101);
}

#[tokio::test(start_paused = true)]
async fn a_day_without_the_vendor_loses_nothing() {
    let app = app();
    let _delivering = app.deliver();
    app.sandbox.fault(EVENTS, None, Fault::status(503)).unwrap();
    let mut browser = app.browser();
    for n in 0..240 {
        track(&mut browser, &format!("m-{n}")).await;
        tokio::time::sleep(Duration::from_mins(6)).await;
    }
    let waiting = kept(&app, "amperity").await;
    assert_eq!(waiting.lag.events + waiting.retries.events, 240);
    assert_eq!(waiting.dead_letters.events, 0);
    app.sandbox.clear_faults();
    within(2 * 3_600, "all are taken", async || taken(&app).len() >= 240).await;
    assert_eq!((taken(&app).len(), ids(&taken(&app)).len()), (240, 240), "each once");
    assert_eq!(kept(&app, "amperity").await.dead_letters.events, 0);
}

#[tokio::test(start_paused = true)]
async fn a_destination_gets_what_its_category_allows_and_nothing_where_nothing_was_said() {
    let app = app_with(&TestConfig { integrations: WEBHOOK, ..TestConfig::default() });
    let _delivering = app.deliver();
    let mut browser = app.browser();
    let path = format!("/v1/p?key={PIPELINE}");
    let said = |id: &str, consent: Value| {
        json!({"messageId": id, "context": {"consent": consent}}).to_string()
    };
    browser.fetch("POST", &path, r#"{"messageId":"nothing"}"#).await;
    browser
        .fetch("POST", &path, &said("denied", json!({"marketing": false, "analytics": true})))
        .await;
    browser.fetch("POST", &path, &said("allowed", json!({"marketing": true}))).await;
    let headers =
        [("origin", datafly_tests::SITE), ("content-type", "text/plain"), ("sec-gpc", "1")];
    browser.send("POST", &path, &headers, &said("objected", json!({"marketing": true}))).await;
    soon("the others have all", async || taken(&app).len() == 4).await;
    soon("it is settled", async || kept(&app, "webhook").await.lag.events == 0).await;
    let delivered: Vec<_> =
        app.sandbox.delivered("webhook").into_iter().map(|it| it.id.unwrap()).collect();
    assert_eq!(delivered, ["allowed"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_takes_its_visitor_s_attributes_where_the_owner_names_them() {
    let app = app_with(&TestConfig {
        integration: "blueprint_file = \"FOLDER/own.yaml\"",
        blueprint: "version: 2\nextends: retail\nglobal:\n  mappings:\n    \
                    - { source: partner_attrs.amperity.LifetimeTier, target: user_tier }\n",
        ..TestConfig::default()
    });
    let mut browser = app.browser();
    browser.identify(&app.log_in("alice").await).await;
    track(&mut browser, "hers").await;
    track(&mut app.browser(), "nobody's").await;
    let _delivering = app.deliver();
    soon("all are taken", async || taken(&app).len() == 3).await;
    let events = taken(&app);
    let by_id = |id: &str| events.iter().find(|event| event["message_id"] == id).unwrap();
    let hers = by_id("hers");
    assert_eq!(hers["user_tier"], "Platinum");
    assert!(hers["amperity_id"].is_string());
    assert!(!by_id("nobody's").contains_key("user_tier"));
    // Named attributes alone: the vendor knows far more of her.
    let all = serde_json::to_string(&events).unwrap();
    assert!(!all.contains("Style Seeker") && !all.contains("Maison Lune"), "{all}");
}

/// What it could not enrich goes on without.
#[tokio::test(start_paused = true)]
async fn a_vendor_that_answers_no_look_up_holds_up_no_event() {
    let app = app();
    let _delivering = app.deliver();
    let slow = Fault::delay(Duration::from_secs(30));
    app.sandbox.fault("amperity.lookup.post", None, slow).unwrap();
    let mut browser = app.browser();
    for n in 0..50 {
        track(&mut browser, &format!("m-{n}")).await;
    }
    soon("all are taken", async || taken(&app).len() == 50).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_forgotten_never_leaves() {
    let app = app();
    let mut browser = app.browser();
    track(&mut browser, "before").await;
    track(&mut app.browser(), "another's").await;
    browser.fetch("POST", &format!("/v1/forget?key={PIPELINE}"), "").await;
    track(&mut browser, "after").await;
    let _delivering = app.deliver();
    soon("the others are taken", async || taken(&app).len() >= 2).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let expected = ["after", "another's"].map(str::to_owned);
    assert_eq!(ids(&taken(&app)), expected.into());
}

/// A destination that is configured from now on gets what comes from now on.
#[tokio::test(start_paused = true)]
async fn a_reload_starts_and_stops_destinations() {
    let app = app();
    let _delivering = app.deliver();
    let mut browser = app.browser();
    let consent = json!({"messageId": "before", "context": {"consent": {"marketing": true}}});
    browser.fetch("POST", &format!("/v1/p?key={PIPELINE}"), &consent.to_string()).await;
    soon("it is taken", async || taken(&app).len() == 1).await;
    app.reconfigure(&TestConfig { integrations: WEBHOOK, ..TestConfig::default() });
    tokio::time::sleep(Duration::from_secs(2)).await;
    track(&mut browser, "with").await;
    soon("both have it", async || app.sandbox.delivered("webhook").len() == 1).await;
    app.reconfigure(&TestConfig::default());
    tokio::time::sleep(Duration::from_secs(2)).await;
    track(&mut browser, "without").await;
    soon("it is taken", async || taken(&app).len() == 3).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let delivered: Vec<_> =
        app.sandbox.delivered("webhook").into_iter().map(|it| it.id.unwrap()).collect();
    assert_eq!(delivered, ["with"]);
}

#[tokio::test(start_paused = true)]
async fn stopping_and_starting_again_loses_nothing() {
    let app = app();
    let delivering = app.deliver();
    let mut browser = app.browser();
    app.sandbox.fault(EVENTS, Some(2), Fault::status(503)).unwrap();
    for n in 0..10 {
        track(&mut browser, &format!("m-{n}")).await;
    }
    drop(delivering);
    tokio::time::sleep(Duration::from_secs(5)).await;
    app.surroundings.wait(SignedDuration::from_secs(60));
    let _delivering = app.deliver();
    soon("all are taken", async || ids(&taken(&app)).len() == 10).await;
}

/// Past what may wait, events are refused with when to come again; what was accepted is not touched, and when it has
/// left there is room.
#[tokio::test(start_paused = true)]
async fn where_no_more_may_wait_events_are_answered_503() {
    let app =
        app_with(&TestConfig { server: "[server.outbox]\nmax_mb = 8", ..TestConfig::default() });
    let mut browser = app.browser();
    let path = format!("/v1/p?key={PIPELINE}");
    let large =
        |n: usize| json!({"messageId": format!("m-{n}"), "properties": {"x": "x".repeat(50_000)}});
    let mut accepted = 0;
    let refused = loop {
        // Limits are not what is tested.
        app.surroundings.wait(SignedDuration::from_secs(1));
        let answer = browser.fetch("POST", &path, &large(accepted).to_string()).await;
        if answer.status != 200 {
            break answer;
        }
        accepted += 1;
        assert!(accepted < 5_000, "it is never full");
    };
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (503, "OUTBOX_UNAVAILABLE"));
    assert_eq!(refused.header("retry-after"), "30");
    let _delivering = app.deliver();
    let expected = accepted as u64;
    let all = async || app.sandbox.accepted_events() == expected;
    within(36_000, "all that was accepted is taken", all).await;
    let again = async || {
        let mut browser = app.browser();
        browser.fetch("POST", &path, &large(accepted).to_string()).await.status == 200
    };
    soon("there is room again", again).await;
}

/// Nobody can know an id that its first event has just made known; and a miss would keep the next page waiting.
#[tokio::test(start_paused = true)]
async fn a_visitor_s_first_event_asks_nobody() {
    let app = app();
    let _delivering = app.deliver();
    let mut browser = app.browser();
    track(&mut browser, "first").await;
    soon("it is taken", async || taken(&app).len() == 1).await;
    assert_eq!(app.sandbox.hits("amperity.lookup.post"), 0);
    app.sandbox.link(&browser.visitor().unwrap(), "vera").unwrap();
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    track(&mut browser, "second").await;
    soon("it is taken", async || taken(&app).len() == 2).await;
    assert!(taken(&app)[1]["amperity_id"].is_string());
}
