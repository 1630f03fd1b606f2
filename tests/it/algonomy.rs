//! A provider whose identifiers travel in headers and whose tokens live for minutes, from a page's side; and a
//! person's wish to be forgotten, on its way to that vendor.

use datafly_sandbox::Fault;
use datafly_tests::{ADMIN, Answer, Browser, PIPELINE, TestApp, TestConfig};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// Nothing of the profile but this may be seen.
const ALLOWED: &str = "membershipType";

const INTEGRATION: &str = r#"
[[pipelines.integrations]]
vendor = "algonomy"
profile_url = "http://VENDOR/algonomy"
gdpr_url = "http://VENDOR/algonomy"
tenant_hash = { env = "ALGONOMY_TENANT" }
oauth_key_secret = { env = "ALGONOMY_OAUTH" }
resources = ["basic", "segments"]
browser_attribute_allowlist = "membershipType"
linking_keys = [
  { source = "user_id", key = "customer_code_external" },
  { source = "email", key = "email_address" },
  { source = "phone", key = "mobile_number" },
]
"#;

async fn start(verification: &'static str, forget_requests: bool) -> TestApp {
    let section = format!("{INTEGRATION}forget_requests = {forget_requests}\n");
    let integrations = Box::leak(section.into_boxed_str());
    let server = ADMIN;
    TestApp::start_with(TestConfig { verification, server, integrations, ..TestConfig::default() })
        .await
}

async fn enrich(browser: &mut Browser) -> Answer {
    let path = format!("/v1/enrich?provider=algonomy&key={PIPELINE}");
    browser.fetch("GET", &path, "").await
}

async fn forget(browser: &mut Browser, body: &str) -> Answer {
    browser.fetch("POST", &format!("/v1/forget?key={PIPELINE}"), body).await
}

fn with_token(login: &Value) -> String {
    json!({ "token": login["token"] }).to_string()
}

/// What was asked of the vendor, and about whom.
fn asked(app: &TestApp) -> Vec<String> {
    let requests = app.sandbox.gdpr_requests().into_iter();
    requests.map(|it| format!("{} {} {}", it.req_type, it.req_param, it.value)).collect()
}

#[tokio::test]
async fn a_page_gets_what_is_allowed_of_whoever_is_proven() {
    let app = start("required", false).await;
    let mut browser = app.browser();
    browser.page().await;
    let nobody = enrich(&mut browser).await;
    assert_eq!(nobody.json()["attributes"], json!({}));
    assert_eq!(app.sandbox.hits("algonomy.token.create"), 0, "nobody is proven, nothing is asked");

    browser.identify(&app.log_in("alice").await).await;
    let known = enrich(&mut browser).await;
    let start = format!(r#"{{"provider":"algonomy","attributes":{{"{ALLOWED}":"Platinum"}}"#);
    assert!(known.all_bytes().contains(&start), "{known:?}");
    for hidden in ["Alice", "Mill Lane", "alice@example.com", "Style Seeker", "sandbox-algonomy"] {
        assert!(!known.all_bytes().contains(hidden), "{hidden}");
    }
    // From the loader's own bytes, without a second request.
    let loader = format!("/v1/loader.js?key={PIPELINE}");
    let included = [
        ("origin", datafly_tests::SITE),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-site", "same-site"),
    ];
    let script = browser.send("GET", &loader, &included, "").await;
    assert!(
        script.all_bytes().contains(r#""algonomy":{"membershipType":"Platinum"}"#),
        "{script:?}"
    );
    assert_eq!(app.sandbox.hits("algonomy.profile"), 2, "two resources, once");
    assert_eq!(app.sandbox.hits("algonomy.token.create"), 1);
    assert_eq!(app.sandbox.hits("algonomy.token.update"), 1);
}

/// Neither is one that cannot travel in a header: the next key is asked by.
#[tokio::test]
async fn an_identifier_that_no_header_carries_is_skipped() {
    let app = start("off", false).await;
    let mut browser = app.browser();
    browser
        .identify(&json!({"userId": "jos\u{e9}", "traits": {"email": "vera@example.com"}}))
        .await;
    assert_eq!(enrich(&mut browser).await.json()["attributes"], json!({ALLOWED: "Gold"}));
    assert_eq!(app.sandbox.hits("algonomy.profile"), 2);
    assert_eq!(app.sandbox.dead_algonomy_tokens(), 0);
}

#[tokio::test]
async fn dropped_tokens_are_no_page_s_concern() {
    let app = start("required", false).await;
    for (round, who) in ["alice", "vera"].into_iter().enumerate() {
        app.sandbox.drop_algonomy_tokens();
        let mut browser = app.browser();
        browser.identify(&app.log_in(who).await).await;
        assert_ne!(enrich(&mut browser).await.json()["attributes"], json!({}));
        assert_eq!(app.sandbox.dead_algonomy_tokens(), round as u64);
    }
}

#[tokio::test]
async fn while_no_token_is_issued_pages_get_what_was_known_and_afterwards_what_is() {
    let app = start("required", false).await;
    let (mut known, mut stranger) = (app.browser(), app.browser());
    known.identify(&app.log_in("alice").await).await;
    assert_eq!(enrich(&mut known).await.json()["attributes"], json!({ALLOWED: "Platinum"}));
    app.sandbox.drop_algonomy_tokens();
    app.sandbox.fault("algonomy.token.create", None, Fault::status(503)).unwrap();
    app.surroundings.wait(SignedDuration::from_hours(1));
    stranger.identify(&app.log_in("vera").await).await;
    for _ in 0..3 {
        assert_eq!(enrich(&mut known).await.json()["attributes"], json!({ALLOWED: "Platinum"}));
        assert_eq!(enrich(&mut stranger).await.json()["attributes"], json!({}));
    }
    assert_eq!(app.sandbox.dead_algonomy_tokens(), 0, "what had expired was not sent");
    app.sandbox.clear_faults();
    app.surroundings.wait(SignedDuration::from_hours(1));
    assert_eq!(enrich(&mut stranger).await.json()["attributes"], json!({ALLOWED: "Gold"}));
}

#[tokio::test]
async fn a_vendor_forgets_whom_the_very_request_proves() {
    let app = start("required", true).await;
    let mut browser = app.browser();
    let login = app.log_in("alice").await;
    browser.identify(&login).await;
    let answer = forget(&mut browser, &with_token(&login)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.set_cookies().len(), 2);
    // By the identifiers that its token proves and the vendor is asked by; never by the visitor's own id.
    assert_eq!(asked(&app), ["forget email alice@example.com", "forget mobile +447700900102"]);
    app.surroundings.wait(SignedDuration::from_hours(48));
    browser.identify(&app.log_in("alice").await).await;
    assert_eq!(enrich(&mut browser).await.json()["attributes"], json!({}));
    let metrics = app.admin("/metrics").await.all_bytes();
    let counted = format!(
        "datafly_erasure_total{{pipeline=\"{PIPELINE}\",provider=\"algonomy\",outcome=\"registered\"}} 1"
    );
    assert!(metrics.contains(&counted), "{metrics}");
}

#[tokio::test]
async fn without_a_proof_of_its_own_nothing_is_registered() {
    for verification in ["required", "optional", "off"] {
        let app = start(verification, true).await;
        // Alice is logged in here; whoever is at the browser now sends no token.
        let mut browser = app.browser();
        let login = app.log_in("alice").await;
        browser.identify(&login).await;
        for body in
            ["", "{}", r#"{"token":null}"#, r#"{"userId":"user-123","email":"alice@example.com"}"#]
        {
            assert_eq!(forget(&mut browser, body).await.status, 200, "{body}");
        }
        let path = format!("/v1/forget?key={PIPELINE}");
        let json = [("content-type", "application/json")];
        let no_browser = app.browser().send("POST", &path, &json, &with_token(&login)).await;
        assert_eq!((no_browser.status.as_u16(), &*no_browser.code()), (400, "NO_BROWSER"));
        for bad in ["not json", "[]", r#"{"token":7}"#] {
            let refused = forget(&mut browser, bad).await;
            assert_eq!(
                (refused.status.as_u16(), &*refused.code()),
                (400, "INVALID_FORGET"),
                "{bad}"
            );
        }
        assert_eq!(asked(&app), [""; 0]);
        assert_eq!(app.sandbox.hits("algonomy.gdpr.register"), 0);
    }
}

#[tokio::test]
async fn a_token_that_is_refused_forgets_nothing_here_or_there() {
    let app = start("required", true).await;
    let mut browser = app.browser();
    let login = app.log_in("alice").await;
    browser.identify(&login).await;
    let visitor = browser.visitor();
    app.surroundings.wait(SignedDuration::from_hours(2));
    let stale = forget(&mut browser, &with_token(&login)).await;
    assert_eq!((stale.status.as_u16(), &*stale.code()), (401, "IDENTITY_TOKEN_EXPIRED"));
    let forged = forget(&mut browser, r#"{"token":"x.y.z"}"#).await;
    assert_eq!(forged.status, 401);
    assert_eq!(browser.visitor(), visitor);
    assert_eq!(asked(&app), [""; 0]);
    // A new one is proof enough.
    let login = app.log_in("alice").await;
    assert_eq!(forget(&mut browser, &with_token(&login)).await.status, 200);
    assert_eq!(asked(&app).len(), 2);
}

#[tokio::test]
async fn switched_off_a_token_is_a_proof_of_nothing() {
    let app = start("required", false).await;
    let mut browser = app.browser();
    let login = app.log_in("alice").await;
    browser.identify(&login).await;
    assert_eq!(forget(&mut browser, &with_token(&login)).await.status, 200);
    assert_eq!(asked(&app), [""; 0]);
    assert_eq!(app.sandbox.hits("algonomy.token.create"), 0);
}

#[tokio::test]
async fn a_vendor_that_cannot_be_asked_is_asked_again_by_whoever_has_the_proof() {
    let app = start("required", true).await;
    let mut browser = app.browser();
    let login = app.log_in("alice").await;
    browser.identify(&login).await;
    app.sandbox.fault("algonomy.gdpr.register", Some(1), Fault::status(503)).unwrap();
    let failed = forget(&mut browser, &with_token(&login)).await;
    assert_eq!((failed.status.as_u16(), &*failed.code()), (503, "VENDORS_NOT_ASKED"));
    assert_eq!(failed.header("retry-after"), "30");
    assert_eq!(failed.set_cookies().len(), 2, "what is ours is forgotten all the same");
    assert!(browser.cookies.is_empty());
    assert!(!failed.all_bytes().contains("alice"), "{}", failed.all_bytes());
    let again = forget(&mut browser, &with_token(&login)).await;
    assert_eq!(again.status, 200);
    assert_eq!(asked(&app).len(), 2);
    let metrics = app.admin("/metrics").await.all_bytes();
    assert!(metrics.contains("outcome=\"unavailable\"}"), "{metrics}");
    assert!(!metrics.contains("alice"), "{metrics}");
}
