//! What the vendors said, kept in memory.
//!
//! | cache | key | entry | lives |
//! |---|---|---|---|
//! | resolution | who the vendor is, linking key, value | a profile id, or a miss | 24 h; a miss by its dampening |
//! | attributes | who the vendor is, profile id | the vendor's map as JSON, or that it is gone | fresh 5 min, stale 24 h |
//! | personalised | the same, and the context's hash | the second map as JSON | 2 min |
//!
//! Times are checked by whoever reads, against the time that is passed in; an entry that is over stays until
//! it is replaced or evicted, because a stale answer is better than none when the vendor fails. Errors
//! are never put here. A context that the vendor has nothing for is an answer: an empty second map. Keys are
//! keyed hashes (SipHash-2-4 with a key of this process; 128 bits, and 64 of the profile with 64 of the
//! context): no identifier is kept in the clear, and nobody outside can choose two that collide.
//!
//! **Memory.** Each cache has a share of one bound in bytes, counted per entry as what it holds and an
//! overhead that was measured (`examples/cache_memory.rs`). When a share is full, what was not used goes first.
//!
//! **Choice of quick_cache.** S3-FIFO-like eviction with weights, about 30 bytes of its own per entry, and
//! no clock of its own, so that time stays an argument. moka (the other well-kept one) reads its own clock
//! and takes about five times the memory per entry.

use std::hash::Hasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwapOption;
use datafly_core::attributes::Attributes;
use datafly_core::context::ContextHash;
use datafly_core::linking_key::KeyValue;
use datafly_provider::ProfileId;
use jiff::{SignedDuration, Timestamp};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use siphasher::sip128::{Hasher128, SipHasher24};

use super::miss::Miss;

/// A keyed hash.
pub(super) type Key = [u64; 2];

/// Who a vendor is: half the SHA-256 of what it calls itself, which is long, and a part of every key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Identity([u8; 16]);

impl Identity {
    pub(super) fn of(name: &str) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&Sha256::digest(name)[..16]);
        Self(half)
    }
}

/// What a linking key led to.
#[derive(Debug, Clone)]
pub(super) enum Resolution {
    /// A profile, found then.
    Found {
        /// The vendor's id of it.
        id: ProfileId,
        /// When the vendor said so.
        at: Timestamp,
    },
    /// Nobody.
    Missed(Miss),
}

/// A map of a vendor's, before any allowlist.
#[derive(Debug)]
pub(super) struct Answered {
    /// JSON of an object. As text: a parsed map takes several times the memory.
    json: Box<str>,
    /// When the vendor said so.
    pub(super) at: Timestamp,
    /// What browsers were last shown of it.
    shown: ArcSwapOption<Shown>,
    /// Bytes that were counted for that.
    room: u32,
    /// Second in which a refresh was last started.
    refreshed: AtomicI64,
}

/// The filtered form of a map, good for one allowlist and one plain map underneath.
#[derive(Debug)]
struct Shown {
    of: ShownOf,
    json: Arc<str>,
}

/// What a filtered form was made from, besides the map itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShownOf {
    /// The allowlist's fingerprint.
    pub(super) allowlist: u64,
    /// Age of the plain map that a personalised one lies over.
    pub(super) under: Option<Timestamp>,
}

impl Answered {
    /// A plain map as the vendor answered it at `at`. What is shown of it is a part of it.
    pub(super) fn plain(attributes: &Attributes, at: Timestamp) -> Self {
        Self::new(attributes, at, 0)
    }

    /// A personalised map. What is shown of it lies over so many bytes of the plain one.
    pub(super) fn over(underneath: usize, attributes: &Attributes, at: Timestamp) -> Self {
        Self::new(attributes, at, underneath)
    }

    fn new(attributes: &Attributes, at: Timestamp, underneath: usize) -> Self {
        // Writing a map of JSON values cannot fail.
        let json = serde_json::to_string(attributes).unwrap_or_else(|_| "{}".to_owned());
        let refreshed = AtomicI64::new(i64::MIN);
        let room = u32::try_from(json.len() + underneath).unwrap_or(u32::MAX);
        // A copy of the right size: what shrinks in place leaves holes behind.
        Self { json: json.as_str().into(), at, shown: ArcSwapOption::empty(), room, refreshed }
    }

    /// Whether the vendor had nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        &*self.json == "{}"
    }

    /// The whole map.
    pub(super) fn attributes(&self) -> Attributes {
        serde_json::from_str(&self.json).unwrap_or_default()
    }

    /// Whether a refresh may be started at `now`; if so it counts as started, and there is a pause before the
    /// next one.
    pub(super) fn may_refresh(&self, now: Timestamp, pause: SignedDuration) -> bool {
        let (now, last) = (now.as_second(), self.refreshed.load(Ordering::Relaxed));
        let due = last.saturating_add(pause.as_secs()) <= now;
        // Of several at once one wins.
        due && self
            .refreshed
            .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    /// The filtered form, made by `make` unless the last one was made from the same.
    pub(super) fn shown(&self, of: ShownOf, make: impl FnOnce() -> Arc<str>) -> Arc<str> {
        let last = self.shown.load();
        if let Some(shown) = last.as_ref().filter(|shown| shown.of == of) {
            return Arc::clone(&shown.json);
        }
        let json = make();
        // What lies underneath may have grown since: what was not counted is not kept.
        if json.len() > self.room as usize {
            return json;
        }
        self.shown.store(Some(Arc::new(Shown { of, json: Arc::clone(&json) })));
        json
    }
}

/// The caches of all integrations.
pub struct Caches {
    secret: [u8; 16],
    pub(super) resolution: Cache<Key, Resolution, Weigh>,
    /// `None`: the vendor had the profile and has it no more.
    pub(super) attributes: Cache<Key, Option<Arc<Answered>>, Weigh>,
    pub(super) personalised: Cache<Key, Arc<Answered>, Weigh>,
}

/// How full the caches are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    /// Name of the cache.
    pub cache: &'static str,
    /// Entries.
    pub entries: usize,
    /// Counted bytes.
    pub bytes: u64,
}

impl Caches {
    /// Bounded by `bytes` in all. `secret` keys the hashes: nobody may know it.
    pub fn new(bytes: u64, secret: [u8; 16]) -> Self {
        let [resolution, attributes, personalised] = shares(bytes);
        Self {
            secret,
            resolution: bounded(resolution, RESOLUTION_BYTES),
            attributes: bounded(attributes, ANSWERED_BYTES),
            personalised: bounded(personalised, ANSWERED_BYTES),
        }
    }

    /// Bounds them by other `bytes`. What is over goes at once.
    pub fn bound(&self, bytes: u64) {
        let [resolution, attributes, personalised] = shares(bytes);
        self.resolution.set_capacity(resolution);
        self.attributes.set_capacity(attributes);
        self.personalised.set_capacity(personalised);
    }

    /// How full each of them is.
    pub fn filled(&self) -> [Filled; 3] {
        fn of<V: Clone>(cache: &'static str, it: &Cache<Key, V, Weigh>) -> Filled
        where
            Weigh: Weighter<Key, V>,
        {
            Filled { cache, entries: it.len(), bytes: it.weight() }
        }
        [
            of("resolution", &self.resolution),
            of("attributes", &self.attributes),
            of("personalised", &self.personalised),
        ]
    }

    pub(super) fn resolution_key(&self, vendor: Identity, key: &KeyValue) -> Key {
        self.hash(&[b"resolution", &vendor.0, key.key.as_bytes(), key.value.expose().as_bytes()])
    }

    pub(super) fn profile_key(&self, vendor: Identity, id: &ProfileId) -> Key {
        self.hash(&[b"profile", &vendor.0, id.expose().as_bytes()])
    }

    /// The first half is the profile's, so that all of a profile's contexts can be found.
    pub(super) fn context_key(
        &self,
        vendor: Identity,
        id: &ProfileId,
        context: &ContextHash,
    ) -> Key {
        let [profile, _] = self.profile_key(vendor, id);
        let [context, _] = self.hash(&[b"context", context.as_bytes()]);
        [profile, context]
    }

    /// Drops all that is known of a profile.
    pub(super) fn forget_profile(&self, vendor: Identity, id: &ProfileId) {
        let at = self.profile_key(vendor, id);
        self.attributes.remove(&at);
        self.personalised.retain(|context, _| context[0] != at[0]);
    }

    fn hash(&self, parts: &[&[u8]]) -> Key {
        let mut hasher = SipHasher24::new_with_key(&self.secret);
        for part in parts {
            // Lengths make the encoding unambiguous.
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        let hash = hasher.finish128();
        [hash.h1, hash.h2]
    }
}

/// What an entry takes besides its text: key, slot, and the allocations behind it. Measured.
const RESOLUTION_BYTES: u64 = 120;
const ANSWERED_BYTES: u64 = 200;

/// Counts entries in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weigh;

impl Weighter<Key, Resolution> for Weigh {
    fn weight(&self, _: &Key, resolution: &Resolution) -> u64 {
        let text = match resolution {
            Resolution::Found { id, .. } => id.expose().len(),
            Resolution::Missed(_) => 0,
        };
        RESOLUTION_BYTES + text as u64
    }
}

impl Weighter<Key, Arc<Answered>> for Weigh {
    fn weight(&self, _: &Key, answered: &Arc<Answered>) -> u64 {
        // What was shown of it is kept beside it.
        ANSWERED_BYTES + answered.json.len() as u64 + u64::from(answered.room)
    }
}

impl Weighter<Key, Option<Arc<Answered>>> for Weigh {
    fn weight(&self, at: &Key, answered: &Option<Arc<Answered>>) -> u64 {
        answered.as_ref().map_or(RESOLUTION_BYTES, |answered| self.weight(at, answered))
    }
}

/// Maps are what takes room; the resolution's entries are small and the same number.
fn shares(bytes: u64) -> [u64; 3] {
    let (resolution, personalised) = (bytes / 4, bytes / 8);
    [resolution, bytes - resolution - personalised, personalised]
}

fn bounded<V: Clone>(bytes: u64, entry: u64) -> Cache<Key, V, Weigh>
where
    Weigh: Weighter<Key, V>,
{
    let entries = usize::try_from(bytes / entry).unwrap_or(usize::MAX);
    // The table grows with its entries; an estimate of its full size would be taken at once.
    Cache::with_weighter(entries.clamp(1_000, 100_000), bytes, Weigh)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF: ShownOf = ShownOf { allowlist: 1, under: None };

    /// How often the shown form of so many bytes is made for two answers.
    fn made(answered: &Answered, bytes: usize) -> usize {
        let mut made = 0;
        for _ in 0..2 {
            answered.shown(OF, || {
                made += 1;
                "x".repeat(bytes).into()
            });
        }
        made
    }

    #[test]
    fn what_is_shown_is_kept_as_far_as_it_was_counted() {
        let attributes = Attributes::from_iter([("Offer".to_owned(), "free".into())]);
        let own = r#"{"Offer":"free"}"#.len();
        let at = Timestamp::constant(1_800_000_000, 0);
        assert_eq!(made(&Answered::plain(&attributes, at), own), 1);
        assert_eq!(made(&Answered::plain(&attributes, at), own + 1), 2);
        assert_eq!(made(&Answered::over(100, &attributes, at), own + 100), 1);
        assert_eq!(made(&Answered::over(100, &attributes, at), own + 101), 2);
        let weight = Weigh.weight(&[0; 2], &Arc::new(Answered::over(100, &attributes, at)));
        assert_eq!(weight, ANSWERED_BYTES + 2 * own as u64 + 100);
    }
}
