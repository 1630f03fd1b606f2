//! More events than anybody takes: they are accepted all the same, and the enrich stage keeps only so far ahead.

use std::time::Duration;

use datafly_sandbox::Fault;
use datafly_store::queue::{Backlog, PipelineUsage};
use datafly_tests::{PIPELINE, TestApp, TestConfig};
use serde_json::{Value, json};

const EVENTS: usize = 2_500;

/// As [`datafly_server::outbox`] has it: what may wait enriched, and what one step adds to it.
const AHEAD: std::ops::Range<u64> = 1024..1024 + 256;

async fn usage(app: &TestApp) -> PipelineUsage {
    let usage = app.app.outbox.usage().await.unwrap();
    usage.pipelines.into_iter().find(|it| it.pipeline.as_str() == PIPELINE).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_waits_as_it_came_until_somebody_reads_on() {
    let app = TestApp::start_with(TestConfig::default()).await;
    // The fault of a configuration: the destination waits, and nothing of what waits for it is tried.
    app.sandbox.fault("amperity.events", None, Fault::status(401)).unwrap();
    let mut browser = app.browser();
    for first in (0..EVENTS).step_by(500) {
        let ids = first..first + 500;
        let batch: Vec<Value> = ids
            .map(|n| json!({"type": "track", "event": "view_cart", "messageId": format!("m-{n}")}))
            .collect();
        let path = format!("/v1/b?key={PIPELINE}");
        let answer = browser.fetch("POST", &path, &json!({"batch": batch}).to_string()).await;
        assert_eq!(answer.json()["accepted"], 500);
    }
    let _delivering = app.deliver();
    let ahead = async || {
        let usage = usage(&app).await;
        let enriched = EVENTS as u64 - usage.accepted.events;
        assert!(enriched < AHEAD.end, "{usage:?}");
        AHEAD.contains(&enriched)
    };
    while !ahead().await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(ahead().await);

    app.sandbox.clear_faults();
    // The destination is tried once a minute.
    app.surroundings.wait(jiff::SignedDuration::from_mins(2));
    app.nothing_waits().await;
    assert_eq!(usage(&app).await.accepted, Backlog::default());
    app.taken(EVENTS).await;
}
