//! What can go wrong, without any data of it.

use std::sync::Arc;

use thiserror::Error;

/// Why the store could not do it.
#[derive(Debug, Clone, Error)]
pub enum StoreError {
    /// The engine is there but failed: a full disk, a broken file, a lost connection.
    #[error("failed to {action}: {reason}")]
    Engine {
        /// What was being done.
        action: &'static str,
        /// What the engine says; holds no visitor's and no event's data.
        reason: Arc<str>,
    },
    /// The events already kept take all the room they may. Reading and settling go on, and so do visitors.
    #[error("the queue holds {bytes} bytes of at most {limit}")]
    Full {
        /// Bytes that the events take.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// Another process has the files open.
    #[error(
        "the store's files are in use by another process: ask the running server, or stop it first"
    )]
    InUse,
    /// The files are of a format this build does not know.
    #[error(
        "the store's files are of format {found}, this build reads format {expected}: start the version of \
         datafly that wrote them, or move the data directory away"
    )]
    Format {
        /// What the files say.
        found: u64,
        /// What this build reads.
        expected: u64,
    },
    /// A record does not read back.
    #[error("a record of the store is damaged")]
    Damaged,
    /// The store was shut down.
    #[error("the store was shut down")]
    Closed,
}
