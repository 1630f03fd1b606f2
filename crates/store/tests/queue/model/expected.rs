//! What should come of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use datafly_core::id::CanonicalId;
use datafly_store::queue::{DestinationName, MessageId, QueuedEvent, Retry};
use jiff::Timestamp;

#[derive(Debug, Default)]
pub(super) struct Lane {
    /// How many events of the pipeline it has passed.
    pub(super) cursor: usize,
    pub(super) until: Option<usize>,
    pub(super) retries: BTreeMap<usize, Retry>,
    pub(super) dead: BTreeMap<usize, Timestamp>,
}

/// One pipeline as it should be; events are named by their place in `events`.
#[derive(Debug, Default)]
pub(super) struct Expected {
    pub(super) events: Vec<QueuedEvent>,
    pub(super) enriched: BTreeSet<usize>,
    pub(super) lanes: BTreeMap<DestinationName, Lane>,
    pub(super) marks: HashMap<MessageId, Timestamp>,
    pub(super) forgotten: HashMap<CanonicalId, usize>,
    /// Version and expiry of visitors' records; each is a tombstone of the time it was written at.
    pub(super) visitors: HashMap<u8, (u64, Timestamp, Timestamp)>,
}

impl Expected {
    pub(super) fn frontier(&self) -> usize {
        (0..=self.events.len()).find(|n| !self.enriched.contains(n)).unwrap()
    }

    pub(super) fn shown(&self, n: usize) -> bool {
        let visitor = self.events[n].visitor;
        visitor.and_then(|v| self.forgotten.get(&v)).is_none_or(|up_to| n >= *up_to)
    }

    pub(super) fn accepted(&self) -> Vec<usize> {
        let waits = |n: &usize| !self.enriched.contains(n) && self.shown(*n);
        (0..self.events.len()).filter(waits).collect()
    }

    pub(super) fn deliverable(&self, lane: &Lane) -> Vec<usize> {
        let end = lane.until.unwrap_or(usize::MAX).min(self.frontier());
        (lane.cursor..end).filter(|n| self.shown(*n)).collect()
    }

    /// All that is in the retry store, the longest due first.
    pub(super) fn due(&self, lane: &Lane) -> Vec<usize> {
        let mut due: Vec<usize> = lane.retries.keys().copied().filter(|n| self.shown(*n)).collect();
        due.sort_by_key(|n| (lane.retries[n].due, *n));
        due
    }

    pub(super) fn dead(&self, lane: &Lane) -> Vec<usize> {
        lane.dead.keys().copied().filter(|n| self.shown(*n)).collect()
    }

    pub(super) fn drop_drained(&mut self) {
        self.lanes.retain(|_, lane| {
            lane.until.is_none_or(|until| lane.cursor < until)
                || !lane.retries.is_empty()
                || !lane.dead.is_empty()
        });
    }

    /// What is forgotten takes nothing's place any more once it is erased.
    pub(super) fn erase(&mut self) {
        let mut lanes = std::mem::take(&mut self.lanes);
        for lane in lanes.values_mut() {
            lane.retries.retain(|n, _| self.shown(*n));
            lane.dead.retain(|n, _| self.shown(*n));
        }
        self.lanes = lanes;
    }
}
