//! How a visitor's record and its keys are written.
//!
//! Version and expiry stand before the record, which is JSON: a write and a sweep look at no more than these.

use datafly_core::visitor::Visitor;
use jiff::Timestamp;

use crate::StoreError;
use crate::state::{Stored, VisitorKey};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Few records are longer.
const USUAL_BYTES: usize = 512;

/// What stands before the record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) version: u64,
    expires_ms: i64,
}

impl Head {
    pub(super) fn new(version: u64, expires_at: Timestamp) -> Self {
        Self { version, expires_ms: expires_at.as_millisecond() }
    }

    /// Takes the head off a record; `None` where it is too short to have one.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (version, rest) = bytes.split_first_chunk()?;
        let (expires_ms, rest) = rest.split_first_chunk()?;
        let version = u64::from_be_bytes(*version);
        Some((Self { version, expires_ms: i64::from_be_bytes(*expires_ms) }, rest))
    }

    pub(super) fn is_live(self, now: Timestamp) -> bool {
        now.as_millisecond() < self.expires_ms
    }

    /// The day by whose end it has expired.
    pub(super) fn day(self) -> u32 {
        day(self.expires_ms)
    }
}

/// The day by whose end a moment has passed. Rounded up, so that a record that is written again and again
/// moves in the index once a day. None is 0: keys that start with that are the engine's own.
fn day(ms: i64) -> u32 {
    let whole = ms.div_euclid(DAY_MS) + i64::from(ms.rem_euclid(DAY_MS) > 0);
    u32::try_from(whole.max(1)).unwrap_or(u32::MAX)
}

/// `pipeline NUL id`: sorts by pipeline, and no pipeline key holds a NUL.
pub(super) fn key(key: &VisitorKey) -> Vec<u8> {
    let pipeline = key.pipeline.as_str().as_bytes();
    [pipeline, &[0], key.id.as_bytes().as_slice()].concat()
}

/// Key of an expiry: the day, then the visitor's key.
pub(super) fn expiry_key(day: u32, key: &[u8]) -> Vec<u8> {
    [&day.to_be_bytes(), key].concat()
}

/// The day and the visitor's key.
pub(super) fn expiry_parts(expiry: &[u8]) -> Option<(u32, &[u8])> {
    let (day, key) = expiry.split_first_chunk()?;
    Some((u32::from_be_bytes(*day), key))
}

/// Keys of all that may have expired.
pub(super) fn expiries(now: Timestamp) -> std::ops::Range<[u8; 4]> {
    1_u32.to_be_bytes()..day(now.as_millisecond()).saturating_add(1).to_be_bytes()
}

pub(super) fn encode(head: Head, visitor: &Visitor) -> Result<Vec<u8>, StoreError> {
    let Head { version, expires_ms } = head;
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    bytes.extend(version.to_be_bytes());
    bytes.extend(expires_ms.to_be_bytes());
    serde_json::to_writer(&mut bytes, visitor).map_err(|_| StoreError::Damaged)?;
    Ok(bytes)
}

/// The record, where it reads back.
pub(super) fn decode(bytes: &[u8]) -> Option<Stored> {
    let (Head { version, expires_ms }, visitor) = Head::read(bytes)?;
    let visitor = serde_json::from_slice::<Visitor>(visitor).ok()?;
    let expires_at = Timestamp::from_millisecond(expires_ms).ok()?;
    Some(Stored { visitor, version, expires_at })
}

/// What a sweep does with an entry of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its record has expired and goes.
    Expired,
    /// There is no such record, or it has an entry of another day.
    Stale,
    /// Its record lives.
    Live,
}

/// What a sweep does with the entry of a day: only the record knows.
pub(super) fn fate(day: u32, record: Option<&[u8]>, now: Timestamp) -> Fate {
    let Some(record) = record else { return Fate::Stale };
    match Head::read(record) {
        Some((head, _)) if head.day() != day => Fate::Stale,
        Some((head, _)) if head.is_live(now) => Fate::Live,
        Some(_) => Fate::Expired,
        None if i64::from(day) * DAY_MS <= now.as_millisecond() => Fate::Expired,
        None => Fate::Live,
    }
}
