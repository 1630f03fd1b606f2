//! A month of look-ups with tokens that live five minutes, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use datafly_core::id::Identifier;
use datafly_core::linking_key::KeyValue;
use datafly_provider::{ProviderError, Turns};
use datafly_tests::InProcess;
use datafly_tests::ansira::{Ansira, paused_clock, vendor};
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::{count, tell};

const DAYS: usize = 30;
const DAY: Duration = Duration::from_hours(24);

/// The life of a token, and what of it is used: its margin is a fifth.
const CYCLE: Duration = Duration::from_mins(4);

fn ansira() -> Ansira {
    let clock = paused_clock();
    let sandbox = vendor(&clock);
    let transport = Arc::new(InProcess::new(sandbox.router()));
    let turns: Turns = Arc::new(|_| Box::pin(async {}));
    Ansira::over(&sandbox, transport, "127.0.0.1:1", &clock, turns, "")
}

fn vera() -> KeyValue {
    KeyValue { key: "email".into(), value: Identifier::new("vera@example.com").unwrap() }
}

#[tokio::test(start_paused = true)]
async fn for_a_month_no_token_is_sent_that_has_expired() {
    let a_day = count("DATAFLY_TOKEN_REQUESTS_A_DAY", 720);
    let (ansira, key, began) = (ansira(), vera(), Instant::now());
    let between = DAY / u32::try_from(a_day).unwrap();
    for _ in 0..DAYS * a_day {
        assert!(ansira.provider.look_up(&key).await.unwrap().is_some());
        tokio::time::sleep(between).await;
    }
    let counts = ansira.sandbox.ansira_counts();
    assert_eq!((counts.forbidden, counts.ungranted, counts.limited), (0, 0, 0));
    let due = began.elapsed().as_secs_f64() / CYCLE.as_secs_f64();
    let renewals = f64::from(u32::try_from(counts.issued - 1).unwrap());
    assert!((renewals / due - 1.0).abs() < 0.01, "{renewals} of {due}");
    tell(&format!("{} look-ups in {DAYS} days took {} tokens", DAYS * a_day, counts.issued));
}

#[tokio::test(start_paused = true)]
async fn whatever_ends_a_token_costs_one_attempt_for_each_request_under_way() {
    const UNDER_WAY: usize = 8;

    let (ansira, key) = (ansira(), vera());
    // Whose turn it is when is another test's.
    ansira.sandbox.update_ansira(|client| client.requests_per_second = 100);
    let look_up = async || ansira.provider.look_up(&key).await;
    assert!(look_up().await.unwrap().is_some());
    for day in 0..DAYS {
        if day % 2 == 0 {
            *ansira.file.lock().unwrap() = Some(ansira.sandbox.new_ansira_assertion());
        } else {
            // As an owner does who grants something in the portal.
            ansira.sandbox.update_ansira(|client| client.scopes.push(format!("more-{day}")));
        }
        let before = ansira.sandbox.ansira_counts();
        let found = join_all((0..UNDER_WAY).map(|_| look_up())).await;
        assert!(found.iter().all(|found| matches!(found, Ok(Some(_)))), "{found:?}");
        let counts = ansira.sandbox.ansira_counts();
        let failed = counts.forbidden - before.forbidden;
        assert!(failed <= UNDER_WAY as u64, "{failed}");
        assert_eq!((counts.ungranted, counts.limited), (0, 0));
        assert!(look_up().await.unwrap().is_some());
        assert_eq!(ansira.sandbox.ansira_counts().forbidden, counts.forbidden);
        tokio::time::sleep(DAY).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_an_assertion_it_says_so_and_recovers_once_there_is_one() {
    let (ansira, key) = (ansira(), vera());
    let look_up = async || ansira.provider.look_up(&key).await;
    assert!(look_up().await.unwrap().is_some());
    let assertion = ansira.sandbox.new_ansira_assertion();
    *ansira.file.lock().unwrap() = None;
    let asked = ansira.sandbox.hits("ansira.token");
    for _ in 0..600 {
        match look_up().await.unwrap_err() {
            ProviderError::Token(error) => assert_eq!(error.to_mend(), Some("assertion_file")),
            other => unreachable!("{other:?}"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(ansira.sandbox.hits("ansira.token"), asked, "there is nothing to show the issuer");
    *ansira.file.lock().unwrap() = Some(assertion);
    let supplied = Instant::now();
    while look_up().await.is_err() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(supplied.elapsed() <= Duration::from_mins(1), "{:?}", supplied.elapsed());
}
