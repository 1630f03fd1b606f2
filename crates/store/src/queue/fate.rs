//! What becomes of events after a try to deliver them.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::Position;

/// An event that is to be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// When, in milliseconds.
    pub due: Timestamp,
    /// How many tries have failed.
    pub attempts: u32,
    /// When the first one did, in milliseconds: what the time an event is kept is counted from.
    pub first_failed_at: Timestamp,
    /// Why the last one did, in a word or two; no visitor's data.
    pub reason: Arc<str>,
}

/// An event that a destination refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// When, in milliseconds.
    pub at: Timestamp,
    /// Why, in a word or two that dead letters are found by; no visitor's data.
    pub reason: Arc<str>,
    /// The mapping's trace, the request and the answer; opaque here.
    pub details: Bytes,
}

/// What became of deliverable events. Everything up to `up_to` that is not named in `retry` or `dead`
/// is done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settlement {
    /// The last settled event.
    pub up_to: Position,
    /// Those that go to the retry store; none behind `up_to`.
    pub retry: Vec<(Position, Retry)>,
    /// Those that go to the dead letters; none behind `up_to`.
    pub dead: Vec<(Position, Death)>,
}

/// What became of events that were due. What is not named stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetrySettlement {
    /// Those the destination has taken.
    pub done: Vec<Position>,
    /// Those to be tried once more.
    pub retry: Vec<(Position, Retry)>,
    /// Those that go to the dead letters.
    pub dead: Vec<(Position, Death)>,
}
