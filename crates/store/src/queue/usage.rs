//! How much a queue keeps.

use datafly_core::id::PipelineKey;
use jiff::Timestamp;

use super::DestinationName;

/// What is kept, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes that everything kept takes; what the limit is for.
    pub bytes: u64,
    /// Past this many bytes nothing is appended; `None` where there is no limit.
    pub limit: Option<u64>,
    /// By pipeline, sorted.
    pub pipelines: Vec<PipelineUsage>,
}

/// What is kept for one pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineUsage {
    /// The pipeline.
    pub pipeline: PipelineKey,
    /// Events that wait for the enrich stage.
    pub accepted: Backlog,
    /// By destination, sorted.
    pub consumers: Vec<ConsumerUsage>,
}

/// What is kept for one consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerUsage {
    /// The destination.
    pub destination: DestinationName,
    /// Whether it only finishes what it has.
    pub draining: bool,
    /// Deliverable events that it has not settled.
    pub lag: Backlog,
    /// Its retry store; `oldest` is what was appended first.
    pub retries: Backlog,
    /// Its dead letters; `oldest` is what was appended first.
    pub dead_letters: Backlog,
}

/// Some events that wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many. Events of forgotten visitors count until they are erased or passed over.
    pub events: u64,
    /// When the oldest of them was appended, where that can be told cheaply.
    pub oldest: Option<Timestamp>,
}
