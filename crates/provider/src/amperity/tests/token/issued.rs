//! Requests for tokens, their answers, and what an operator hears of both.

use futures_util::future::join_all;

use super::*;
use crate::destination::{Fate, Trouble};
use crate::token::TokenError;

#[tokio::test(start_paused = true)]
async fn a_hundred_first_uses_make_one_request() {
    for (credentials, route) in [(BY_ISSUER, "amperity.tokens"), (BY_CLIENT, "amperity.oauth2")] {
        let world = World::start();
        let sides = world.sides(credentials);
        let slow = Fault::delay(std::time::Duration::from_millis(300));
        world.sandbox.fault(route, None, slow).unwrap();
        let read = join_all((0..100).map(|_| sides.read())).await;
        assert!(read.iter().all(Result::is_ok));
        assert_eq!((world.sandbox.hits(route), world.sandbox.hits("amperity.profile")), (1, 100));
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_is_asked_as_in_the_seed() {
    let world = World::start();
    world.sides(BY_ISSUER).read().await.unwrap();
    let sent = &world.sandbox.requests()[0];
    assert_eq!(
        (&*sent.method, &*sent.path),
        ("POST", "/amperity/api/v0/admin/api-keys/ak-profile/tokens")
    );
    assert_eq!(sent.body, serde_json::json!({"expires-at": "2027-01-16T08:00:00Z"}));
    assert_eq!(sent.authorization.as_ref().unwrap().label, "issuer");
    let has = |name: &str| sent.headers.iter().any(|header| header == name);
    assert!(has("x-amperity-tenant") && !has("amperity-tenant"), "{:?}", sent.headers);
}

#[tokio::test(start_paused = true)]
async fn a_reload_keeps_what_was_issued_unless_the_credential_changed() {
    let world = World::start();
    let sides = world.sides(BY_ISSUER);
    sides.read().await.unwrap();
    let reloaded = world.sides(BY_ISSUER);
    drop(sides);
    reloaded.read().await.unwrap();
    assert_eq!(world.issued(), 1);
    world.write("issuer", &world.token("issuer", 3));
    let replaced = world.sides(BY_ISSUER);
    replaced.read().await.unwrap();
    assert_eq!(world.issued(), 2);
    let in_three_days = Timestamp::constant(1_800_000_000, 0) + SignedDuration::from_hours(72);
    assert_eq!(replaced.profiles.tokens()[1].expires_at, Some(in_three_days));
}

#[tokio::test(start_paused = true)]
async fn an_operator_sees_what_is_issued_and_when_its_issuer_ends() {
    let world = World::start();
    world.write("issuer", &world.token("issuer", 20));
    let sides = world.sides(BY_ISSUER);
    sides.read().await.unwrap();
    let [issued, issuing] = &*sides.profiles.tokens() else { panic!("two") };
    let start = Timestamp::constant(1_800_000_000, 0);
    let days = |days: i64| Some(start + SignedDuration::from_hours(24 * days));
    assert_eq!(
        (&*issued.key, issued.kind, issued.issued),
        ("profile_api_token", TokenKind::Issued, 1)
    );
    assert_eq!(issued.expires_at, days(1));
    assert_eq!(
        (&*issuing.key, issuing.kind),
        ("profile_api_token.issuer_token", TokenKind::Issuing)
    );
    assert_eq!(issuing.expires_at, days(20));
    // One that has expired is not sent.
    pass(21 * 86_400).await;
    let asked = world.issued();
    let error = sides.read().await.unwrap_err().to_string();
    assert!(error.contains("`profile_api_token.issuer_token` expired at 2027-02-04"), "{error}");
    assert_eq!(world.issued(), asked);
    assert_eq!(world.sandbox.token_refusals(), sandbox::TokenRefusals::default());
}

/// What a fault of the issuer's is to look-ups.
async fn error_under(credentials: [&str; 2], fault: Fault) -> TokenError {
    let world = World::start();
    let sides = world.sides(credentials);
    for route in ["amperity.tokens", "amperity.oauth2"] {
        world.sandbox.fault(route, None, fault.clone()).unwrap();
    }
    let fate = sides.deliver(0).await.fate;
    match sides.read().await.unwrap_err() {
        ProviderError::Token(error) => {
            let pauses = matches!(fate, Fate::Paused(_));
            let retries = matches!(fate, Fate::Retry { why: Trouble::Token(_), .. });
            assert_eq!((pauses, retries), (error.to_mend().is_some(), error.to_mend().is_none()));
            error
        }
        error => panic!("{error}"),
    }
}

fn answering(status: u16) -> Fault {
    serde_json::from_value(serde_json::json!({"status": status, "body": "{\"token\":\"canary\"}"}))
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_a_person_has_to_mend_names_the_key() {
    for (credentials, status, key) in [
        (BY_ISSUER, 400, "profile_api_token.issuer_token"),
        (BY_ISSUER, 401, "profile_api_token.issuer_token"),
        (BY_ISSUER, 403, "profile_api_token.issuer_token"),
        (BY_ISSUER, 404, "profile_api_token.api_key_id"),
        (BY_CLIENT, 400, "profile_api_token.client_secret"),
        (BY_CLIENT, 401, "profile_api_token.client_secret"),
    ] {
        let error = error_under(credentials, answering(status)).await;
        assert_eq!(error.to_mend(), Some(key), "{status}");
        let said = error.to_string();
        assert!(said.contains(&status.to_string()) && !said.contains("canary"), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_by_itself_is_tried_again_and_nothing_of_an_answer_is_shown() {
    let faults = || {
        [302, 408, 425, 429, 500, 503].map(answering).into_iter().chain([
            Fault::garbage(),
            Fault::cut_body(),
            Fault::huge_body(1 << 20),
            Fault::delay(std::time::Duration::from_hours(1)),
            Fault::body(r#"{"jwt":"canary"}"#),
            Fault::body(r#"{"token":"can\nary","access_token":"can\nary","expires_in":3600}"#),
            // Expired, by what it says itself and by what is said of it.
            Fault::body(
                r#"{"token":"e30.eyJleHAiOjF9.canary","access_token":"canary","expires_in":0}"#,
            ),
            Fault::body(r#"{"token":"","access_token":"canary","expires_in":9223372036854775807}"#),
        ])
    };
    for credentials in [BY_ISSUER, BY_CLIENT] {
        for fault in faults() {
            let error = error_under(credentials, fault.clone()).await;
            assert!(matches!(error, TokenError::Unavailable { .. }), "{fault:?}: {error}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_without_an_expiry_of_its_own_lives_as_long_as_was_asked() {
    let world = World::start();
    let sides = world.sides(BY_ISSUER);
    let answer = Fault::body(format!(r#""{}""#, sandbox::PROFILE_TOKEN));
    world.sandbox.fault("amperity.tokens", Some(1), answer).unwrap();
    sides.read().await.unwrap();
    let tomorrow = Timestamp::constant(1_800_000_000, 0) + SignedDuration::from_hours(24);
    assert_eq!(sides.profiles.tokens()[0].expires_at, Some(tomorrow));
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_names_the_section_it_comes_from() {
    let world = World::start();
    let sides = world.sides(BY_CLIENT);
    world.sandbox.fault("amperity.profile", None, Fault::status(401)).unwrap();
    world.sandbox.fault("amperity.events", None, Fault::status(403)).unwrap();
    let error = sides.read().await.unwrap_err();
    assert_eq!(error, ProviderError::CredentialRejected { key: "profile_api_token" });
    let Fate::Paused(fault) = sides.deliver(0).await.fate else { panic!("not paused") };
    assert_eq!(fault.key, "api_token");
}
