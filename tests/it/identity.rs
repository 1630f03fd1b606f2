//! Who somebody is: claims, proof, log-in and log-out.

use datafly_tests::{Browser, TestApp, TestConfig};
use jiff::SignedDuration;
use serde_json::{Value, json};

async fn with(verification: &'static str) -> TestApp {
    TestApp::start_with(TestConfig { verification, ..TestConfig::default() }).await
}

fn claim_to_be_alice() -> Value {
    json!({"userId": "user-123", "traits": {"email": "alice@example.com"}})
}

/// Every identifier that was ever sent to the vendor.
fn sent_identifiers(app: &TestApp) -> Vec<(String, String)> {
    let requests = app.sandbox.requests();
    let keys = requests.iter().filter_map(|request| request.body["keys"].as_object().cloned());
    keys.flatten().map(|(key, value)| (key, value.as_str().unwrap().to_owned())).collect()
}

#[tokio::test]
async fn under_off_a_bare_identify_gives_richer_attributes() {
    let app = with("off").await;
    let mut browser = app.browser();
    browser.page().await;
    assert_eq!(browser.attributes().await, json!({}));
    assert_eq!(browser.identify(&claim_to_be_alice()).await.json()["success"], true);
    assert_eq!(browser.attributes().await["Persona"], "Style Seeker");
}

#[tokio::test]
async fn under_required_nothing_changes_until_there_is_a_token() {
    let app = with("required").await;
    let mut browser = app.browser();
    browser.page().await;
    assert_eq!(browser.identify(&claim_to_be_alice()).await.status, 200);
    assert_eq!(browser.attributes().await, json!({}));
    assert!(sent_identifiers(&app).iter().all(|(key, _)| key == "device_cookie"));

    let login = app.log_in("alice").await;
    assert_eq!(browser.identify(&login).await.status, 200);
    assert_eq!(browser.attributes().await["Persona"], "Style Seeker");
}

#[tokio::test]
async fn a_binding_lasts_a_day_and_a_new_token_renews_it() {
    let app = with("required").await;
    let mut browser = app.browser();
    browser.identify(&app.log_in("alice").await).await;
    app.surroundings.wait(SignedDuration::from_hours(23));
    assert_eq!(browser.attributes().await["Persona"], "Style Seeker");
    app.surroundings.wait(SignedDuration::from_hours(2));
    assert_eq!(browser.attributes().await, json!({}));
    browser.identify(&app.log_in("alice").await).await;
    assert_eq!(browser.attributes().await["Persona"], "Style Seeker");
}

#[tokio::test]
async fn a_bad_token_is_refused_and_changes_nothing() {
    let app = with("required").await;
    let mut browser = app.browser();
    browser.page().await;
    let login = app.log_in("alice").await;
    let token = login["token"].as_str().unwrap();
    let mut forged = token.to_owned();
    forged.replace_range(token.len() - 4.., "AAAA");
    let version = browser.version();
    for token in [forged.as_str(), "nonsense", "a.b.c"] {
        let mut body = login.clone();
        body["token"] = json!(token);
        let answer = browser.identify(&body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (401, "IDENTITY_TOKEN_REJECTED")
        );
        assert!(!answer.all_bytes().contains(token), "the token is not echoed");
    }
    app.surroundings.wait(SignedDuration::from_mins(12));
    let answer = browser.identify(&login).await;
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("expired"));
    assert_eq!(browser.version(), version);
    assert_eq!(browser.attributes().await, json!({}));
}

#[tokio::test]
async fn a_claim_against_the_token_is_refused() {
    let app = with("required").await;
    let mut browser = app.browser();
    let login = app.log_in("alice").await;
    for (pointer, value) in [("/userId", "user-bob"), ("/traits/email", "bob@example.com")] {
        let mut body = login.clone();
        *body.pointer_mut(pointer).unwrap() = json!(value);
        let answer = browser.identify(&body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "IDENTITY_MISMATCH"));
    }
}

#[tokio::test]
async fn another_pipeline_s_token_is_refused() {
    let app = with("required").await;
    let login = app.log_in("alice").await;
    let mut elsewhere = app.browser().on("https://www.other.test");
    let body = login.to_string();
    let answer = elsewhere.fetch("POST", "/v1/i?key=dk_test_other", &body).await;
    assert_eq!(answer.code(), "IDENTITY_TOKEN_REJECTED");
    let said = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(said.contains("`aud`"), "a good token, for somebody else: {said}");
}

#[tokio::test]
async fn log_out_is_a_new_visitor_and_the_old_id_is_dead() {
    let app = with("required").await;
    let mut browser = app.browser();
    browser.identify(&app.log_in("alice").await).await;
    let (alice, mut other_tab) = (browser.visitor(), browser.clone());
    assert_eq!(browser.reset().await.json()["success"], true);
    assert_ne!(browser.visitor(), alice);
    assert_eq!(browser.attributes().await, json!({}));

    // A tab that still had the old cookie on its way.
    assert_eq!(other_tab.attributes().await, json!({}));
    assert_ne!(other_tab.visitor(), alice);
}

/// The answer to the log-out never reached the browser: the old cookie is dead all the same, for as long
/// as it lives.
#[tokio::test]
async fn a_log_out_whose_answer_was_lost_holds_for_good() {
    let app = with("required").await;
    let mut browser = app.browser();
    browser.identify(&app.log_in("alice").await).await;
    app.sandbox.link(&browser.visitor().unwrap(), "alice").unwrap();
    browser.clone().reset().await;
    for hours in [0, 25, 24 * 300] {
        app.surroundings.wait(SignedDuration::from_hours(hours));
        assert_eq!(browser.clone().attributes().await, json!({}), "after {hours} h");
    }
}

#[tokio::test]
async fn an_identify_that_arrives_after_the_log_out_binds_nobody() {
    let app = with("required").await;
    let login = app.log_in("alice").await;
    let mut browser = app.browser();
    browser.identify(&login).await;
    let mut late = browser.clone();
    app.surroundings.wait(SignedDuration::from_secs(5));
    browser.reset().await;
    late.identify(&login).await;
    assert_eq!(late.attributes().await, json!({}));
    // A log-in after the log-out has a newer token.
    app.surroundings.wait(SignedDuration::from_secs(5));
    late.identify(&app.log_in("alice").await).await;
    assert_eq!(late.attributes().await["Persona"], "Style Seeker");
}

/// An enrich may wait for the vendor while its visitor logs out and somebody else logs in. Its cookie, if
/// it had one, would undo that.
#[tokio::test]
async fn a_slow_enrich_never_sets_an_older_visitor_s_cookie() {
    let app = with("required").await;
    let mut browser = app.browser();
    browser.page().await;
    let mut slow = browser.clone();
    browser.identify(&app.log_in("alice").await).await;
    assert_eq!((slow.version(), browser.version()), (Some(1), Some(2)));
    let answer = slow.enrich().await;
    assert!(answer.set_cookies().is_empty(), "{:?}", answer.headers);
}

#[tokio::test]
async fn another_person_on_the_same_browser_is_another_visitor() {
    let app = with("required").await;
    let mut browser = app.browser();
    browser.identify(&app.log_in("alice").await).await;
    let alice = browser.visitor();
    browser.identify(&app.log_in("vera").await).await;
    assert_ne!(browser.visitor(), alice);
    assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
}

#[tokio::test]
async fn the_next_enrich_of_the_same_browser_sees_the_identify() {
    let app = with("off").await;
    for n in 0..20 {
        let mut browser = app.browser();
        browser.identify(&claim_to_be_alice()).await;
        assert_eq!(browser.version(), Some(1), "{n}");
        assert_eq!(browser.attributes().await["Persona"], "Style Seeker", "{n}");
    }
}

/// Whatever a page claims, in any order, with or without its own log-in: under `required` the vendor is
/// only ever asked for the cookie's id and for what the token proved.
#[tokio::test]
async fn no_look_up_ever_carries_an_unproven_identifier() {
    let app = with("required").await;
    let login = app.log_in("bob").await;
    let mut visitors = Vec::new();
    for steps in 0_u32..64 {
        let mut browser: Browser = app.browser();
        for step in 0..3 {
            match (steps >> (2 * step)) & 3 {
                0 => drop(browser.identify(&claim_to_be_alice()).await),
                1 => drop(browser.identify(&login).await),
                2 => drop(browser.page().await),
                _ => drop(browser.reset().await),
            }
            visitors.extend(browser.visitor());
            browser.enrich().await;
        }
    }
    let bob = "user-bob";
    for (key, value) in sent_identifiers(&app) {
        match key.as_str() {
            "device_cookie" => assert!(visitors.contains(&value)),
            "customer_id" => assert_eq!(value, bob),
            // SHA-256 of bob@example.com, by sha256sum.
            "email_sha256" => assert_eq!(
                value,
                "5ff860bf1190596c7188ab851db691f0f3169c453936e9e1eba2f9a47f7a0018"
            ),
            other => panic!("{other}"),
        }
    }
    assert!(sent_identifiers(&app).iter().any(|(key, _)| key == "email_sha256"));
}
