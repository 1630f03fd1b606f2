//! The cardinality guard: how many different contexts a minute may cost a vendor call.
//!
//! Every new context is a cache miss. A mapping that turns out to be different on every page (an id, a search
//! text) would make a call per page view; past the bound pages get the plain attributes, and the owner a
//! warning once a minute. One profile has a tenth of the bound, so that a page which makes contexts up takes
//! nothing from the others.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Part of the bound that one profile may use up.
const SHARE: usize = 10;

/// Counts the contexts of one integration.
#[derive(Debug)]
pub(super) struct Contexts {
    per_minute: usize,
    per_profile: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    minute: i64,
    hashes: HashSet<[u8; 32]>,
    /// How many of them a profile was the first with.
    by_profile: HashMap<u64, usize>,
    full: bool,
}

/// What a context is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// The vendor may be asked.
    Yes,
    /// Too many in this minute; `first` for the first one of all that is turned away.
    TooMany {
        /// Whether nobody was turned away in this minute before.
        first: bool,
    },
}

impl Contexts {
    pub(super) fn new(per_minute: usize) -> Self {
        let per_profile = per_minute.div_ceil(SHARE);
        Self { per_minute, per_profile, seen: Mutex::default() }
    }

    /// Asks for a context of a profile, which is named by a hash.
    pub(super) fn admit(&self, context: &[u8; 32], profile: u64, now: Timestamp) -> Admission {
        // No step leaves the counts half-done.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.as_second().div_euclid(60);
        if seen.minute != minute {
            *seen = Seen { minute, ..Seen::default() };
        }
        if seen.hashes.contains(context) {
            return Admission::Yes;
        }
        if self.per_minute <= seen.hashes.len() {
            return Admission::TooMany { first: !std::mem::replace(&mut seen.full, true) };
        }
        let used = seen.by_profile.entry(profile).or_default();
        if self.per_profile <= *used {
            return Admission::TooMany { first: false };
        }
        *used += 1;
        seen.hashes.insert(*context);
        Admission::Yes
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    #[test]
    fn past_the_bound_only_known_contexts_pass_until_the_next_minute() {
        let contexts = Contexts::new(2);
        let admit = |context: u8, now| contexts.admit(&[context; 32], context.into(), now);
        assert_eq!([admit(1, NOW), admit(2, NOW), admit(1, NOW)], [Admission::Yes; 3]);
        assert_eq!(admit(3, NOW), Admission::TooMany { first: true });
        assert_eq!(admit(4, NOW), Admission::TooMany { first: false });
        assert_eq!(admit(2, NOW), Admission::Yes);
        assert_eq!(admit(3, NOW + SignedDuration::from_mins(1)), Admission::Yes);
    }

    #[test]
    fn one_profile_cannot_use_up_what_all_share() {
        let contexts = Contexts::new(120);
        let admitted = |profile, contexts_of_it: std::ops::Range<u8>| {
            let admit = |context: u8| contexts.admit(&[context; 32], profile, NOW);
            contexts_of_it.filter(|context| admit(*context) == Admission::Yes).count()
        };
        assert_eq!(admitted(1, 0..200), 12);
        assert_eq!(admitted(2, 100..110), 10);
        assert_eq!(admitted(1, 100..110), 10, "what others have asked for costs nothing");
        let now = NOW + SignedDuration::from_mins(1);
        assert_eq!(contexts.admit(&[250; 32], 1, now), Admission::Yes);
    }
}
