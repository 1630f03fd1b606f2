//! Rotation and revocation: with a replacement at hand, and without.

use std::time::Duration;

use futures_util::future::join_all;

use super::*;
use crate::destination::Fate;

const AT_ONCE: usize = 50;

/// Fifty look-ups, all under way when the first answer comes, and five deliveries.
async fn storm(world: &World, sides: &Sides) {
    let slow = Fault::delay(Duration::from_millis(20));
    world.sandbox.fault("amperity.profile", None, slow).unwrap();
    let before = world.sandbox.token_refusals().revoked;
    let read = join_all((0..AT_ONCE).map(|_| sides.read())).await;
    assert!(read.into_iter().all(|profile| profile.unwrap().is_some()));
    let failed = world.sandbox.token_refusals().revoked - before;
    assert!(failed <= AT_ONCE as u64, "{failed} attempts failed");
    for n in 0..5 {
        assert_eq!(sides.deliver(n).await.fate.as_str(), "accepted");
    }
    let failed = world.sandbox.token_refusals().revoked - before;
    assert!(failed <= AT_ONCE as u64 + 1, "{failed} attempts failed");
    // From here on nothing fails any more.
    assert!(sides.read().await.is_ok());
    assert_eq!(world.sandbox.token_refusals().revoked, before + failed);
    world.sandbox.clear_faults();
}

fn each_key(change: impl Fn(&str)) {
    for label in ["profile", "ingest"] {
        change(&key_id(label));
    }
}

#[tokio::test(start_paused = true)]
async fn a_living_issuer_replaces_what_is_revoked_with_one_failed_attempt_each() {
    for credentials in [BY_ISSUER, BY_CLIENT] {
        let world = World::start();
        let sides = world.sides(credentials);
        storm(&world, &sides).await;
        // One rotation ends nothing, and what is issued from now on outlives the next.
        each_key(|key| world.sandbox.rotate_key(key).unwrap());
        assert!(sides.read().await.is_ok());
        assert_eq!(world.issued(), 2);
        each_key(|key| world.sandbox.rotate_key(key).unwrap());
        storm(&world, &sides).await;
        assert_eq!(world.issued(), 4);
        each_key(|key| world.sandbox.revoke_all(key).unwrap());
        storm(&world, &sides).await;
        assert_eq!(world.issued(), 6);
        each_key(|key| world.sandbox.rotate_key(key).unwrap());
        each_key(|key| world.sandbox.revoke_deposed(key).unwrap());
        storm(&world, &sides).await;
        assert_eq!(world.issued(), 8);
    }
}

#[tokio::test(start_paused = true)]
async fn the_second_pasted_token_replaces_one_that_is_revoked() {
    let world = World::start();
    for side in ["profile", "ingest"] {
        world.write(&format!("{side}-1"), &world.token(side, 90));
        world.sandbox.rotate_key(&key_id(side)).unwrap();
        world.write(&format!("{side}-2"), &world.token(side, 90));
    }
    let sides = world.sides(PASTED);
    storm(&world, &sides).await;
    each_key(|key| world.sandbox.revoke_deposed(key).unwrap());
    storm(&world, &sides).await;
    let refused: Vec<_> = sides.profiles.tokens().iter().map(|it| it.refused).collect();
    assert_eq!(refused[1], 0);
    // And after a reload the first one is not tried anew.
    let reloaded = world.sides(PASTED);
    let before = world.sandbox.token_refusals();
    assert!(reloaded.read().await.is_ok());
    assert_eq!(world.sandbox.token_refusals(), before);
}

/// Look-ups fail, which the engine answers with what is stale or nothing, and deliveries pause.
async fn assert_stopped(sides: &Sides, look_ups: &str, deliveries: &'static str) {
    let error = sides.read().await.unwrap_err();
    assert!(error.to_string().contains(look_ups), "{error}");
    let Fate::Paused(fault) = sides.deliver(0).await.fate else { panic!("not paused") };
    assert_eq!(fault.key, deliveries, "{fault}");
}

#[tokio::test(start_paused = true)]
async fn with_no_pasted_token_left_deliveries_pause_until_one_is_supplied() {
    let world = World::start();
    for file in ["profile-1", "profile-2", "ingest-1", "ingest-2"] {
        world.write(file, &world.token(file.split_once('-').unwrap().0, 90));
    }
    let sides = world.sides(PASTED);
    assert!(sides.read().await.is_ok());
    each_key(|key| world.sandbox.revoke_all(key).unwrap());
    assert_stopped(&sides, "renew `profile_api_key`", "api_key").await;
    world.write("profile-2", &world.token("profile", 90));
    world.write("ingest-2", &world.token("ingest", 90));
    let reloaded = world.sides(PASTED);
    assert!(reloaded.read().await.is_ok());
    assert_eq!(reloaded.deliver(0).await.fate.as_str(), "accepted");
}

#[tokio::test(start_paused = true)]
async fn pasted_tokens_that_expired_are_not_sent() {
    let world = World::start();
    for file in ["profile-1", "profile-2", "ingest-1", "ingest-2"] {
        world.write(file, &world.token(file.split_once('-').unwrap().0, 1));
    }
    let sides = world.sides(PASTED);
    pass(86_400).await;
    assert_stopped(&sides, "`profile_api_key` expired at 2027-01-16T08:00:00Z", "api_key").await;
    assert_eq!(
        (world.sandbox.hits("amperity.profile"), world.sandbox.hits("amperity.events")),
        (0, 0)
    );
}

/// A new file is found by the next try, also without a reload.
#[tokio::test(start_paused = true)]
async fn with_no_issuer_left_deliveries_pause_until_its_file_is_replaced() {
    let world = World::start();
    let sides = world.sides(BY_ISSUER);
    assert!(sides.read().await.is_ok());
    assert_eq!(sides.deliver(0).await.fate.as_str(), "accepted");
    each_key(|key| world.sandbox.revoke_all(key).unwrap());
    world.sandbox.revoke_all(&key_id("issuer")).unwrap();
    assert_stopped(&sides, "`profile_api_token.issuer_token`", "api_token.issuer_token").await;
    pass(300).await;
    assert_stopped(&sides, "`profile_api_token.issuer_token`", "api_token.issuer_token").await;
    let asked = world.issued();
    world.write("issuer", &world.token("issuer", 90));
    pass(60).await;
    assert!(sides.read().await.is_ok());
    assert_eq!(sides.deliver(0).await.fate.as_str(), "accepted");
    assert_eq!(world.issued(), asked + 2);
}

#[tokio::test(start_paused = true)]
async fn with_no_client_left_deliveries_pause_until_its_secret_is_replaced() {
    let world = World::start();
    world.write("profile-client", "wrong");
    world.write("ingest-client", "wrong");
    let sides = world.sides(BY_CLIENT);
    assert_stopped(&sides, "`profile_api_token.client_secret`", "api_token.client_secret").await;
    world.write("profile-client", &client_secret("profile"));
    world.write("ingest-client", &client_secret("ingest"));
    pass(1).await;
    assert!(sides.read().await.is_ok());
    assert_eq!(sides.deliver(0).await.fate.as_str(), "accepted");
}
