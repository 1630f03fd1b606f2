//! Whether a destination that takes what it is given is given it in time.
//!
//! Where events are accepted faster than its budget, or its answers, let them go, its oldest event becomes ever older.
//! The owner is told so once, and once more when it is over. A backlog that shrinks is no news, as after an outage; and a
//! destination that is only probed has been told of already ([`super::health`]).

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use datafly_store::queue::Consumer;
use jiff::{SignedDuration, Timestamp};

/// An event that has waited for longer is late.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// How long late events are watched before they are told of: they may be what is left of an outage.
const WATCHED: SignedDuration = SignedDuration::from_secs(30);

/// What a worker knows of its destination's lateness.
#[derive(Debug, Default)]
pub(super) struct Lateness {
    /// How old the oldest event was when it was last compared, and when that was.
    watched: Option<(Timestamp, SignedDuration)>,
    is_told: bool,
}

/// What is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Its oldest event becomes ever older.
    FallsBehind,
    /// It is in time again.
    InTime,
}

impl Lateness {
    /// The oldest event that waits for it is that old.
    pub(super) fn note(&mut self, age: SignedDuration, now: Timestamp) -> Option<News> {
        if age <= LATE {
            self.watched = None;
            return mem::take(&mut self.is_told).then_some(News::InTime);
        }
        let grows = match self.watched {
            Some((since, _)) if now.duration_since(since) < WATCHED => return None,
            Some((_, before)) => before <= age,
            None => false,
        };
        self.watched = Some((now, age));
        let is_news = grows && !self.is_told;
        self.is_told |= grows;
        is_news.then_some(News::FallsBehind)
    }

    /// Whether it has been told that it falls behind, and not yet that it is in time again.
    pub(super) fn is_told(&self) -> bool {
        self.is_told
    }
}

/// A destination that gets its events late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late {
    /// When the oldest event that waits for it was accepted.
    pub oldest: Timestamp,
    /// Requests a second that its budget allows.
    pub per_second: u32,
}

impl fmt::Display for Late {
    /// What is the matter, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "events are accepted faster than they are delivered, at most {} requests a second: raise the \
             integration's `requests_per_second`, if it has one and the vendor's contract allows more, or send it \
             fewer events; they wait, until `server.outbox.max_mb` is full",
            self.per_second
        )
    }
}

/// Those that do, as their workers find it.
#[derive(Debug, Default)]
pub(super) struct Latecomers(Mutex<BTreeMap<Consumer, Late>>);

impl Latecomers {
    pub(super) fn note(&self, consumer: &Consumer, late: Option<Late>) {
        match late {
            Some(late) => self.all().insert(consumer.clone(), late),
            None => self.all().remove(consumer),
        };
    }

    /// Each worker finds out for itself.
    pub(super) fn clear(&self) {
        self.all().clear();
    }

    pub(super) fn all(&self) -> MutexGuard<'_, BTreeMap<Consumer, Late>> {
        // No step leaves it half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told, and in which second, where the oldest event is so old in each second.
    fn told(ages: impl Iterator<Item = i64>) -> Vec<(i64, News)> {
        let start = Timestamp::constant(1_800_000_000, 0);
        let mut lateness = Lateness::default();
        let mut note = |second, age| {
            let now = start + SignedDuration::from_secs(second);
            Some((second, lateness.note(SignedDuration::from_secs(age), now)?))
        };
        (0..).zip(ages).filter_map(|(second, age)| note(second, age)).collect()
    }

    #[test]
    fn falling_behind_is_told_once_and_so_is_its_end() {
        let grows_and_shrinks = (0..300).chain((0..300).rev());
        assert_eq!(told(grows_and_shrinks), [(91, News::FallsBehind), (539, News::InTime)]);
    }

    #[test]
    fn what_stays_as_late_as_it_is_falls_behind() {
        assert_eq!(told([61; 100].into_iter()), [(30, News::FallsBehind)]);
    }

    #[test]
    fn neither_a_short_wait_nor_a_backlog_that_shrinks_is_news() {
        assert_eq!(told([60; 1_000].into_iter()), []);
        assert_eq!(told((0..=75).chain((0..75).rev())), []);
        assert_eq!(told((0..5_000).rev()), []);
    }
}
