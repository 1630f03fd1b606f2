//! Linking keys that a vendor lately refused (400): the collection does not have them, or not yet.
//!
//! One wrong entry of `linking_keys` would cost a call per page view. So its name is not asked for again for
//! [`REFUSED`], by nobody. Unless the vendor has answered for the name within that time: then it was the
//! one value that it did not like, and what a page claims to be called must not turn a key off for others. A
//! changed configuration starts with nothing remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::lifetimes::REFUSED;

/// What came of one integration's linking keys, by name.
#[derive(Debug, Default)]
pub(super) struct RefusedKeys(Mutex<HashMap<Arc<str>, Latest>>);

#[derive(Debug, Default)]
struct Latest {
    answered: Option<Timestamp>,
    refused: Option<Timestamp>,
}

impl RefusedKeys {
    /// Whether the vendor is not to be asked by this key.
    pub(super) fn holds(&self, key: &str, now: Timestamp) -> bool {
        self.latest().get(key).is_some_and(|latest| is_recent(latest.refused, now))
    }

    /// The vendor took the key.
    pub(super) fn answered(&self, key: &Arc<str>, now: Timestamp) {
        let latest = Latest { answered: Some(now), refused: None };
        self.latest().insert(Arc::clone(key), latest);
    }

    /// The vendor refused the key, or a value of it.
    pub(super) fn refused(&self, key: &Arc<str>, now: Timestamp) {
        let mut all = self.latest();
        let latest = all.entry(Arc::clone(key)).or_default();
        if !is_recent(latest.answered, now) {
            latest.refused = Some(now);
        }
    }

    fn latest(&self) -> MutexGuard<'_, HashMap<Arc<str>, Latest>> {
        // No step leaves it half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_recent(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| now.duration_since(at) < REFUSED)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

    #[test]
    fn a_refused_name_is_left_alone_for_a_while() {
        let keys = RefusedKeys::default();
        keys.refused(&"email".into(), START);
        let last = START + REFUSED - SignedDuration::from_secs(1);
        assert!(keys.holds("email", START) && keys.holds("email", last));
        assert!(!keys.holds("email", START + REFUSED) && !keys.holds("cookie", START));
    }

    #[test]
    fn a_refusal_of_a_name_that_is_answered_for_is_its_value_s() {
        let keys = RefusedKeys::default();
        keys.answered(&"email".into(), START);
        let last = START + REFUSED - SignedDuration::from_secs(1);
        keys.refused(&"email".into(), last);
        assert!(!keys.holds("email", last));
        keys.refused(&"email".into(), START + REFUSED);
        assert!(keys.holds("email", START + REFUSED), "taken out of the collection since");
        keys.answered(&"email".into(), START + REFUSED);
        assert!(!keys.holds("email", START + REFUSED), "and put back");
    }
}
