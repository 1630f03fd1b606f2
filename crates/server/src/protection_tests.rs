use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

/// A clock that moves with the runtime's paused time.
struct Paused(tokio::time::Instant);

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        START + self.0.elapsed()
    }
}

fn guard(requests_per_second: u32) -> Arc<Guard> {
    let quota = Quota { account: "vendor tenant".to_owned(), requests_per_second };
    Arc::new(Guard::new(quota, Arc::new(Paused(tokio::time::Instant::now()))))
}

/// Makes a call that answers `answer`, and counts it.
async fn call(
    guard: &Guard,
    calls: &AtomicU32,
    answer: Result<(), ProviderError>,
) -> Result<(), CallError> {
    let call = || {
        calls.fetch_add(1, Ordering::Relaxed);
        let answer = answer.clone();
        async move { answer }
    };
    guard.call(call).await
}

#[tokio::test(start_paused = true)]
async fn a_fast_failure_is_tried_once_more_and_retries_stay_under_their_budget() {
    let (guard, calls) = (guard(500), AtomicU32::new(0));
    let down = || Err(ProviderError::Unavailable { status: 503 });
    assert!(call(&guard, &calls, down()).await.is_err());
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    // With one in four failing the breaker stays closed.
    for n in 1..=400 {
        let answer = if n % 4 == 0 { down() } else { Ok(()) };
        let _ = call(&guard, &calls, answer).await;
    }
    // A tenth of the calls, and ten besides: one for each second of the window.
    let retries = calls.load(Ordering::Relaxed) - 401;
    assert_eq!(retries, 401 / 10 + 10, "of 101 failures in 401 calls");
}

#[tokio::test(start_paused = true)]
async fn a_slow_failure_is_not_tried_again() {
    let (guard, calls) = (guard(500), AtomicU32::new(0));
    let failed = call(&guard, &calls, Err(ProviderError::Deadline)).await;
    assert_eq!(failed, Err(CallError::Vendor(ProviderError::Deadline)));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_over_the_budget_wait_their_turn_and_not_for_ever() {
    let guard = guard(10);
    let calls = Arc::new(AtomicU32::new(0));
    let burst = (0..30).map(|_| {
        let (guard, calls) = (Arc::clone(&guard), Arc::clone(&calls));
        tokio::spawn(async move { call(&guard, &calls, Ok(())).await })
    });
    let mut busy = 0;
    for answer in burst.collect::<Vec<_>>() {
        busy += u32::from(answer.await.unwrap() == Err(CallError::Refused(Refusal::Busy)));
    }
    // Half a second of patience is not enough for a second's budget that is used up.
    assert_eq!((calls.load(Ordering::Relaxed), busy), (10, 20));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(call(&guard, &calls, Ok(())).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_granted_as_asked_up_to_an_hour() {
    let (guard, calls) = (guard(500), AtomicU32::new(0));
    let asked = |seconds| {
        Err(ProviderError::RateLimited { retry_after: Some(Duration::from_secs(seconds)) })
    };
    assert!(call(&guard, &calls, asked(7)).await.is_err());
    tokio::time::sleep(Duration::from_millis(6_990)).await;
    let paused = Err(CallError::Refused(Refusal::Paused));
    assert_eq!(call(&guard, &calls, Ok(())).await, paused);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(call(&guard, &calls, asked(1_000_000)).await.is_err());
    tokio::time::sleep(Duration::from_secs(3_601)).await;
    assert_eq!(call(&guard, &calls, Ok(())).await, Ok(()));
}

#[tokio::test]
async fn an_account_that_no_integration_uses_any_more_is_dropped() {
    let guards = Guards::default();
    let clock: Arc<dyn Clock> = Arc::new(Paused(tokio::time::Instant::now()));
    let of = |account: &str| {
        guards.of(Quota { account: account.to_owned(), requests_per_second: 1 }, &clock)
    };
    let (kept, gone) = (of("kept"), of("gone"));
    assert_eq!(guards.all().len(), 2);
    drop(gone);
    let all = guards.all();
    assert!(all.len() == 1 && Arc::ptr_eq(&all[0], &kept));
}

/// A second request of one look-up, with another credential, is a request like any other.
#[tokio::test(start_paused = true)]
async fn a_further_turn_is_one_of_the_same_budget() {
    let (guard, calls) = (guard(2), AtomicU32::new(0));
    guard.further_turn().await;
    assert!(call(&guard, &calls, Ok(())).await.is_ok());
    let began = tokio::time::Instant::now();
    guard.further_turn().await;
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    guard.pause(Some(Duration::from_secs(7)));
    guard.further_turn().await;
    assert_eq!(began.elapsed(), Duration::from_secs(8), "past a pause that the vendor asked for");
}
