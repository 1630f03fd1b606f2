//! The circuit breaker: a vendor that fails is left alone, and asked by one call at a time whether it is back.
//!
//! It opens after [`IN_A_ROW`] failures in a row, or when half of the last [`WINDOW`] calls failed. It stays
//! open for a second, then lets one call through; its failure doubles the wait, up to half a minute, its
//! success closes the breaker. The crates that offer this read the system's clock, and time is an argument here.

use jiff::{SignedDuration, Timestamp};

const IN_A_ROW: u32 = 5;
const WINDOW: u32 = 20;
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(1);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(30);

/// A probe that has not told its outcome after this long never will: its task was dropped.
const PROBE_LIFE: SignedDuration = SignedDuration::from_secs(10);

/// What the breaker does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Lets them through.
    Closed,
    /// Refuses them.
    Open,
    /// Has let one through and waits for its outcome.
    Probing,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed,
    Open { until: Timestamp, wait: SignedDuration },
    Probing { since: Timestamp, wait: SignedDuration },
}

/// A vendor's breaker.
#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    /// The last outcomes, newest in the lowest bit, 1 for a failure.
    outcomes: u32,
    seen: u32,
}

impl Breaker {
    pub(super) const fn new() -> Self {
        Self { state: State::Closed, outcomes: 0, seen: 0 }
    }

    pub(super) const fn state(&self) -> BreakerState {
        match self.state {
            State::Closed => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::Probing { .. } => BreakerState::Probing,
        }
    }

    /// Whether a call would not be admitted at `now`.
    pub(super) fn refuses(&self, now: Timestamp) -> bool {
        match self.state {
            State::Closed => false,
            State::Open { until, .. } => now < until,
            State::Probing { since, .. } => now.duration_since(since) < PROBE_LIFE,
        }
    }

    /// Whether a call may be made at `now`. Whoever is told yes tells the outcome.
    pub(super) fn admit(&mut self, now: Timestamp) -> bool {
        let admitted = !self.refuses(now);
        if let (true, State::Open { wait, .. } | State::Probing { wait, .. }) =
            (admitted, self.state)
        {
            self.state = State::Probing { since: now, wait };
        }
        admitted
    }

    /// The vendor answered.
    pub(super) fn succeeded(&mut self) {
        match self.state {
            State::Closed => self.note(false),
            // Of calls from before it opened only the probe says how the vendor is now, but an answer is an
            // answer.
            State::Open { .. } | State::Probing { .. } => *self = Self::new(),
        }
    }

    /// The vendor did not answer, or with nonsense.
    pub(super) fn failed(&mut self, now: Timestamp) {
        match self.state {
            State::Closed => {
                self.note(true);
                let in_a_row = self.outcomes.trailing_ones() >= IN_A_ROW;
                let half = self.seen >= WINDOW && self.outcomes.count_ones() * 2 >= WINDOW;
                if in_a_row || half {
                    self.open(now, FIRST_WAIT);
                }
            }
            State::Probing { wait, .. } => {
                self.open(now, wait.saturating_mul(2).min(LONGEST_WAIT));
            }
            // A call from before it opened.
            State::Open { .. } => {}
        }
    }

    fn note(&mut self, failed: bool) {
        self.outcomes = (self.outcomes << 1 | u32::from(failed)) & ((1 << WINDOW) - 1);
        self.seen = (self.seen + 1).min(WINDOW);
    }

    fn open(&mut self, now: Timestamp, wait: SignedDuration) {
        let until = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        *self = Self { state: State::Open { until, wait }, outcomes: 0, seen: 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn at(seconds: i64) -> Timestamp {
        START + SignedDuration::from_secs(seconds)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::new();
        for _ in 0..IN_A_ROW {
            assert!(breaker.admit(START));
            breaker.failed(START);
        }
        assert!(!breaker.admit(START));
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_on_a_successful_probe() {
        let mut breaker = opened();
        assert!(breaker.admit(at(1)));
        assert!(!breaker.admit(at(1)), "one probe at a time");
        breaker.succeeded();
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert!(breaker.admit(at(1)));
    }

    #[test]
    fn failed_probes_double_the_wait_to_half_a_minute() {
        let mut breaker = opened();
        let mut probes = Vec::new();
        for second in 0..120 {
            if breaker.admit(at(second)) {
                probes.push(second);
                breaker.failed(at(second));
            }
        }
        assert_eq!(probes, [1, 3, 7, 15, 31, 61, 91]);
    }

    #[test]
    fn half_of_the_last_calls_failing_opens_it() {
        let mut breaker = Breaker::new();
        let mut calls = 0;
        while breaker.admit(START) {
            calls += 1;
            assert!(calls <= WINDOW, "every second call failed");
            if calls % 2 == 0 { breaker.failed(START) } else { breaker.succeeded() }
        }
        assert_eq!(calls, WINDOW);
    }

    #[test]
    fn a_lost_probe_does_not_keep_it_open_for_ever() {
        let mut breaker = opened();
        assert!(breaker.admit(at(1)));
        assert!(!breaker.admit(at(10)));
        assert!(breaker.admit(at(11)));
    }
}
