//! Credentials that end while the server runs: pages and events wait for whoever replaces them, and nothing is lost.

use std::collections::BTreeSet;

use datafly_sandbox::{self as sandbox, key_id};
use datafly_server::reload::Reload;
use datafly_tests::{ADMIN, Browser, PIPELINE, TestApp, TestConfig};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

const PASTED: fn() -> TestConfig = || TestConfig {
    server: ADMIN,
    credentials: "api_key = { file = \"FOLDER/ingest\" }\nprofile_api_key = { file = \"FOLDER/profile\" }",
    files: &[("ingest", sandbox::INGEST_TOKEN), ("profile", sandbox::PROFILE_TOKEN)],
    ..TestConfig::default()
};

const ISSUED: fn() -> TestConfig = || TestConfig {
    server: ADMIN,
    credentials: "api_token = { issuer_token = { file = \"FOLDER/issuer\" }, api_key_id = \"ak-ingest\" }\n\
                  profile_api_token = { client_id = \"ak-profile\", client_secret = { file = \"FOLDER/client\" } }",
    files: &[
        ("issuer", sandbox::ISSUER_TOKEN),
        ("client", "sandbox-client-secret-of-profile-3d90b7a1"),
    ],
    ..TestConfig::default()
};

async fn track(browser: &mut Browser, id: &str) {
    let event = json!({"event": "view_cart", "messageId": id}).to_string();
    let answer = browser.fetch("POST", &format!("/v1/t?key={PIPELINE}"), &event).await;
    assert_eq!(answer.status, 200);
}

/// The tracked events that the vendor has, and each of them once.
fn taken(app: &TestApp) -> BTreeSet<String> {
    let events = app.sandbox.events().into_iter();
    let ids: Vec<_> = events
        .filter_map(|event| event.body["message_id"].as_str().map(str::to_owned))
        .filter(|id| id.starts_with("m-"))
        .collect();
    let set: BTreeSet<_> = ids.iter().cloned().collect();
    assert_eq!(set.len(), ids.len(), "none twice: {ids:?}");
    set
}

/// A year from now.
fn token(app: &TestApp, label: &str) -> String {
    let end = Timestamp::constant(1_800_000_000, 0) + SignedDuration::from_hours(24 * 365);
    app.sandbox.issue_token(&key_id(label), Some(end)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_replaced_file_brings_deliveries_and_look_ups_back_without_a_restart() {
    let mut app = TestApp::start_in_virtual_time(&PASTED());
    let _delivering = app.deliver();
    let mut known = app.browser_of("vera").await;
    assert_eq!(known.attributes().await["Persona"], "Value Hunter");
    for n in 0..3 {
        track(&mut known, &format!("m-{n}")).await;
    }
    app.nothing_waits().await;
    assert_eq!(taken(&app).len(), 3);

    for label in ["ingest", "profile"] {
        app.sandbox.revoke_all(&key_id(label)).unwrap();
    }
    app.surroundings.wait(SignedDuration::from_mins(10));
    for n in 3..40 {
        track(&mut known, &format!("m-{n}")).await;
    }
    let sent = app.sandbox.hits("amperity.events");
    tokio::time::sleep(std::time::Duration::from_mins(10)).await;
    let probes = app.sandbox.hits("amperity.events") - sent;
    assert!(probes <= 15, "{probes} probes in ten minutes");
    // Stale for who was known, nothing for who was not, an error for nobody.
    assert_eq!(known.refresh().await["Persona"], "Value Hunter");
    let mut stranger = app.browser_of("bob").await;
    let answer = stranger.enrich().await;
    assert_eq!((answer.status.as_u16(), &answer.json()["attributes"]), (200, &json!({})));
    assert_eq!(taken(&app).len(), 3);
    assert!(app.watch.look(&app.app).is_none());

    app.write("ingest", &token(&app, "ingest"));
    app.write("profile", &token(&app, "profile"));
    assert!(
        matches!(app.watch.look(&app.app), Some(Reload::Done { restart }) if restart.is_empty())
    );
    app.nothing_waits().await;
    assert_eq!(taken(&app).len(), 40, "nothing is lost");
    let letters = app.admin("/api/dead-letters").await.json();
    assert_eq!(letters["dead_letters"], json!([]));
    // Past the breaker's longest wait.
    app.surroundings.wait(SignedDuration::from_mins(1));
    assert_ne!(stranger.refresh().await, json!({}));
}

#[tokio::test(start_paused = true)]
async fn issued_tokens_serve_both_sides_and_outlive_a_reload() {
    let mut app = TestApp::start_in_virtual_time(&ISSUED());
    let _delivering = app.deliver();
    let mut known = app.browser_of("vera").await;
    assert_eq!(known.attributes().await["Persona"], "Value Hunter");
    track(&mut known, "m-0").await;
    app.nothing_waits().await;
    let issued =
        |app: &TestApp| (app.sandbox.hits("amperity.tokens"), app.sandbox.hits("amperity.oauth2"));
    assert_eq!((taken(&app).len(), issued(&app)), (1, (1, 1)));
    app.reconfigure(&TestConfig { allowlist: "FavoriteBrand", ..ISSUED() });
    track(&mut known, "m-1").await;
    assert!(known.refresh().await["FavoriteBrand"].is_string());
    app.nothing_waits().await;
    assert_eq!((taken(&app).len(), issued(&app)), (2, (1, 1)));

    // Revoked and replaced within the same call: nobody notices.
    for label in ["ingest", "profile"] {
        app.sandbox.revoke_all(&key_id(label)).unwrap();
    }
    track(&mut known, "m-2").await;
    app.surroundings.wait(SignedDuration::from_mins(1));
    assert!(known.refresh().await["FavoriteBrand"].is_string());
    app.nothing_waits().await;
    assert_eq!((taken(&app).len(), issued(&app)), (3, (2, 2)));
    let _ = app.watch.look(&app.app);
}

/// Of every credential: whose it is, when it expires, and what became of it. Never what it is.
#[tokio::test(start_paused = true)]
async fn metrics_tell_of_every_credential() {
    let app = TestApp::start_in_virtual_time(&ISSUED());
    let mut known = app.browser_of("vera").await;
    known.attributes().await;
    app.sandbox.revoke_all(&key_id("profile")).unwrap();
    app.surroundings.wait(SignedDuration::from_mins(1));
    known.refresh().await;
    app.sandbox.fault("amperity.oauth2", None, sandbox::Fault::status(503)).unwrap();
    app.sandbox.revoke_all(&key_id("profile")).unwrap();
    app.surroundings.wait(SignedDuration::from_mins(1));
    known.refresh().await;
    let metrics = app.admin("/metrics").await;
    let metrics = String::from_utf8(metrics.body.to_vec()).unwrap();
    let of = |key: &str, kind: &str| {
        format!(r#"{{pipeline="dk_test_shop",integration="amperity",key="{key}",kind="{kind}"}}"#)
    };
    let (profiles, events) = (of("profile_api_token", "issued"), of("api_token", "issued"));
    for line in [
        format!("datafly_token_issued_total{profiles} 2"),
        format!("datafly_token_refused_total{profiles} 2"),
        format!("datafly_token_failed_total{profiles} 1"),
        format!("datafly_token_issued_total{events} 0"),
        format!("datafly_token_issued_total{} 0", of("api_token.issuer_token", "issuing")),
    ] {
        assert!(metrics.contains(&line), "{line} in {metrics}");
    }
    // The second token lives for an hour from the first minute on.
    let expiry = format!("datafly_token_expiry_seconds{profiles} 18000036");
    assert!(metrics.contains(&expiry), "{metrics}");
    assert!(!metrics.contains(&format!("token_expiry_seconds{events}")), "nothing was issued yet");
    assert!(!metrics.contains("sandbox-"), "{metrics}");
}
