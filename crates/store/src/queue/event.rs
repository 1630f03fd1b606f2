//! Events on their way in, and as they are handed out.

use bytes::Bytes;
use datafly_core::id::{CanonicalId, PipelineKey};
use jiff::Timestamp;

use super::{MessageId, Retry};

/// An event to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Whose event it is.
    pub pipeline: PipelineKey,
    /// Of which visitor, where that is known; what [`super::Queue::forget`] goes by.
    pub visitor: Option<CanonicalId>,
    /// What tells it from its own retries.
    pub message_id: MessageId,
    /// The event as JSON, opaque here.
    pub body: Bytes,
}

/// What became of an appended event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is in the log.
    Fresh,
    /// It was there before, and still counts as accepted.
    Duplicate,
}

/// An event's place among those of its pipeline: grows with every append, also across restarts, and may
/// leave gaps. Names the event within its pipeline wherever it goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position(pub u64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);
}

/// An event as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedEvent {
    /// Its place in its pipeline.
    pub position: Position,
    /// The `now` of its append, in milliseconds.
    pub received_at: Timestamp,
    /// Of which visitor, where that is known.
    pub visitor: Option<CanonicalId>,
    /// What tells it from its own retries.
    pub message_id: MessageId,
    /// The event as JSON: as appended, or as the enrich stage left it.
    pub body: Bytes,
}

/// An event from a retry store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The event.
    pub event: QueuedEvent,
    /// What was written when it was put there.
    pub retry: Retry,
}

/// How much to hand out at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// At most this many events.
    pub events: usize,
    /// Stops before their bodies exceed this many bytes, but never before the first event.
    pub bytes: usize,
}
