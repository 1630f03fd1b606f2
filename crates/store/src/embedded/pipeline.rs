//! What is known of a pipeline without reading its events: how far each reader is. Kept in memory, and as
//! JSON in the files, one record a pipeline, written with every group that changes it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use datafly_core::id::{CanonicalId, PipelineKey};
use serde::{Deserialize, Serialize};

use crate::queue::{DestinationName, Position};

/// All pipelines, as of the last group that was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    pub(super) pipelines: BTreeMap<PipelineKey, Arc<Pipeline>>,
    /// The number that the next new pipeline or lane takes. None is used twice, so that what is left of one
    /// that is gone is never taken for another's.
    pub(super) next: u32,
}

/// Until which position a visitor's events are forgotten, and since when, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Forgotten {
    pub(super) up_to: u64,
    pub(super) at: i64,
}

/// One pipeline. Its positions have no gaps, so a count of events is a difference.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pipeline {
    /// What its keys start with.
    pub(super) number: u32,
    /// The newest event.
    pub(super) end: u64,
    /// The newest event that is enriched together with all before it: as far as consumers read.
    pub(super) enriched: u64,
    /// Events behind that one which are enriched already.
    pub(super) ahead: BTreeSet<u64>,
    /// Its consumers.
    pub(super) lanes: BTreeMap<DestinationName, Lane>,
    /// Who is forgotten; has its own records.
    #[serde(skip)]
    pub(super) forgotten: Arc<HashMap<CanonicalId, Forgotten>>,
}

/// One consumer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lane {
    /// What its keys start with.
    pub(super) number: u32,
    /// The newest settled event.
    pub(super) cursor: u64,
    /// Where it ends, if it is being drained.
    pub(super) until: Option<u64>,
    /// How many events its retry store holds.
    pub(super) retries: u64,
    /// How many dead letters there are.
    pub(super) dead: u64,
    /// Nothing is due before this millisecond: spares a search through what was removed.
    #[serde(skip, default = "unknown")]
    pub(super) due_from: i64,
    /// Counts what was put into the retry store, so that a search overtaken by that says nothing of it.
    #[serde(skip)]
    pub(super) put: u64,
}

fn unknown() -> i64 {
    i64::MIN
}

impl Pipeline {
    pub(super) fn new(number: u32) -> Self {
        Self {
            number,
            end: 0,
            enriched: 0,
            ahead: BTreeSet::new(),
            lanes: BTreeMap::new(),
            forgotten: Arc::default(),
        }
    }

    /// The newest event that nobody reads any more.
    pub(super) fn trim(&self) -> u64 {
        self.lanes.values().map(|lane| lane.cursor).fold(self.enriched, u64::min)
    }

    /// How many enriched events no consumer has settled; 0 where there is none that reads on.
    pub(super) fn unread(&self) -> u64 {
        let reading = self.lanes.values().filter(|lane| lane.until.is_none());
        reading.map(|lane| self.enriched.saturating_sub(lane.cursor)).min().unwrap_or(0)
    }

    pub(super) fn forgets(&self, visitor: Option<CanonicalId>, position: Position) -> bool {
        // Looked up for every event that is read; mostly nobody is forgotten.
        !self.forgotten.is_empty()
            && visitor
                .and_then(|visitor| self.forgotten.get(&visitor))
                .is_some_and(|forgotten| position.0 <= forgotten.up_to)
    }

    /// Whether the event waits for the enrich stage.
    pub(super) fn accepts(&self, position: u64) -> bool {
        (self.enriched + 1..=self.end).contains(&position) && !self.ahead.contains(&position)
    }

    /// Takes an accepted event as enriched.
    pub(super) fn enrich(&mut self, position: u64) {
        self.ahead.insert(position);
        while self.ahead.remove(&(self.enriched + 1)) {
            self.enriched += 1;
        }
    }

    /// Drops the consumers that have finished.
    pub(super) fn drop_drained(&mut self) {
        self.lanes.retain(|_, lane| {
            let read = lane.until.is_none_or(|until| lane.cursor < until);
            read || lane.retries > 0 || lane.dead > 0
        });
    }
}

impl Lane {
    pub(super) fn new(number: u32, cursor: u64) -> Self {
        Self { number, cursor, until: None, retries: 0, dead: 0, due_from: i64::MIN, put: 0 }
    }

    /// The newest event it may read.
    pub(super) fn end(&self, enriched: u64) -> u64 {
        self.until.map_or(enriched, |until| until.min(enriched))
    }
}
