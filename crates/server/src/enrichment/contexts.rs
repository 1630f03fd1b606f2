//! The cardinality guard: how many different contexts a minute may cost a vendor call.
//!
//! Every new context is a cache miss. A mapping that turns out to be different on every page (an id, a search
//! text) would make a call per page view; past the bound pages get the plain attributes, and the owner a
//! warning once a minute.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Counts the contexts of one integration.
#[derive(Debug)]
pub(super) struct Contexts {
    per_minute: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    minute: i64,
    hashes: HashSet<[u8; 32]>,
    full: bool,
}

/// What a context is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// The vendor may be asked.
    Yes,
    /// Too many in this minute; `first` for the first one that is turned away.
    TooMany {
        /// Whether nobody was turned away in this minute before.
        first: bool,
    },
}

impl Contexts {
    pub(super) fn new(per_minute: usize) -> Self {
        Self { per_minute, seen: Mutex::default() }
    }

    pub(super) fn admit(&self, context: &[u8; 32], now: Timestamp) -> Admission {
        // No step leaves the counts half-done.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.as_second().div_euclid(60);
        if seen.minute != minute {
            *seen = Seen { minute, ..Seen::default() };
        }
        if seen.hashes.contains(context) {
            return Admission::Yes;
        }
        if seen.hashes.len() < self.per_minute {
            seen.hashes.insert(*context);
            return Admission::Yes;
        }
        Admission::TooMany { first: !std::mem::replace(&mut seen.full, true) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn past_the_bound_only_known_contexts_pass_until_the_next_minute() {
        let now = Timestamp::constant(1_800_000_000, 0);
        let contexts = Contexts::new(2);
        let admit = |context: u8, now| contexts.admit(&[context; 32], now);
        assert_eq!([admit(1, now), admit(2, now), admit(1, now)], [Admission::Yes; 3]);
        assert_eq!(admit(3, now), Admission::TooMany { first: true });
        assert_eq!(admit(4, now), Admission::TooMany { first: false });
        assert_eq!(admit(2, now), Admission::Yes);
        assert_eq!(admit(3, now + SignedDuration::from_mins(1)), Admission::Yes);
    }
}
