//! Tokens against the sandbox, in virtual time.

use futures_util::future::join_all;

use super::*;
use crate::token::{TokenError, TokenSource};

/// Requests a day; the long run makes an acceptance's 10,000.
fn requests_a_day() -> u32 {
    option_env!("DATAFLY_TOKEN_REQUESTS_A_DAY").and_then(|count| count.parse().ok()).unwrap_or(200)
}

async fn finds_vera(client: &AlgonomyProfiles) -> bool {
    client.look_up(&email("vera@example.com")).await.is_ok_and(|profile| profile.is_some())
}

#[tokio::test(start_paused = true)]
async fn for_thirty_days_nothing_expired_is_sent_and_renewals_are_as_many_as_they_must_be() {
    let vendor = Vendor::in_virtual_time();
    // A vendor that takes its time: what expires does so while requests are on their way.
    vendor
        .sandbox
        .fault("algonomy.token.create", None, Fault::delay(Duration::from_millis(400)))
        .unwrap();
    vendor
        .sandbox
        .fault("algonomy.profile", None, Fault::delay(Duration::from_millis(100)))
        .unwrap();
    let client = vendor.client();
    let pause = Duration::from_hours(24) / requests_a_day();
    let began = Instant::now();
    for _ in 0..30 * requests_a_day() {
        assert!(finds_vera(&client).await);
        tokio::time::sleep(pause).await;
    }
    assert_eq!(vendor.sandbox.dead_algonomy_tokens(), 0);
    assert_eq!(client.tokens()[0].refused, 0);
    let due = began.elapsed().as_secs_f64() / Duration::from_mins(15 - 3).as_secs_f64();
    let renewals = f64::from(u32::try_from(vendor.hits()[0] - 1).unwrap());
    assert!((renewals / due - 1.0).abs() < 0.01, "{renewals} of {due} renewals");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_first_uses_make_one_request() {
    let vendor = Vendor::in_virtual_time();
    vendor
        .sandbox
        .fault("algonomy.token.create", None, Fault::delay(Duration::from_millis(400)))
        .unwrap();
    let client = vendor.client();
    let found = join_all((0..100).map(|_| finds_vera(&client))).await;
    assert!(found.into_iter().all(|found| found));
    assert_eq!(vendor.hits(), [1, 0, 100]);
}

fn source(vendor: &Vendor) -> Arc<dyn TokenSource> {
    let config = vendor.config(&[]).unwrap();
    token::source(token::Api::Profile, &config.profile_url, &config, &vendor.around)
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lacks_a_resource_is_widened_and_lives_no_longer() {
    let vendor = Vendor::in_virtual_time();
    let (client, tokens) = (vendor.client(), source(&vendor));
    assert!(finds_vera(&client).await);
    tokio::time::sleep(Duration::from_mins(5)).await;
    tokens.token("campaigns").await.unwrap();
    assert!(finds_vera(&client).await);
    assert_eq!(vendor.hits(), [1, 1, 2], "it is good for both");
    assert_eq!(tokens.status()[0].expires_at, Some(START + SignedDuration::from_mins(15)));
    tokio::time::sleep(Duration::from_mins(9)).await;
    assert!(finds_vera(&client).await);
    tokens.token("campaigns").await.unwrap();
    assert_eq!(vendor.hits(), [2, 1, 3], "the next one has both from the start");
    assert_eq!(vendor.sandbox.dead_algonomy_tokens(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_widened_any_more_is_replaced() {
    let vendor = Vendor::in_virtual_time();
    assert!(finds_vera(&vendor.client()).await);
    vendor.sandbox.drop_algonomy_tokens();
    let tokens = source(&vendor);
    assert!(tokens.token("basic").await.is_ok());
    assert!(tokens.token("segments").await.is_ok());
    assert_eq!(vendor.hits()[0], 2);
    // What fails meanwhile is no verdict on the token.
    vendor.sandbox.fault("algonomy.token.update", Some(1), Fault::status(503)).unwrap();
    assert!(matches!(tokens.token("campaigns").await, Err(TokenError::Unavailable { .. })));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(tokens.token("campaigns").await.is_ok());
    assert_eq!(vendor.hits()[..1], [2]);
}

/// Somebody who holds a token that the tenant's gateway does not take for a resource.
#[tokio::test(start_paused = true)]
async fn a_resource_that_is_refused_is_asked_for_anew_once_a_minute() {
    let vendor = Vendor::in_virtual_time();
    let client = vendor.client();
    vendor.sandbox.fault("algonomy.profile", None, Fault::status(403)).unwrap();
    for _ in 0..100 {
        let error = client.look_up(&email("vera@example.com")).await.unwrap_err();
        assert!(matches!(error, ProviderError::ScopeRefused { .. }), "{error}");
    }
    assert_eq!(vendor.hits(), [2, 0, 101]);
}

#[tokio::test(start_paused = true)]
async fn dropped_tokens_cost_each_request_under_way_one_failed_try() {
    let vendor = Vendor::in_virtual_time();
    vendor
        .sandbox
        .fault("algonomy.profile", None, Fault::delay(Duration::from_millis(100)))
        .unwrap();
    let client = vendor.client();
    assert!(finds_vera(&client).await);
    for round in 1..=3 {
        assert_eq!(vendor.sandbox.drop_algonomy_tokens(), 1);
        let found = join_all((0..50).map(|_| finds_vera(&client))).await;
        assert!(found.into_iter().all(|found| found));
        assert_eq!(vendor.sandbox.dead_algonomy_tokens(), 50 * round);
        assert!(finds_vera(&client).await);
    }
    assert_eq!(vendor.hits(), [4, 0, 1 + 3 * 101]);
    assert_eq!(vendor.sandbox.dead_algonomy_tokens(), 150);
}

/// How the vendor tells of a dead token is not documented.
#[tokio::test(start_paused = true)]
async fn a_dead_token_may_be_told_of_inside_a_200() {
    let vendor = Vendor::in_virtual_time();
    let client = vendor.client();
    assert!(finds_vera(&client).await);
    let expired = Fault::body(r#"{"status":"ERROR","message":"token has expired"}"#);
    vendor.sandbox.fault("algonomy.profile", Some(1), expired).unwrap();
    assert!(finds_vera(&client).await);
    assert_eq!(vendor.hits(), [2, 0, 3]);
    // What no token mends asks for one a minute.
    vendor.sandbox.fault("algonomy.profile", None, Fault::body(r#"{"status":"ERROR"}"#)).unwrap();
    for _ in 0..100 {
        let failed = client.look_up(&email("vera@example.com")).await;
        assert_eq!(failed, Err(ProviderError::Failed));
    }
    assert_eq!(vendor.hits()[0], 3);
}

#[tokio::test(start_paused = true)]
async fn secrets_that_are_refused_are_named_and_asked_with_less_and_less_often() {
    let vendor = Vendor::in_virtual_time();
    let wrong = secret("wrong");
    for change in [("tenant_hash", &*wrong), ("oauth_key_secret", &wrong), ("oauth_key_secret", "")]
    {
        let before = vendor.hits()[0];
        let client = vendor.client_with(&[change]);
        for _ in 0..100 {
            let error = client.look_up(&email("vera@example.com")).await.unwrap_err();
            let ProviderError::Token(error) = error else { unreachable!("{error}") };
            assert_eq!(error.to_mend(), Some("tenant_hash"));
            assert!(error.to_string().contains("`oauth_key_secret`"), "{error}");
        }
        assert_eq!(vendor.hits()[0] - before, 1);
    }
    let client = vendor.client_with(&[("resources", "['basic', 'noSuchThing']")]);
    let error = client.look_up(&email("vera@example.com")).await.unwrap_err();
    let ProviderError::Token(error) = error else { unreachable!("{error}") };
    assert_eq!(error.to_mend(), Some("resources"));
    // Once that is mended nothing is left of it.
    assert!(finds_vera(&vendor.client()).await);
}

#[tokio::test(start_paused = true)]
async fn a_token_outlives_a_reload_and_other_secrets_have_their_own() {
    let vendor = Vendor::in_virtual_time();
    let first = vendor.client();
    assert!(finds_vera(&first).await);
    assert!(finds_vera(&vendor.client()).await);
    assert_eq!(vendor.hits()[0], 1);
    let other = vendor.client_with(&[("token_validity_minutes", "30")]);
    assert!(finds_vera(&other).await);
    assert_eq!(vendor.hits()[0], 2);
}
