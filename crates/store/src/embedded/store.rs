//! What is kept, and how.

use std::sync::Arc;

use fjall::KeyspaceCreateOptions;
use fjall::compaction::Leveled;
use fjall::config::{BlockSizePolicy, FilterPolicy};

/// Size of the files that events end up in: they are dropped one by one.
const TABLE_BYTES: u64 = 16 * 1024 * 1024;

/// What is kept, each in a tree of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Store {
    /// The format, the next number, and a record for each pipeline.
    Meta,
    /// (pipeline, position): the events, overwritten once when they are enriched.
    Log,
    /// (week, hash of pipeline and messageId): what was appended.
    Marks,
    /// (lane, position): events that are tried again.
    Retries,
    /// (lane, time, position): when.
    Due,
    /// (lane, position): dead letters.
    Dead,
    /// (lane, position): the details of dead letters.
    Details,
    /// (pipeline, visitor): who is forgotten.
    Forgotten,
    /// (pipeline, visitor): the visitors.
    Visitors,
    /// (day, pipeline, visitor): when their records expire at the latest.
    Expiries,
    /// What pushes old bytes out of the journal.
    Filler,
}

impl Store {
    pub(super) const ALL: [Self; 11] = [
        Self::Meta,
        Self::Log,
        Self::Marks,
        Self::Retries,
        Self::Due,
        Self::Dead,
        Self::Details,
        Self::Forgotten,
        Self::Visitors,
        Self::Expiries,
        Self::Filler,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Log => "log",
            Self::Marks => "marks",
            Self::Retries => "retries",
            Self::Due => "due",
            Self::Dead => "dead",
            Self::Details => "details",
            Self::Forgotten => "forgotten",
            Self::Visitors => "visitors",
            Self::Expiries => "expiries",
            Self::Filler => "filler",
        }
    }

    /// Whether events and what is known of them are in it: what the queue's limit is for.
    pub(super) const fn is_the_queues(self) -> bool {
        !matches!(self, Self::Visitors | Self::Expiries)
    }

    /// Bytes that are kept in memory before they become a table.
    pub(super) const fn memory(self) -> u64 {
        match self {
            // Large enough that an event is mostly enriched before it leaves memory, and a visit over, so
            // that what is written again and again reaches a table once.
            Self::Log | Self::Visitors => 4 * 1024 * 1024,
            _ => 1024 * 1024,
        }
    }

    pub(super) fn options(self) -> KeyspaceCreateOptions {
        let options = KeyspaceCreateOptions::default()
            .max_memtable_size(self.memory())
            .compaction_strategy(Arc::new(Leveled::default().with_table_target_size(TABLE_BYTES)));
        match self {
            // Read in order, never asked whether a key is there.
            Self::Log => options
                .filter_policy(FilterPolicy::disabled())
                .data_block_size_policy(BlockSizePolicy::all(16 * 1024)),
            _ => options,
        }
    }
}
