//! How late events arrive, in virtual time of which the storage takes none: the owner hears of what is accepted faster
//! than it is delivered, and one destination's lateness is its own.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use datafly_sandbox::Fault;
use datafly_tests::{ADMIN, PIPELINE, TestApp, TestConfig};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::sleep;
use tracing_subscriber::util::SubscriberInitExt;

/// Everything may go to it, at ten a second.
const WEBHOOK: &str = r#"
[[pipelines.integrations]]
vendor = "webhook"
url = "http://VENDOR/webhook"
private_host = "127.0.0.1"
secret = { env = "WEBHOOK" }
consent_category = "essential"
requests_per_second = 10
"#;

fn app() -> TestApp {
    TestApp::start_in_exact_time(&TestConfig {
        server: ADMIN,
        integration: "enrich_events = false",
        integrations: WEBHOOK,
        ..TestConfig::default()
    })
}

/// What is logged in this thread: all of the server, in a runtime of one.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines_with(&self, words: &str) -> Vec<String> {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        log.lines().filter(|line| line.contains(words)).map(str::to_owned).collect()
    }
}

/// The owner's `late_destinations`.
async fn late(app: &TestApp) -> Value {
    app.admin("/readyz").await.json()["late_destinations"].clone()
}

async fn metric(app: &TestApp, destination: &str) -> String {
    let text = String::from_utf8(app.admin("/metrics").await.body.to_vec()).unwrap();
    let start =
        format!("datafly_outbox_late{{pipeline=\"{PIPELINE}\",destination=\"{destination}\"}} ");
    let value = text.lines().find_map(|line| line.strip_prefix(&start));
    value.unwrap_or_else(|| unreachable!("{text}")).to_owned()
}

/// Accepts so many events in each of so many seconds.
async fn accept(app: &TestApp, first: usize, seconds: usize, per_second: usize) {
    for second in 0..seconds {
        let first = first + second * per_second;
        app.accept(first..first + per_second).await;
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_accepted_faster_than_the_budget_allows_is_told_once_and_so_is_its_end() {
    let log = Log::default();
    let written = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || written.clone());
    let _logged = subscriber.finish().set_default();
    let app = app();
    let _delivering = app.deliver();

    // Each second another half of a second is not delivered in time.
    accept(&app, 0, 110, 20).await;
    assert_eq!(late(&app).await, json!([]), "a minute late may be what is left of an outage");
    accept(&app, 2_200, 110, 20).await;
    let told = late(&app).await;
    let [webhook] = told.as_array().unwrap().as_slice() else { unreachable!("{told}") };
    assert_eq!(
        (&webhook["pipeline"], &webhook["destination"]),
        (&json!(PIPELINE), &json!("webhook"))
    );
    let oldest = webhook["oldest_seconds"].as_i64().unwrap();
    assert!((90..=125).contains(&oldest), "{oldest}");
    let advice = webhook["advice"].as_str().unwrap();
    assert!(
        advice.contains(
            "at most 10 requests a second: raise the integration's `requests_per_second`"
        ),
        "{advice}"
    );
    assert_eq!(
        (metric(&app, "webhook").await, metric(&app, "amperity").await),
        ("1".into(), "0".into())
    );

    // 2,200 events are left, of which the last were accepted just now.
    sleep(Duration::from_secs(230)).await;
    assert_eq!(app.sandbox.delivered("webhook").len(), 4_400);
    assert_eq!((late(&app).await, metric(&app, "webhook").await), (json!([]), "0".into()));
    let (behind, in_time) =
        (log.lines_with("accepted faster than"), log.lines_with("delivered in time again"));
    assert!(behind.len() == 1 && behind[0].contains("WARN"), "{behind:?}");
    assert!(in_time.len() == 1 && in_time[0].contains("INFO"), "{in_time:?}");
    assert!([&behind[0], &in_time[0]].iter().all(|line| line.contains("destination.name=webhook")));
}

/// The owner is told why they wait, and nothing that is not so.
#[tokio::test(start_paused = true)]
async fn what_waits_for_a_destination_that_fails_is_not_accepted_too_fast() {
    let app = app();
    app.sandbox.fault("webhook.events", None, Fault::status(503)).unwrap();
    let _delivering = app.deliver();
    accept(&app, 0, 300, 1).await;
    assert_eq!(late(&app).await, json!([]));
    app.sandbox.clear_faults();
    // What waited goes faster than what is new comes.
    accept(&app, 300, 300, 1).await;
    assert_eq!(late(&app).await, json!([]));
}

#[tokio::test(start_paused = true)]
async fn with_one_destination_dead_the_others_lag_does_not_grow() {
    let app = app();
    let _delivering = app.deliver();
    // How long the other's events took, of so many seconds.
    let took = async |first: usize| {
        let mut accepted = BTreeMap::<String, Timestamp>::new();
        for n in first..first + 1_000 {
            accepted.insert(format!("m-{n}"), app.app.clock.now());
            app.accept(n..n + 1).await;
            sleep(Duration::from_millis(10)).await;
        }
        sleep(Duration::from_secs(1)).await;
        let arrived = app.sandbox.events();
        let took = arrived.iter().filter_map(|event| {
            let accepted = accepted.get(event.body["message_id"].as_str()?)?;
            Some(event.at.duration_since(*accepted))
        });
        let took: Vec<SignedDuration> = took.collect();
        assert_eq!(took.len(), 1_000, "each arrives once");
        took.into_iter().max().unwrap()
    };
    let well = took(0).await;
    app.sandbox.fault("webhook.events", None, Fault::status(503)).unwrap();
    let dead = took(1_000).await;
    app.sandbox.clear_faults();
    app.sandbox.fault("webhook.events", None, Fault::delay(Duration::from_hours(1))).unwrap();
    let hanging = took(2_000).await;
    crate::tell(&format!(
        "the longest way to a destination: {well:?} while the other is well, {dead:?} while it is dead, {hanging:?} \
         while it hangs"
    ));
    assert!(dead <= well && hanging <= well, "{well:?}, {dead:?}, {hanging:?}");
}
