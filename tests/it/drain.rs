//! A backlog that drains under the account's budget, with look-ups beside it, in virtual time: the storage takes none
//! of it, and no request does, so that each is granted at the very millisecond at which it leaves.
//! 4,000 events, or as many as `DATAFLY_DRAIN_EVENTS` says; the longer they last, the longer each part.

use std::sync::Arc;
use std::time::Duration;

use datafly_provider::ProviderError;
use datafly_sandbox::Fault;
use datafly_tests::{TestApp, TestConfig};
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use tokio::time::interval;

/// The account's.
const PER_SECOND: usize = 500;

/// What a backlog has to use of it: 95 %.
const USED: f64 = 475.0;

const SECOND: SignedDuration = SignedDuration::from_secs(1);
const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

fn app() -> TestApp {
    TestApp::start_in_exact_time(&TestConfig {
        integration: "enrich_events = false",
        ..TestConfig::default()
    })
}

/// A look-up: when it was asked for, and when it was granted, if it was.
struct LookUp {
    asked: Timestamp,
    granted: Option<Timestamp>,
}

/// Asks for so many look-ups a second, `burst` at a time, and for none of them later because another waits.
async fn look_up(
    app: &TestApp,
    under_way: &mut JoinSet<LookUp>,
    (per_second, burst): (u32, u32),
    time: SignedDuration,
) {
    let guard = app.app.guards.all().remove(0);
    let mut ticks = interval(Duration::from_secs(1) * burst / per_second);
    let end = app.app.clock.now() + time;
    loop {
        ticks.tick().await;
        let asked = app.app.clock.now();
        if asked >= end {
            return;
        }
        for _ in 0..burst {
            let (guard, clock) = (Arc::clone(&guard), Arc::clone(&app.app.clock));
            under_way.spawn(async move {
                let call = || async { Ok::<_, ProviderError>(clock.now()) };
                LookUp { asked, granted: guard.call(call).await.ok() }
            });
        }
    }
}

/// The moments at which calls were granted, in their order.
struct Calls(Vec<Timestamp>);

impl Calls {
    fn new(calls: impl IntoIterator<Item = Timestamp>) -> Self {
        let mut calls: Vec<_> = calls.into_iter().collect();
        calls.sort();
        Self(calls)
    }

    fn within(&self, from: Timestamp, to: Timestamp) -> usize {
        self.0.partition_point(|at| *at < to) - self.0.partition_point(|at| *at < from)
    }

    /// How many a second.
    fn rate(&self, from: Timestamp, to: Timestamp) -> f64 {
        let calls = u32::try_from(self.within(from, to)).unwrap();
        f64::from(calls) / to.duration_since(from).as_secs_f64()
    }

    /// The least and the most in any second of that time, wherever it begins.
    fn of_any_second(&self, from: Timestamp, to: Timestamp) -> (usize, usize) {
        let begins = std::iter::successors(Some(from), |at| Some(*at + MILLISECOND));
        let begins = begins.take_while(|at| *at + SECOND <= to);
        let counts: Vec<_> = begins.map(|at| self.within(at, at + SECOND)).collect();
        (counts.iter().copied().min().unwrap(), counts.into_iter().max().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn a_backlog_uses_the_budget_and_look_ups_do_not_wait_for_it() {
    let count = crate::count("DATAFLY_DRAIN_EVENTS", 4_000);
    let part = SignedDuration::from_millis(i64::try_from(count).unwrap() / 2);
    let app = app();
    app.accept(0..count).await;
    let now = || app.app.clock.now();
    let mut look_ups = JoinSet::new();

    let began = now();
    let _delivering = app.deliver();
    tokio::time::sleep(part.unsigned_abs()).await;
    let half = now();
    look_up(&app, &mut look_ups, (200, 20), part).await;
    look_up(&app, &mut look_ups, (250, 1), part).await;
    let more = now();
    look_up(&app, &mut look_ups, (400, 1), part).await;
    let alone = now();
    while app.sandbox.accepted_events() < count as u64 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let end = now();

    let look_ups = look_ups.join_all().await;
    let looked_up = Calls::new(look_ups.iter().filter_map(|it| it.granted));
    let delivered = Calls::new(app.sandbox.events().iter().map(|event| event.at));
    assert_eq!(delivered.0.len(), count, "each once");
    let all = Calls::new([&*delivered.0, &*looked_up.0].concat());
    let (least, most) = all.of_any_second(began, end);
    let in_half = look_ups.iter().filter(|it| it.asked < more);
    let waited = in_half.filter(|it| it.granted != Some(it.asked)).count();
    let parts = [(began, half), (half, more), (more, alone), (alone, end)];
    let rates = parts.map(|(from, to)| [&all, &delivered, &looked_up].map(|it| it.rate(from, to)));
    crate::tell(&format!(
        "{count} events drained in {:.1} s of virtual time: in any second at least {least} and at most {most} calls \
         of {PER_SECOND}; calls, deliveries and look-ups a second without look-ups, with up to 250, with 400 and \
         without again: {rates:.1?}; of those up to 250 a second {waited} waited",
        end.duration_since(began).as_secs_f64(),
    ));
    assert!(most <= PER_SECOND, "{most}");
    assert!(rates.iter().all(|[used, ..]| *used >= USED), "{rates:?}");
    assert_eq!(waited, 0, "the half of look-ups is theirs at once");
    for side in [&delivered, &looked_up] {
        let (least, most) = side.of_any_second(more + SECOND, alone);
        assert!(least.abs_diff(250) <= 10 && most.abs_diff(250) <= 10, "{least} to {most}");
    }
}

/// An answer that takes long keeps its request waiting, and none of the others.
#[tokio::test(start_paused = true)]
async fn a_slow_vendor_s_budget_is_used_as_well() {
    let app = app();
    app.sandbox.fault("amperity.events", None, Fault::delay(Duration::from_millis(100))).unwrap();
    app.accept(0..4_000).await;
    let began = app.app.clock.now();
    let _delivering = app.deliver();
    while app.sandbox.accepted_events() < 4_000 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let end = app.app.clock.now();
    let delivered = Calls::new(app.sandbox.events().iter().map(|event| event.at));
    let used = delivered.rate(began + SECOND, end - SECOND);
    crate::tell(&format!(
        "of {PER_SECOND} calls a second to a vendor that takes 100 ms {used:.0} were used"
    ));
    assert!(used >= USED, "{used}");
    assert!(delivered.of_any_second(began, end).1 <= PER_SECOND);
}

/// What look-ups were lent goes back as soon as there is something to deliver, and to deliveries what those leave.
#[tokio::test(start_paused = true)]
async fn a_lent_share_goes_back_within_a_second() {
    let app = app();
    let _delivering = app.deliver();
    let (mut look_ups, now) = (JoinSet::new(), || app.app.clock.now());
    look_up(&app, &mut look_ups, (600, 1), SECOND * 3).await;
    let backlog = now();
    app.accept(0..2_000).await;
    look_up(&app, &mut look_ups, (600, 1), SECOND * 3).await;
    let alone = now();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let end = now();

    let looked_up = Calls::new(look_ups.join_all().await.into_iter().filter_map(|it| it.granted));
    let delivered = Calls::new(app.sandbox.events().iter().map(|event| event.at));
    let all = Calls::new([&*delivered.0, &*looked_up.0].concat());
    assert!(all.of_any_second(backlog - SECOND * 3, end).1 <= PER_SECOND);
    let rates = |from, to| (delivered.rate(from, to), looked_up.rate(from, to));
    let (_, lent) = rates(backlog - SECOND, backlog);
    assert!(lent >= USED, "{lent}");
    let (its_half, other_half) = rates(backlog + SECOND, alone);
    assert!((its_half - 250.0).abs() <= 10.0, "{its_half}");
    assert!((other_half - 250.0).abs() <= 10.0, "{other_half}");
    let (again, _) = rates(alone + SECOND, end);
    assert!(again >= USED, "{again}");
}
