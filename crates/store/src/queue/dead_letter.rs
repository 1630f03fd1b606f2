//! Dead letters as they are looked for and shown.

use std::sync::Arc;

use datafly_core::id::PipelineKey;
use jiff::Timestamp;

use super::{Consumer, Death, DestinationName, Position, QueuedEvent};

/// An event that a destination refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Who refused it.
    pub consumer: Consumer,
    /// The event.
    pub event: QueuedEvent,
    /// When and why. In a list its details are empty.
    pub death: Death,
}

/// Which dead letters to list: those for which every part that is given holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterFilter {
    /// Of this pipeline.
    pub pipeline: Option<PipelineKey>,
    /// Of destinations of this name.
    pub destination: Option<DestinationName>,
    /// With exactly this reason.
    pub reason: Option<Arc<str>>,
    /// Refused at this time or later.
    pub since: Option<Timestamp>,
    /// Refused before this time.
    pub until: Option<Timestamp>,
}

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterPage {
    /// The consumer that was looked through last.
    pub consumer: Consumer,
    /// Its dead letter that was looked at last.
    pub position: Position,
}

/// One page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Those found; may be fewer than asked for while there are more.
    pub letters: Vec<DeadLetter>,
    /// Where to go on; `None` at the end.
    pub next: Option<DeadLetterPage>,
}
