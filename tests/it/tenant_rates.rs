//! Amperity's limit for a tenant is kept in every second, however that second is cut: look-ups and deliveries together,
//! at fifty times of it, while tokens of both are revoked again and again.

use std::sync::Arc;
use std::time::Duration;

use datafly_core::id::Identifier;
use datafly_core::linking_key::KeyValue;
use datafly_core::secret::SecretRef;
use datafly_provider::amperity::{AmperityEvents, AmperityProfiles, Config};
use datafly_provider::{Delivery, Destination, ProfileProvider, Surroundings, Turns};
use datafly_sandbox::{self as sandbox, Sandbox, SandboxConfig};
use datafly_server::protection::Guards;
use datafly_server::runtime;
use datafly_settings::Reader;
use datafly_tests::InProcess;
use datafly_tests::ansira::paused_clock;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::json;

use crate::tell;

/// Requests a second that a tenant has.
const LIMIT: usize = 500;

const SECONDS: u32 = 2;

struct Ours(datafly_tests::ansira::Clock);

impl runtime::Clock for Ours {
    fn now(&self) -> Timestamp {
        (self.0)()
    }
}

fn config() -> Config {
    let (ingest, profile) = (sandbox::client_secret("ingest"), sandbox::client_secret("profile"));
    let text = format!(
        r#"
        tenant_subdomain = "acme"
        tenant_id = "{tenant}"
        base_url = "http://127.0.0.1:1/amperity"
        event_stream_id = "{stream}"
        source_value = "{source}"
        profile_collection_id = "{collection}"
        api_token = {{ client_id = "ak-ingest", client_secret = {{ env = "{ingest}" }} }}
        profile_api_token = {{ client_id = "ak-profile", client_secret = {{ env = "{profile}" }} }}
        "#,
        tenant = sandbox::TENANT_ID,
        stream = sandbox::STREAM_ID,
        source = sandbox::SOURCE,
        collection = sandbox::COLLECTION_ID,
    );
    let reader = Reader::new(&text, &itself);
    reader.finish(reader.root().and_then(Config::read)).unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "the shape that a reader takes")]
fn itself(reference: &SecretRef) -> Result<SecretString, datafly_core::secret::SecretError> {
    match reference {
        SecretRef::Env(text) | SecretRef::File(text) => Ok(text.as_str().into()),
    }
}

fn most_in_a_second(sandbox: &Sandbox) -> (usize, usize) {
    let is_counted = |route: &str| matches!(route, "amperity.events" | "amperity.lookup.post");
    let requests = sandbox.requests();
    let mut sent: Vec<_> =
        requests.iter().filter(|it| is_counted(it.route)).map(|it| it.at).collect();
    sent.sort();
    let second = SignedDuration::from_secs(1);
    let until = |from: usize| sent.partition_point(|at| at.duration_since(sent[from]) < second);
    ((0..sent.len()).map(|from| until(from) - from).max().unwrap_or(0), sent.len())
}

#[tokio::test(start_paused = true)]
async fn look_ups_and_deliveries_together_never_exceed_a_tenant_s_limit() {
    let clock = paused_clock();
    let vendor =
        SandboxConfig { customers: 1, request_log_len: 10_000, ..SandboxConfig::default() };
    let vendor = Sandbox::new(vendor, Arc::clone(&clock));
    let guards = Arc::new(Guards::default());
    let ours: Arc<dyn runtime::Clock> = Arc::new(Ours(Arc::clone(&clock)));
    let (theirs, their_clock) = (Arc::clone(&guards), Arc::clone(&ours));
    let turns: Turns = Arc::new(move |quota| {
        let guard = theirs.of(quota, &their_clock);
        Box::pin(async move { guard.further_turn().await })
    });
    let around = Surroundings {
        transport: Arc::new(InProcess::new(vendor.router())),
        clock,
        secrets: Arc::new(itself),
        tokens: Arc::default(),
        turns,
    };
    let config = config();
    let profiles = Arc::new(AmperityProfiles::new(&around, &config).unwrap());
    let events = Arc::new(AmperityEvents::new(&around, &config));
    let guard = guards.of(profiles.quota(), &ours);

    let deliveries: Vec<_> = (0..64)
        .map(|worker| {
            let (guard, events) = (Arc::clone(&guard), Arc::clone(&events));
            tokio::spawn(async move {
                for n in 0.. {
                    guard.delivery_turn().await;
                    let at = Timestamp::constant(1_800_000_000, 0);
                    let body = json!({"type": "view_item"}).as_object().cloned().unwrap();
                    let message_id = format!("{worker}-{n}").into();
                    events.deliver(&[Delivery { message_id, at, body }], at).await;
                }
            })
        })
        .collect();
    let a_second = 50 * u32::try_from(LIMIT).unwrap();
    for n in 0..SECONDS * a_second {
        if n % (a_second / 2) == a_second / 4 {
            for key in ["ak-ingest", "ak-profile"] {
                vendor.revoke_all(key).unwrap();
            }
        }
        let (guard, profiles) = (Arc::clone(&guard), Arc::clone(&profiles));
        tokio::spawn(async move {
            let email = Identifier::new(format!("customer-{n}@example.com")).unwrap();
            let key = KeyValue { key: "email".into(), value: email };
            drop(guard.call(|| profiles.look_up(&key)).await);
        });
        // A millisecond is what the runtime's clock can tell apart.
        if n % (a_second / 1000) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    deliveries.iter().for_each(tokio::task::JoinHandle::abort);

    let (most, sent) = most_in_a_second(&vendor);
    tell(&format!("{sent} requests in {SECONDS} s, at most {most} in a second"));
    assert!(most <= LIMIT, "{most}");
    assert!(
        sent >= LIMIT * usize::try_from(SECONDS).unwrap() * 9 / 10,
        "{sent}: the rest is not used"
    );
    assert!(vendor.token_refusals().revoked > 0, "tokens ended under load");
    for route in ["amperity.events", "amperity.lookup.post"] {
        assert!(vendor.hits(route) > sent as u64 / 10, "{route} has its share");
    }
}
