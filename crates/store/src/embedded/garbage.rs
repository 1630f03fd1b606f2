//! What may go from the disk for good, told to the engine's compaction, which drops it as it rewrites.
//!
//! An event that nobody reads any more is never removed by a write of its own: it lies before the cursors,
//! where no reading begins, until its file is dropped or rewritten. That spares every event a tombstone,
//! and every reading a walk over them.
//!
//! A cursor counts here only once it is synced: after a power loss it may stand where it stood before, and
//! the event it had passed may be needed again, for the retry store that it went to has lost it as well.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use datafly_core::id::CanonicalId;
use fjall::compaction::filter::{
    CompactionFilter, CompactionFilterResult, Context, Factory, ItemAccessor, Verdict,
};

use super::pipeline::{Forgotten, Index};
use super::record;
use super::store::Store;

/// Shared with the engine's compaction threads.
#[derive(Debug, Clone, Default)]
pub(super) struct Garbage(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    pipelines: HashMap<u32, Passed>,
    lanes: HashSet<u32>,
    next: u32,
    week: u32,
}

#[derive(Debug)]
struct Passed {
    trim: u64,
    forgotten: Arc<HashMap<CanonicalId, Forgotten>>,
}

impl Garbage {
    /// Takes over what a synced index says; marks of weeks before `week` are of no use any more.
    pub(super) fn learn(&self, index: &Index, week: u32) {
        let pipelines = index.pipelines.values();
        let known = Known {
            pipelines: pipelines
                .clone()
                .map(|pipeline| {
                    let forgotten = Arc::clone(&pipeline.forgotten);
                    (pipeline.number, Passed { trim: pipeline.trim(), forgotten })
                })
                .collect(),
            lanes: pipelines.flat_map(|p| p.lanes.values().map(|lane| lane.number)).collect(),
            next: index.next,
            week,
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

impl Known {
    fn is_garbage(
        &self,
        store: Store,
        key: &[u8],
        value: impl FnOnce() -> Option<Vec<u8>>,
    ) -> bool {
        match store {
            Store::Log => {
                let Some((number, position)) = record::parts(key) else { return false };
                let Some(passed) = self.pipelines.get(&number) else { return false };
                position <= passed.trim
                    || (!passed.forgotten.is_empty()
                        && value()
                            .and_then(|value| record::read_visitor(&value))
                            .and_then(|visitor| passed.forgotten.get(&visitor))
                            .is_some_and(|forgotten| position <= forgotten.up_to))
            }
            Store::Marks => {
                key.len() > 4 && record::mark_week(key).is_some_and(|week| week < self.week)
            }
            Store::Retries | Store::Due | Store::Dead | Store::Details => {
                let lane = key.first_chunk().map_or(0, |lane| u32::from_be_bytes(*lane));
                (1..self.next).contains(&lane) && !self.lanes.contains(&lane)
            }
            Store::Meta | Store::Forgotten | Store::Visitors | Store::Expiries | Store::Filler => {
                false
            }
        }
    }
}

/// Makes the filter of one store.
pub(super) struct Sieve {
    pub(super) store: Store,
    pub(super) garbage: Garbage,
}

impl Factory for Sieve {
    fn name(&self) -> &'static str {
        self.store.name()
    }

    fn make_filter(&self, _: &Context) -> Box<dyn CompactionFilter> {
        Box::new(Self { store: self.store, garbage: self.garbage.clone() })
    }
}

impl CompactionFilter for Sieve {
    fn filter_item(&mut self, item: ItemAccessor<'_>, _: &Context) -> CompactionFilterResult {
        let known = self.garbage.0.read().unwrap_or_else(PoisonError::into_inner);
        let value = || item.value().ok().map(|value| value.to_vec());
        // Without a tombstone an older version of the key may come up again. No reader looks there.
        Ok(if known.is_garbage(self.store, item.key(), value) {
            Verdict::Destroy
        } else {
            Verdict::Keep
        })
    }
}
