//! Visitors' records as this process last saw them, so that a page's requests read the engine once.
//!
//! An entry is used for five seconds, and only if its version is at least the one the browser's cookie has
//! seen: a write that another node acknowledged to this browser is therefore never missed. What a cookie
//! cannot tell (an answer the browser never stored, another tab's write on another node) is stale for those
//! five seconds at most. A write of this process replaces the entry at once.

use std::sync::{Arc, OnceLock};

use datafly_core::visitor::Visitor;
use datafly_store::VisitorKey;
use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;

/// How long an entry is used.
const LIFE: SignedDuration = SignedDuration::from_secs(5);

/// Entries. More visitors than this in five seconds is past what one process serves.
const CAPACITY: usize = 50_000;

/// A record and when it was seen.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) version: u64,
    pub(super) record: Arc<Visitor>,
    pub(super) expires_at: Timestamp,
    at: Timestamp,
    /// What events name the visitor by, once it was asked for: made once in an entry's life, not for every
    /// answer. After a change of keys it is of the old one that much longer.
    pub(super) handle: Arc<OnceLock<String>>,
}

impl Seen {
    pub(super) fn new(
        version: u64,
        record: Arc<Visitor>,
        expires_at: Timestamp,
        at: Timestamp,
    ) -> Self {
        Self { version, record, expires_at, at, handle: Arc::default() }
    }
}

/// The records seen lately.
pub(super) struct Recent(Cache<VisitorKey, Seen>);

impl Recent {
    pub(super) fn new() -> Self {
        Self(Cache::new(CAPACITY))
    }

    /// The record, if it may be used for a browser that has seen `version`.
    pub(super) fn get(&self, key: &VisitorKey, version: u64, now: Timestamp) -> Option<Seen> {
        let seen = self.0.get(key)?;
        let age = now.duration_since(seen.at);
        let fits = version <= seen.version && age < LIFE && now < seen.expires_at;
        (fits && !age.is_negative()).then_some(seen)
    }

    /// Keeps what was read, unless something newer was written meanwhile.
    pub(super) fn put(&self, key: VisitorKey, seen: Seen) {
        let newer = self
            .0
            .get(&key)
            .is_some_and(|known| seen.version < known.version && seen.at < known.expires_at);
        if !newer {
            self.0.insert(key, seen);
        }
    }
}
