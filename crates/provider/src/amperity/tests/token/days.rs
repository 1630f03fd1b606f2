//! Days with ten thousand requests each, one a day by default and thirty in the long run.

use std::time::Duration;

use super::*;
use crate::token::tests as token;

const A_DAY: u32 = 10_000;

/// Every request is answered, and none came with a token that did not count.
async fn live(world: &World, sides: &Sides, mut each_day: impl FnMut(u32)) {
    for day in 0..days() {
        each_day(day);
        for n in 0..A_DAY {
            if n % 2 == 0 {
                assert!(sides.read().await.unwrap().is_some());
            } else {
                assert_eq!(sides.deliver(1).await.fate.as_str(), "accepted");
            }
            tokio::time::sleep(Duration::from_millis(8640)).await;
        }
    }
    assert_eq!(world.sandbox.token_refusals(), sandbox::TokenRefusals::default());
}

fn assert_renewals(sides: &Sides, cycle: Duration) {
    for status in sides.status() {
        let due = f64::from(days()) * 86_400.0 / cycle.as_secs_f64();
        token::assert_renewals(status[0].issued - 1, due);
        assert_eq!((status[0].failed, status[0].refused), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_of_an_issuer_are_renewed_as_often_as_they_must_be() {
    let hourly =
        BY_ISSUER.map(|line| format!("{}, lifetime_hours = 2 }}", line.trim_end_matches(" }")));
    let world = World::start();
    let sides = world.sides([&hourly[0], &hourly[1]].map(String::as_str));
    live(&world, &sides, |_| ()).await;
    // A fifth of two hours is the margin.
    assert_renewals(&sides, Duration::from_mins(96));
}

#[tokio::test(start_paused = true)]
async fn tokens_of_a_client_are_renewed_as_often_as_they_must_be() {
    let world = World::start();
    let sides = world.sides(BY_CLIENT);
    live(&world, &sides, |_| ()).await;
    assert_renewals(&sides, Duration::from_mins(48));
}

/// The first token expires in the middle, which costs no request.
#[tokio::test(start_paused = true)]
async fn pasted_tokens_take_over_from_each_other() {
    let world = World::start();
    for side in ["profile", "ingest"] {
        let half_a_day = SignedDuration::from_hours(12);
        let first = world.sandbox.issue_token(&key_id(side), Some(world.now() + half_a_day));
        world.write(&format!("{side}-1"), &first.unwrap());
        world.write(&format!("{side}-2"), &world.token(side, 31));
    }
    let sides = world.sides(PASTED);
    // Rotated once: what was generated before counts for thirty days more.
    live(&world, &sides, |day| {
        if day == 1 {
            world.sandbox.rotate_key(&key_id("profile")).unwrap();
        }
    })
    .await;
    assert_eq!(world.issued(), 0);
}

/// The default: a day, renewed an hour before its end.
#[tokio::test(start_paused = true)]
async fn a_token_of_an_issuer_lives_for_a_day() {
    let world = World::start();
    let sides = world.sides(BY_ISSUER);
    for hour in 0..72 {
        assert!(sides.read().await.is_ok(), "{hour}");
        pass(3600).await;
    }
    assert_eq!(world.issued(), 4);
    assert_eq!(world.sandbox.token_refusals(), sandbox::TokenRefusals::default());
}
