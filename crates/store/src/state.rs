//! The `State` port: visitors' records and their versions.

use async_trait::async_trait;
use datafly_core::id::{CanonicalId, PipelineKey};
use datafly_core::visitor::Visitor;
use jiff::Timestamp;

use crate::StoreError;

/// Names a record: a visitor belongs to one pipeline, and two pipelines never share one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VisitorKey {
    /// The pipeline.
    pub pipeline: PipelineKey,
    /// The visitor.
    pub id: CanonicalId,
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The record.
    pub visitor: Visitor,
    /// Grows by one with every write; the first write makes it 1.
    pub version: u64,
    /// When the record goes; a write sets it anew.
    pub expires_at: Timestamp,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is written, under this version.
    Done {
        /// The record's new version.
        version: u64,
    },
    /// The record is not, or no longer, at the expected version: read again and decide anew.
    Conflict,
}

/// When a write has survived a power loss. It has survived `kill -9` once it is answered, either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durable {
    /// Once it is answered; no [`State::get`] sees it before it is on disk. For what somebody is told was
    /// done: a log-out, a consent.
    AtOnce,
    /// At the latest once a [`Queue::append`](crate::queue::Queue::append) over the same store is answered that
    /// was begun after this write was answered; never later than what was written after it. For what an event
    /// changes about its visitor, where whoever sent the event is told nothing until it is appended.
    ///
    /// An engine that does not keep the events as well takes this as [`Self::AtOnce`].
    WithNextAppend,
}

/// Keeps visitors' records.
///
/// **Durable**: when [`State::put`] answers [`Put::Done`], the record survives `kill -9`, and a power loss as
/// [`Durable`] says.
/// **Ordered**: a [`State::get`] that starts after that sees this write or a later one.
/// **Conditional**: of two writes against one version, one wins and the other is told [`Put::Conflict`].
#[async_trait]
pub trait State: Send + Sync {
    /// The record, unless there is none or it has expired at `now`.
    async fn get(&self, key: &VisitorKey, now: Timestamp) -> Result<Option<Stored>, StoreError>;

    /// Writes the record if its version is still `expected` (0: there is no live record at `now`).
    async fn put(
        &self,
        key: &VisitorKey,
        visitor: &Visitor,
        expected: u64,
        expires_at: Timestamp,
        durable: Durable,
        now: Timestamp,
    ) -> Result<Put, StoreError>;

    /// Removes up to `limit` records that have expired at `now`; answers how many went. Called from
    /// time to time; correctness never depends on it, the size of the disk does.
    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError>;
}
