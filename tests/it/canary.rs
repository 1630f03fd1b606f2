//! Recognisable secrets and personal data are planted everywhere, then searched for in every response
//! byte and every log line, at the most talkative log level, of all crates.

use std::io;
use std::sync::{Arc, Mutex};

use datafly_sandbox::{self as sandbox, Fault};
use datafly_tests::{TestApp, TestConfig};
use jiff::SignedDuration;
use serde_json::json;
use tracing_subscriber::EnvFilter;

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

/// Never in a log, never in an answer.
fn secrets(token: &str) -> Vec<String> {
    let secrets = [
        sandbox::PROFILE_TOKEN,
        sandbox::INGEST_TOKEN,
        sandbox::IDENTITY_SECRET,
        "cookie-key-of-the-tests",
        "alice@example.com",
        "+447700900102",
        "canary-user-id",
        "canary@example.com",
        "canary-property",
        // What the vendor knows and the owner did not allow.
        "InternalMargin",
        "HomeAddress",
        "Household",
    ];
    secrets.into_iter().map(str::to_owned).chain([token.to_owned()]).collect()
}

// One thread, so that the thread's own subscriber sees every line.
#[tokio::test(flavor = "current_thread")]
async fn no_secret_and_no_person_is_in_any_answer_or_log_line() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("trace"))
        .with_writer(move || writer.clone())
        .finish();
    // While there is only one, a line first reached by another test's thread counts as wanted by nobody.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber);

    let mut answers = String::new();
    let mut token = String::new();
    for verification in ["required", "off"] {
        let app = TestApp::start_with(TestConfig { verification, ..TestConfig::default() }).await;
        let login = app.log_in("alice").await;
        login["token"].as_str().unwrap().clone_into(&mut token);
        let mut browser = app.browser();
        answers += &browser.page().await.all_bytes();
        app.sandbox.link(&browser.visitor().unwrap(), "alice").unwrap();
        for who in [
            json!({"userId": "canary-user-id", "traits": {"email": "canary@example.com"}}),
            json!({"userId": 7, "traits": {"email": "canary@example.com"}}),
            json!({"userId": "user-bob", "token": login["token"]}),
            login.clone(),
        ] {
            answers += &browser.identify(&who).await.all_bytes();
            answers += &browser.enrich().await.all_bytes();
        }
        for fault in [Fault::status(401), Fault::garbage(), Fault::cut_body(), Fault::status(500)] {
            app.surroundings.wait(SignedDuration::from_hours(25));
            app.sandbox.fault("amperity.lookup.post", Some(1), fault).unwrap();
            answers += &browser.enrich().await.all_bytes();
        }
        for body in [r#"{"event":"e","properties":{"x":"canary-property"}}"#, "canary-property"] {
            let path = format!("/v1/t?key={}", datafly_tests::PIPELINE);
            answers += &browser.fetch("POST", &path, body).await.all_bytes();
            answers +=
                &browser.on("https://evil.test").fetch("POST", &path, body).await.all_bytes();
        }
        answers += &browser.reset().await.all_bytes();
    }

    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    // A search that finds nothing must have had something to search.
    assert!(answers.contains("Style Seeker"));
    assert!(log.contains("failed to look a visitor up"));
    for secret in secrets(&token) {
        assert!(!answers.contains(&secret), "an answer holds {secret}");
        let line = log.lines().find(|line| line.contains(&secret));
        assert!(line.is_none(), "the log holds {secret}: {line:?}");
    }
}
