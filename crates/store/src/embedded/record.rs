//! How events are written: keys that sort as they are read, values with the body at their end, so that
//! reading a field never parses the event.

use bytes::Bytes;
use datafly_core::id::{CanonicalId, PipelineKey};
use jiff::Timestamp;
use siphasher::sip128::{Hasher128 as _, SipHasher24};
use std::hash::Hasher as _;

use crate::queue::{Death, MessageId, NewEvent, Position, QueuedEvent, Retry};

/// One week in milliseconds: marks are dropped by the week.
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Key of an event: in the log by its pipeline's number, in a retry store or among dead letters by its
/// lane's. No number is 0, so keys that start with it are free for the engine's own use.
pub(super) fn key(number: u32, position: u64) -> [u8; 12] {
    let mut key = [0; 12];
    key[..4].copy_from_slice(&number.to_be_bytes());
    key[4..].copy_from_slice(&position.to_be_bytes());
    key
}

/// The number and the position of a key.
pub(super) fn parts(key: &[u8]) -> Option<(u32, u64)> {
    let (number, position) = key.split_first_chunk()?;
    let position = position.try_into().ok()?;
    Some((u32::from_be_bytes(*number), u64::from_be_bytes(position)))
}

/// Key of what is due: sorts by time within a lane, also before 1970.
pub(super) fn due_key(lane: u32, due: i64, position: u64) -> [u8; 20] {
    let mut key = [0; 20];
    key[..4].copy_from_slice(&lane.to_be_bytes());
    key[4..12].copy_from_slice(&(due.cast_unsigned() ^ (1 << 63)).to_be_bytes());
    key[12..].copy_from_slice(&position.to_be_bytes());
    key
}

/// The time and the position of such a key.
pub(super) fn due_parts(key: &[u8]) -> Option<(i64, u64)> {
    let (due, position) = key.get(4..)?.split_first_chunk()?;
    let due = (u64::from_be_bytes(*due) ^ (1 << 63)).cast_signed();
    Some((due, u64::from_be_bytes(position.try_into().ok()?)))
}

/// Which week it is, in milliseconds since 1970; weeks before that are the first.
pub(super) fn week(now: Timestamp) -> u32 {
    u32::try_from(now.as_millisecond().div_euclid(WEEK_MS)).unwrap_or(0) + 1
}

/// Mark of an appended event: its week, then a hash of pipeline and messageId. The hash is part of the
/// format. That it can be computed by anybody harms nobody: to make somebody's event look like a duplicate
/// one must know its id, and could then as well send it.
pub(super) fn mark(week: u32, pipeline: &PipelineKey, message_id: &MessageId) -> [u8; 20] {
    let mut hasher = SipHasher24::new();
    hasher.write(pipeline.as_str().as_bytes());
    hasher.write_u8(0);
    hasher.write(message_id.as_str().as_bytes());
    let mut mark = [0; 20];
    mark[..4].copy_from_slice(&week.to_be_bytes());
    mark[4..].copy_from_slice(&hasher.finish128().as_bytes());
    mark
}

/// The week of a mark.
pub(super) fn mark_week(mark: &[u8]) -> Option<u32> {
    mark.first_chunk().map(|week| u32::from_be_bytes(*week))
}

/// Key of who is forgotten.
pub(super) fn forgotten_key(pipeline: u32, visitor: CanonicalId) -> Vec<u8> {
    [&pipeline.to_be_bytes(), visitor.as_bytes().as_slice()].concat()
}

pub(super) fn new_event(event: &NewEvent, now: Timestamp) -> Vec<u8> {
    encode(now, event.visitor, &event.message_id, &event.body)
}

pub(super) fn event(event: &QueuedEvent) -> Vec<u8> {
    encode(event.received_at, event.visitor, &event.message_id, &event.body)
}

fn encode(
    received_at: Timestamp,
    visitor: Option<CanonicalId>,
    message_id: &MessageId,
    body: &[u8],
) -> Vec<u8> {
    let id = message_id.as_str().as_bytes();
    let mut bytes = Vec::with_capacity(27 + id.len() + body.len());
    bytes.extend(received_at.as_millisecond().to_be_bytes());
    bytes.push(u8::from(visitor.is_some()));
    if let Some(visitor) = visitor {
        bytes.extend(visitor.as_bytes());
    }
    put_text(&mut bytes, id);
    bytes.extend(body);
    bytes
}

/// The event, where it reads back.
pub(super) fn read_event(position: u64, bytes: &[u8]) -> Option<QueuedEvent> {
    let mut fields = Fields(bytes);
    Some(QueuedEvent {
        position: Position(position),
        received_at: fields.time()?,
        visitor: fields.visitor().ok()?,
        message_id: fields.text()?.parse().ok()?,
        body: Bytes::copy_from_slice(fields.0),
    })
}

/// Only whose event it is, for what must be decided of many.
pub(super) fn read_visitor(bytes: &[u8]) -> Option<CanonicalId> {
    Fields(bytes.get(8..)?).visitor().ok()?
}

/// When it was appended, likewise.
pub(super) fn read_received_at(bytes: &[u8]) -> Option<Timestamp> {
    Fields(bytes).time()
}

pub(super) fn retry(retry: &Retry, event: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(24 + retry.reason.len() + event.len());
    bytes.extend(retry.due.as_millisecond().to_be_bytes());
    bytes.extend(retry.attempts.to_be_bytes());
    bytes.extend(retry.first_failed_at.as_millisecond().to_be_bytes());
    put_text(&mut bytes, retry.reason.as_bytes());
    bytes.extend(event);
    bytes
}

/// The retry and the bytes of its event.
pub(super) fn read_retry(bytes: &[u8]) -> Option<(Retry, &[u8])> {
    let mut fields = Fields(bytes);
    let retry = Retry {
        due: fields.time()?,
        attempts: u32::from_be_bytes(*fields.chunk()?),
        first_failed_at: fields.time()?,
        reason: fields.text()?.into(),
    };
    Some((retry, fields.0))
}

pub(super) fn death(death: &Death, event: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(12 + death.reason.len() + event.len());
    bytes.extend(death.at.as_millisecond().to_be_bytes());
    put_text(&mut bytes, death.reason.as_bytes());
    bytes.extend(event);
    bytes
}

/// The death without its details, and the bytes of its event.
pub(super) fn read_death(bytes: &[u8]) -> Option<(Death, &[u8])> {
    let mut fields = Fields(bytes);
    let at = fields.time()?;
    let reason = fields.text()?.into();
    Some((Death { at, reason, details: Bytes::new() }, fields.0))
}

fn put_text(bytes: &mut Vec<u8>, text: &[u8]) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    bytes.extend(length.to_be_bytes());
    bytes.extend(&text[..usize::from(length)]);
}

/// A record ends too early.
struct Cut;

/// Takes one field after another off the front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn chunk<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(chunk)
    }

    fn time(&mut self) -> Option<Timestamp> {
        Timestamp::from_millisecond(i64::from_be_bytes(*self.chunk()?)).ok()
    }

    fn visitor(&mut self) -> Result<Option<CanonicalId>, Cut> {
        match self.chunk().ok_or(Cut)? {
            [0] => Ok(None),
            // Version and variant are in the bytes already, so that this gives the same id again.
            _ => Ok(Some(CanonicalId::from_random_bytes(*self.chunk().ok_or(Cut)?))),
        }
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::from(u16::from_be_bytes(*self.chunk()?));
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}
