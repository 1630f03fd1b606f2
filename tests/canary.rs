//! Recognisable secrets and personal data are planted everywhere, then searched for in every response
//! byte and every log line, at the most talkative log level, of all crates.
//!
//! The one test of its process: its subscriber is the only one, so no line is lost to a thread that has
//! none (a call site remembers for all threads whether anybody listens).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io;
use std::sync::{Arc, Mutex};

use datafly_sandbox::{self as sandbox, Fault};
use datafly_tests::signed::bootstrap;
use datafly_tests::{
    ADMIN, ADMIN_TOKEN, Browser, PIPELINE, PROVIDERS, SERVER_KEY, SITE, TestApp, TestConfig,
};
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
        sandbox::ISSUER_TOKEN,
        CLIENT_SECRET,
        // How every token begins that the vendor issues.
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
        sandbox::INDEX_TOKENS[0],
        sandbox::ANSIRA_CLIENT_SECRET,
        "sandbox-ansira-token",
        // The assertion's signature.
        "c2lnbmF0dXJl",
        sandbox::REST_TOKENS[0],
        sandbox::IDENTITY_SECRET,
        "cookie-key-of-the-tests",
        SERVER_KEY,
        ADMIN_TOKEN,
        sandbox::ALGONOMY_TENANT_HASH,
        sandbox::ALGONOMY_OAUTH_KEY_SECRET,
        // Every token that it issues.
        "sandbox-algonomy-",
        "alice@example.com",
        "alice%40example.com",
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

const CLIENT_SECRET: &str = "sandbox-client-secret-of-profile-3d90b7a1";

/// Tokens that the vendor issues, in the place of pasted ones.
const ISSUED: &str = "api_token = { issuer_token = { file = \"FOLDER/issuer\" }, api_key_id = \"ak-ingest\" }\n\
                      profile_api_token = { client_id = \"ak-profile\", client_secret = { file = \"FOLDER/client\" } }";
/// How the providers beside Amperity's look a visitor up, and how they do here: with the address itself.
const BY_COOKIE: &str = "[{ source = \"canonical_id\", key = \"device_cookie\" }]";
const BY_EMAIL: &str = "[{ source = \"email\", key = \"email\" }]";

const OTHER_PROVIDERS: [(&str, &str); 4] = [
    ("amperity_index", "amperity_index.value.get"),
    ("ansira", "ansira.records"),
    ("loyalty", "rest.get"),
    ("search", "rest.post"),
];

/// What a page is answered for every provider but Amperity, while each of them has trouble and without.
async fn other_providers(app: &TestApp, browser: &mut Browser) -> String {
    let mut answers = String::new();
    for (provider, route) in OTHER_PROVIDERS {
        let path = format!("/v1/enrich?provider={provider}&key={PIPELINE}");
        for fault in [Fault::status(401), Fault::status(403), Fault::garbage(), Fault::status(500)]
        {
            app.surroundings.wait(SignedDuration::from_hours(1));
            app.sandbox.fault(route, Some(1), fault).unwrap();
            answers += &browser.fetch("GET", &path, "").await.all_bytes();
        }
        app.sandbox.clear_faults();
        app.surroundings.wait(SignedDuration::from_hours(1));
        let found = browser.fetch("GET", &path, "").await;
        assert_eq!(found.json()["attributes"].as_object().map(serde_json::Map::len), Some(1));
        answers += &found.all_bytes();
    }
    app.sandbox.fault("ansira.token", Some(1), Fault::status(400)).unwrap();
    app.replace_assertion();
    app.surroundings.wait(SignedDuration::from_hours(1));
    let path = format!("/v1/enrich?provider=ansira&key={PIPELINE}");
    answers + &browser.fetch("GET", &path, "").await.all_bytes()
}
/// A vendor that is told identifiers in headers, and whom to forget.
const ALGONOMY: &str = r#"
[[pipelines.integrations]]
vendor = "algonomy"
profile_url = "http://VENDOR/algonomy"
gdpr_url = "http://VENDOR/algonomy"
forget_requests = true
tenant_hash = { env = "ALGONOMY_TENANT" }
oauth_key_secret = { env = "ALGONOMY_OAUTH" }
browser_attribute_allowlist = "membershipType"
linking_keys = [
  { source = "email", key = "email_address" },
  { source = "phone", key = "mobile_number" },
]
"#;

fn config(verification: &'static str) -> TestConfig {
    let pasted = TestConfig::default().credentials;
    TestConfig {
        verification,
        credentials: if verification == "off" { ISSUED } else { pasted },
        files: &[("issuer", sandbox::ISSUER_TOKEN), ("client", CLIENT_SECRET)],
        server: ADMIN,
        integrations: (PROVIDERS.replace(BY_COOKIE, BY_EMAIL) + ALGONOMY).leak(),
        pipeline: "server_keys = [{ secret = { env = \"SERVER_KEY\" } }]",
        ..TestConfig::default()
    }
}

/// What the loader, a bootstrap, consent, forgetting and the owner's listener answer, also to what is wrong.
async fn rest_of_the_routes(app: &TestApp, browser: &mut Browser) -> String {
    let mut answers = String::new();
    let loader = format!("/v1/loader.js?key={PIPELINE}");
    let included = [("origin", SITE), ("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-site")];
    for headers in [&included[..], &[]] {
        answers += &browser.send("GET", &loader, headers, "").await.all_bytes();
    }
    for who in [
        json!({"email": "alice@example.com", "userId": "canary-user-id"}),
        json!({"canonicalId": browser.visitor(), "phone": "+447700900102"}),
        json!({"email": "canary@example.com", "x": "canary-property"}),
        json!({"email": ["canary@example.com"], "userId": {"canary-user-id": 1}}),
    ] {
        let answer = bootstrap(app, &who).await;
        assert_ne!(answer.status, 401);
        answers += &answer.all_bytes();
    }
    for state in [
        json!({"personalization": true, "categories": {"canary-property": true}}),
        json!({"analytics": "canary-property"}),
        json!(["canary-property"]),
    ] {
        let path = format!("/v1/consent?key={PIPELINE}");
        answers += &browser.fetch("POST", &path, &state.to_string()).await.all_bytes();
    }
    let path = format!("/v1/forget?key={PIPELINE}");
    answers += &browser.clone().fetch("POST", &path, "canary-property").await.all_bytes();
    for path in ["/metrics", "/readyz", "/healthz", "/openapi.json", "/canary-not-there"] {
        answers += &app.admin(path).await.all_bytes();
    }
    answers
}

#[tokio::test]
async fn no_secret_and_no_person_is_in_any_answer_or_log_line() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("trace"))
        .with_writer(move || writer.clone())
        .init();

    let mut answers = String::new();
    let mut token = String::new();
    for verification in ["required", "off"] {
        let app = TestApp::start_with(config(verification)).await;
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
        let id = browser.visitor().unwrap();
        let decisions = format!("/api/pipelines/{PIPELINE}/visitors/{id}");
        let shown = app.admin(&decisions).await.all_bytes();
        assert!(shown.contains("email_sha256"));
        answers += &shown;
        answers += &other_providers(&app, &mut browser).await;
        for fault in [Fault::status(401), Fault::garbage(), Fault::cut_body(), Fault::status(500)] {
            app.surroundings.wait(SignedDuration::from_hours(25));
            app.sandbox.fault("amperity.lookup.post", Some(1), fault).unwrap();
            answers += &browser.enrich().await.all_bytes();
        }
        for fault in [Fault::status(401), Fault::garbage(), Fault::cut_body(), Fault::status(500)] {
            app.surroundings.wait(SignedDuration::from_hours(25));
            app.sandbox.fault("amperity.oauth2", Some(1), fault).unwrap();
            answers += &browser.enrich().await.all_bytes();
        }
        for body in [r#"{"event":"e","properties":{"x":"canary-property"}}"#, "canary-property"] {
            let path = format!("/v1/t?key={}", datafly_tests::PIPELINE);
            answers += &browser.fetch("POST", &path, body).await.all_bytes();
            answers +=
                &browser.on("https://evil.test").fetch("POST", &path, body).await.all_bytes();
        }
        answers += &app.admin(&decisions).await.all_bytes();
        let enrich = format!("/v1/enrich?provider=algonomy&key={PIPELINE}");
        let faults = [Fault::status(401), Fault::garbage(), Fault::cut_body(), Fault::status(500)];
        for route in ["algonomy.profile", "algonomy.token.create"] {
            for fault in &faults {
                app.surroundings.wait(SignedDuration::from_hours(25));
                app.sandbox.fault(route, Some(1), fault.clone()).unwrap();
                answers += &browser.fetch("GET", &enrich, "").await.all_bytes();
            }
        }
        answers += &browser.identify(&app.log_in("alice").await).await.all_bytes();
        answers += &browser.fetch("GET", &enrich, "").await.all_bytes();
        answers += &rest_of_the_routes(&app, &mut browser).await;
        let forget = format!("/v1/forget?key={PIPELINE}");
        for fault in faults {
            app.sandbox.fault("algonomy.gdpr.register", Some(1), fault).unwrap();
            let proof = json!({"token": app.log_in("alice").await["token"]}).to_string();
            answers += &browser.clone().fetch("POST", &forget, &proof).await.all_bytes();
        }
        answers += &browser.reset().await.all_bytes();
        assert_eq!(app.sandbox.hits("amperity.oauth2") > 4, verification == "off");
    }

    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    // A search that finds nothing must have had something to search.
    assert!(answers.contains("Style Seeker"));
    assert!(answers.contains("Platinum"));
    assert!(log.contains("failed to look a visitor up"));
    assert!(log.contains("failed to register that somebody is to be forgotten"));
    for secret in secrets(&token) {
        assert!(!answers.contains(&secret), "an answer holds {secret}");
        let line = log.lines().find(|line| line.contains(&secret));
        assert!(line.is_none(), "the log holds {secret}: {line:?}");
    }
}
