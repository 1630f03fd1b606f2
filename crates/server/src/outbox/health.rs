//! Whether a destination is worth a try.
//!
//! A destination that fails is probed with one event at growing intervals instead of being handed its whole backlog:
//! what has not been tried yet stays in the log, and nobody else's events wait for it. One whose configuration is
//! at fault is probed once a minute. Time that passes like this counts for no event.

use jiff::{SignedDuration, Timestamp};

/// Failures in a row after which a destination is only probed.
const FAILURES: u32 = 5;

const FIRST_PROBE: SignedDuration = SignedDuration::from_secs(1);
const LAST_PROBE: SignedDuration = SignedDuration::from_secs(60);

/// What is known of a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Health {
    failures: u32,
    /// Since when it is only probed, and when the next probe is due.
    stopped: Option<Stop>,
    /// The stop before.
    last_stop: Option<(Timestamp, Timestamp)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stop {
    since: Timestamp,
    probe_at: Timestamp,
    wait: SignedDuration,
}

/// How much may be handed over now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowance {
    /// As much as there is.
    All,
    /// One event, to see whether it is well again.
    Probe,
    /// Nothing before then.
    NothingUntil(Timestamp),
}

impl Health {
    pub(super) fn new() -> Self {
        Self { failures: 0, stopped: None, last_stop: None }
    }

    pub(super) fn allows(&self, now: Timestamp) -> Allowance {
        match &self.stopped {
            None => Allowance::All,
            Some(stop) if stop.probe_at <= now => Allowance::Probe,
            Some(stop) => Allowance::NothingUntil(stop.probe_at),
        }
    }

    /// It took an event, or refused one for what it is. Whether it was stopped before.
    pub(super) fn answered(&mut self, now: Timestamp) -> bool {
        self.failures = 0;
        let stop = self.stopped.take();
        if let Some(stop) = &stop {
            self.last_stop = Some((stop.since, now));
        }
        stop.is_some()
    }

    /// It failed. Whether that stops it.
    pub(super) fn failed(&mut self, now: Timestamp) -> bool {
        self.failures = self.failures.saturating_add(1);
        let first = self.stopped.is_none();
        if first && self.failures < FAILURES {
            return false;
        }
        let wait =
            self.stopped.as_ref().map_or(FIRST_PROBE, |stop| (stop.wait * 2).min(LAST_PROBE));
        self.stop(now, wait);
        first
    }

    /// Its configuration is at fault. Whether that is news.
    pub(super) fn paused(&mut self, now: Timestamp) -> bool {
        let first = self.stopped.is_none();
        self.stop(now, LAST_PROBE);
        first
    }

    fn stop(&mut self, now: Timestamp, wait: SignedDuration) {
        let since = self.stopped.as_ref().map_or(now, |stop| stop.since);
        self.stopped = Some(Stop { since, probe_at: now + wait, wait });
    }

    /// How long it has been stopped since then, as far as is known: the stop before and this one.
    pub(super) fn stopped_since(&self, then: Timestamp, now: Timestamp) -> SignedDuration {
        let this = self.stopped.as_ref().map(|stop| (stop.since, now));
        let part = |(from, to): (Timestamp, Timestamp)| to.duration_since(from.max(then));
        let parts = this.into_iter().chain(self.last_stop).map(part);
        parts.filter(SignedDuration::is_positive).fold(SignedDuration::ZERO, |sum, part| sum + part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::constant(1_800_000_000, 0) + SignedDuration::from_secs(second)
    }

    #[test]
    fn failures_in_a_row_stop_it_and_probes_come_ever_more_rarely() {
        let mut health = Health::new();
        for _ in 1..FAILURES {
            assert!(!health.failed(at(0)));
            assert_eq!(health.allows(at(0)), Allowance::All);
        }
        assert!(health.failed(at(0)));
        let mut now = 0;
        for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(health.allows(at(now)), Allowance::NothingUntil(at(now + wait)));
            now += wait;
            assert_eq!(health.allows(at(now)), Allowance::Probe);
            assert!(!health.failed(at(now)), "no news");
        }
        assert!(health.answered(at(now)));
        assert_eq!(health.allows(at(now)), Allowance::All);
        assert_eq!(health.stopped_since(at(10), at(now + 5)), SignedDuration::from_secs(now - 10));
    }

    #[test]
    fn a_success_in_between_starts_the_count_anew() {
        let mut health = Health::new();
        for _ in 0..3 * FAILURES {
            assert!(!health.failed(at(0)));
            assert!(!health.failed(at(0)));
            assert!(!health.answered(at(0)));
        }
    }

    #[test]
    fn a_fault_of_the_configuration_is_probed_once_a_minute() {
        let mut health = Health::new();
        assert!(health.paused(at(0)));
        for minute in 1..5 {
            let now = at(60 * minute);
            assert_eq!(health.allows(now), Allowance::Probe);
            assert!(!health.paused(now));
            assert_eq!(health.allows(now), Allowance::NothingUntil(at(60 * (minute + 1))));
        }
        assert_eq!(health.stopped_since(at(-50), at(270)), SignedDuration::from_secs(270));
    }
}
