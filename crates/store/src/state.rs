//! The `State` port: visitors' records and their versions.

use std::sync::Arc;

use async_trait::async_trait;
use datafly_core::id::{CanonicalId, PipelineKey};
use datafly_core::visitor::Visitor;
use jiff::Timestamp;
use thiserror::Error;

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
    /// It is durable, under this version.
    Done {
        /// The record's new version.
        version: u64,
    },
    /// The record is not, or no longer, at the expected version: read again and decide anew.
    Conflict,
}

/// Why the engine could not answer.
#[derive(Debug, Clone, Error)]
pub enum StateError {
    /// The engine is there but failed: a full disk, a broken file, a lost connection.
    #[error("failed to {action}: {reason}")]
    Engine {
        /// What was being done.
        action: &'static str,
        /// What the engine says; holds no visitor's data.
        reason: Arc<str>,
    },
    /// The files are of a format this build does not know.
    #[error(
        "the state files are of format {found}, this build reads format {expected}: start the version of \
         datafly that wrote them, or move the data directory away"
    )]
    Format {
        /// What the files say.
        found: u64,
        /// What this build reads.
        expected: u64,
    },
    /// A record does not read back.
    #[error("a visitor's record is damaged")]
    Damaged,
    /// The engine was shut down.
    #[error("the state engine was shut down")]
    Closed,
}

/// Keeps visitors' records.
///
/// **Durable**: when [`State::put`] answers [`Put::Done`], the record survives `kill -9` and power loss.
/// **Ordered**: a [`State::get`] that starts after that sees this write or a later one.
/// **Conditional**: of two writes against one version, one wins and the other is told [`Put::Conflict`].
#[async_trait]
pub trait State: Send + Sync {
    /// The record, unless there is none or it has expired at `now`.
    async fn get(&self, key: &VisitorKey, now: Timestamp) -> Result<Option<Stored>, StateError>;

    /// Writes the record if its version is still `expected` (0: there is no live record at `now`).
    async fn put(
        &self,
        key: &VisitorKey,
        visitor: &Visitor,
        expected: u64,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Put, StateError>;

    /// Removes up to `limit` records that have expired at `now`; answers how many went. Called from
    /// time to time; correctness never depends on it, the size of the disk does.
    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StateError>;
}
