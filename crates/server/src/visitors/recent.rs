//! Visitors' records as this process last saw them, so that a page's requests read the engine once.
//!
//! An entry is used for five seconds, and only if its version is at least the one the browser's cookie has
//! seen: a write that another node acknowledged to this browser is therefore never missed. What a cookie
//! cannot tell (an answer the browser never stored, another tab's write on another node) is stale for those
//! five seconds at most. A write of this process replaces the entry at once.

use std::io;
use std::sync::{Arc, OnceLock};

use datafly_core::visitor::Visitor;
use datafly_store::VisitorKey;
use jiff::{SignedDuration, Timestamp};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::Present;

/// How long an entry is used.
const LIFE: SignedDuration = SignedDuration::from_secs(5);

/// Entries to be ready for. More visitors than this in five seconds is past what one process serves.
const ENTRIES: usize = 50_000;

/// Memory for them, in bytes. Records with all that a page may say of context and consent are fifty times the
/// usual one.
const CAPACITY: u64 = 64 * 1024 * 1024;

/// A record and when it was seen.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) version: u64,
    pub(super) record: Arc<Visitor>,
    pub(super) expires_at: Timestamp,
    at: Timestamp,
    /// What events name the visitor by, once it was asked for: made once, not for every answer. A write keeps it,
    /// so after a change of keys it is of the old one until nothing was heard of its visitor for five seconds.
    pub(super) handle: Arc<OnceLock<String>>,
    bytes: u64,
}

impl Seen {
    pub(super) fn new(
        version: u64,
        record: Arc<Visitor>,
        expires_at: Timestamp,
        at: Timestamp,
    ) -> Self {
        let bytes = bytes_of(&record);
        Self { version, record, expires_at, at, handle: Arc::default(), bytes }
    }

    /// Of a visitor who was here before, with the handle.
    pub(super) fn again(present: &Present, at: Timestamp) -> Self {
        let Present { version, record, expires_at, handle, .. } = present;
        let seen = Self::new(*version, Arc::clone(record), *expires_at, at);
        Self { handle: Arc::clone(handle), ..seen }
    }
}

/// A handle and what it takes to share one.
const HANDLE_BYTES: u64 = 128;

/// What an entry of this record takes in memory, roughly: its texts and about as much again around them.
fn bytes_of(record: &Visitor) -> u64 {
    struct Length(u64);
    impl io::Write for Length {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut length = Length(0);
    // Counting cannot fail, and a record is plain JSON.
    let _ = serde_json::to_writer(&mut length, record);
    size_of::<(VisitorKey, Seen, Visitor)>() as u64 + HANDLE_BYTES + 2 * length.0
}

#[derive(Clone)]
struct Bytes;

impl Weighter<VisitorKey, Seen> for Bytes {
    fn weight(&self, _: &VisitorKey, seen: &Seen) -> u64 {
        seen.bytes
    }
}

/// The records seen lately.
pub(super) struct Recent(Cache<VisitorKey, Seen, Bytes>);

impl Recent {
    pub(super) fn new() -> Self {
        Self(Cache::with_weighter(ENTRIES, CAPACITY, Bytes))
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

#[cfg(test)]
mod tests {
    use datafly_core::consent::Consent;
    use datafly_core::id::CanonicalId;

    use super::*;

    #[test]
    fn memory_is_bounded_however_much_pages_say() {
        let mut large = Visitor::default();
        let code = |n: u32| format!("{n:0>64}");
        large.set_consent(Consent {
            google: (0..64).map(|n| (code(n), code(n))).collect(),
            categories: (0..64).map(|n| (code(n), true)).collect(),
            ..Consent::default()
        });
        let large = Arc::new(large);
        let recent = Recent::new();
        for n in 0..5_000_u128 {
            let id = CanonicalId::from_random_bytes(n.to_be_bytes());
            let key = VisitorKey { pipeline: "dk_test_shop".parse().unwrap(), id };
            let seen = Seen::new(1, Arc::clone(&large), Timestamp::MAX, Timestamp::UNIX_EPOCH);
            assert!(seen.bytes > 20_000, "{}", seen.bytes);
            recent.put(key, seen);
        }
        assert!(recent.0.weight() <= CAPACITY, "{}", recent.0.weight());
        assert!(recent.0.len() > 1_000, "{}", recent.0.len());
    }
}
