//! What keeps the disk from growing without end.
//!
//! Files whose events nobody reads any more are dropped as they are; what shares a file with others goes
//! when the library rewrites it, which is forced once a store is mostly garbage. Visitors who are gone are
//! left to the library, which merges their removal with what it removes. Bytes of a forgotten visitor are in
//! the log's tables, in the retry stores and dead letters, in what their record was before it was replaced,
//! and in the journal: the first and the third are dropped by a forced rewriting, the second removed before
//! it, the last pushed out by filling the journal.

use std::collections::HashMap;
use std::sync::PoisonError;

use datafly_core::id::{CanonicalId, PipelineKey};
use fjall::{AbstractTree as _, PersistMode};
use jiff::Timestamp;

use super::engine::{Engine, failed};
use super::pipeline::{Forgotten, Index, Lane, Pipeline};
use super::record;
use super::store::Store;
use crate::StoreError;
use crate::queue::{Consumer, Position};

const ACTION: &str = "clean up the store";

/// How long a forgotten visitor's bytes wait for company: each erasure rewrites all stores, and anybody may
/// ask to be forgotten. They are to be gone within 24 hours. Also longer than any reader holds an event, so
/// that none of them is written again after it was erased.
const ERASE_AFTER_MS: i64 = 6 * 60 * 60 * 1000;

/// Garbage that a store may gather before it is rewritten, in entries.
const SLACK: u64 = 20_000;

/// The same in bytes.
const SLACK_BYTES: u64 = 16 * 1024 * 1024;

/// Journals beyond which something must be holding on to the oldest.
const MAX_JOURNALS: usize = 3;

/// Bytes that make the library begin a new journal at the next flush.
const JOURNAL_BYTES: usize = 65 * 1024 * 1024;

/// Bytes written at a time to get there.
const FILL_BYTES: usize = 1024 * 1024;

/// A key of the engine's own: no pipeline, lane or week has the number 0.
const FILLER_KEY: [u8; 4] = [0; 4];

/// How much a store holds, useful or not.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    entries: u64,
    bytes: u64,
}

/// What was done since the files were opened, so that it is not done again for nothing.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// How large stores were when they were last rewritten.
    rewritten: HashMap<Store, Extent>,
    /// Up to where files of the log were dropped, by pipeline.
    trims: HashMap<u32, u64>,
    /// Before which week marks were dropped.
    week: u32,
}

/// What a consumer holds of forgotten visitors.
pub(super) struct Held {
    pub(super) consumer: Consumer,
    pub(super) retries: Vec<Position>,
    pub(super) dead: Vec<Position>,
}

/// Whose bytes are to be erased, by pipeline.
pub(super) type Erasure = Vec<(PipelineKey, Vec<(CanonicalId, Forgotten)>)>;

impl Engine {
    /// One step; answers whether there is more to do at once.
    pub(super) fn tidy(&self, limit: Option<u64>, now: Timestamp) -> Result<bool, StoreError> {
        self.tidied(limit, now).map_err(|error| failed(ACTION, error))
    }

    fn tidied(&self, limit: Option<u64>, now: Timestamp) -> Result<bool, fjall::Error> {
        let index = self.learn(now)?;
        // Where room is short, what is in memory counts: it can be dropped only as a file.
        if limit.is_some_and(|limit| self.kept_bytes() > limit / 2) {
            self.flush(Store::Log)?;
        }
        self.drop_files(&index, now)?;
        if let Some(store) = self.bloated(&index) {
            self.compact(store)?;
            return Ok(true);
        }
        if self.database.journal_count() > MAX_JOURNALS {
            self.release_journals()?;
        }
        Ok(false)
    }

    /// Tells the compaction what is garbage, by cursors that are synced.
    fn learn(&self, now: Timestamp) -> Result<Index, fjall::Error> {
        let index = self.index();
        self.database.persist(PersistMode::SyncData)?;
        self.garbage.learn(&index, record::week(now) - 1);
        Ok(index)
    }

    /// Drops the files that hold nothing but garbage, without reading them. Each try writes a manifest, so
    /// there is none where nothing has passed since the last.
    fn drop_files(&self, index: &Index, now: Timestamp) -> Result<(), fjall::Error> {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        for pipeline in index.pipelines.values() {
            let (number, trim) = (pipeline.number, pipeline.trim());
            if done.trims.insert(number, trim) != Some(trim) {
                let passed = record::key(number, 0)..=record::key(number, trim);
                self.store(Store::Log).tree.drop_range(passed)?;
            }
        }
        let week = record::week(now) - 1;
        if std::mem::replace(&mut done.week, week) != week && week > 1 {
            let expired = 1_u32.to_be_bytes()..week.to_be_bytes();
            self.store(Store::Marks).tree.drop_range(expired)?;
        }
        Ok(())
    }

    /// A store that holds more garbage than anything else, and gathered it since it was last rewritten.
    fn bloated(&self, index: &Index) -> Option<Store> {
        let pipelines = || index.pipelines.values();
        let lanes = || pipelines().flat_map(|pipeline| pipeline.lanes.values());
        let log = pipelines().map(|pipeline| pipeline.end - pipeline.trim()).sum();
        let retries = lanes().map(|lane| lane.retries).sum();
        let dead = lanes().map(|lane| lane.dead).sum();
        let useful = [
            (Store::Log, log),
            (Store::Retries, retries),
            (Store::Due, retries),
            (Store::Dead, dead),
            (Store::Details, dead),
            (Store::Meta, pipelines().count() as u64),
        ];
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let bloated = |(store, useful): &&(Store, u64)| {
            let now = self.extent(*store);
            let then = done.rewritten.get(store).copied().unwrap_or_default();
            // What is in memory alone costs no disk.
            now.bytes > 0
                && now.entries > 2 * useful
                && (now.entries > then.entries + SLACK || now.bytes > then.bytes + SLACK_BYTES)
        };
        useful.iter().find(bloated).map(|(store, _)| *store)
    }

    fn extent(&self, store: Store) -> Extent {
        let store = self.store(store);
        Extent { entries: store.approximate_len() as u64, bytes: store.disk_space() }
    }

    /// Rewrites a store without its garbage.
    fn compact(&self, store: Store) -> Result<(), fjall::Error> {
        self.flush(store)?;
        self.store(store).major_compact()?;
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.rewritten.insert(store, self.extent(store));
        Ok(())
    }

    /// A journal waits for every store it has something of; one all of whose files were dropped would never
    /// say that it is done.
    fn release_journals(&self) -> Result<(), fjall::Error> {
        for store in Store::ALL {
            if self.store(store).table_count() == 0 {
                self.store(store).insert(FILLER_KEY, [])?;
            }
            self.flush(store)?;
        }
        Ok(())
    }

    /// Whose bytes are due to be erased.
    pub(super) fn to_erase(&self, now: Timestamp) -> Erasure {
        let due = now.as_millisecond().saturating_sub(ERASE_AFTER_MS);
        let pipelines = self.index().pipelines;
        // With one that is due all go, since the rewriting is the same.
        if !pipelines.values().flat_map(|p| p.forgotten.values()).any(|f| f.at <= due) {
            return Vec::new();
        }
        let forgotten = pipelines.into_iter().map(|(key, pipeline)| {
            let visitors = pipeline.forgotten.iter().map(|(id, forgotten)| (*id, *forgotten));
            (key, visitors.collect())
        });
        forgotten.collect()
    }

    /// What consumers hold of forgotten visitors.
    pub(super) fn held_of_forgotten(&self) -> Result<Vec<Held>, StoreError> {
        let mut all = Vec::new();
        for (key, pipeline) in self.index().pipelines {
            if pipeline.forgotten.is_empty() {
                continue;
            }
            for (destination, lane) in &pipeline.lanes {
                let held = Held {
                    consumer: Consumer { pipeline: key.clone(), destination: destination.clone() },
                    retries: self.forgotten_in(Store::Retries, &pipeline, lane)?,
                    dead: self.forgotten_in(Store::Dead, &pipeline, lane)?,
                };
                all.push(held);
            }
        }
        Ok(all)
    }

    fn forgotten_in(
        &self,
        store: Store,
        pipeline: &Pipeline,
        lane: &Lane,
    ) -> Result<Vec<Position>, StoreError> {
        let mut found = Vec::new();
        for entry in self.store(store).prefix(lane.number.to_be_bytes()) {
            let (key, value) = entry.into_inner().map_err(|error| failed(ACTION, error))?;
            let event = match store {
                Store::Retries => record::read_retry(&value).map(|(_, event)| event),
                _ => record::read_death(&value).map(|(_, event)| event),
            };
            let visitor = event.and_then(record::read_visitor);
            if let Some((_, position)) = record::parts(&key)
                && pipeline.forgets(visitor, Position(position))
            {
                found.push(Position(position));
            }
        }
        Ok(found)
    }

    /// Rewrites what may hold bytes of forgotten visitors, and drops the journals that do.
    pub(super) fn rewrite(&self, now: Timestamp) -> Result<(), StoreError> {
        let rewrite = || {
            self.learn(now)?;
            for store in [Store::Log, Store::Retries, Store::Dead, Store::Details, Store::Visitors]
            {
                self.compact(store)?;
            }
            self.fill_journal()?;
            self.release_journals()
        };
        rewrite().map_err(|error: fjall::Error| failed(ACTION, error))
    }

    /// Makes the library begin a new journal. Files that were replaced go at the next flush, so with it.
    fn fill_journal(&self) -> Result<(), fjall::Error> {
        let filler = self.store(Store::Filler);
        let zeros = vec![0; FILL_BYTES];
        for _ in 0..JOURNAL_BYTES / FILL_BYTES {
            self.make_room()?;
            filler.insert(FILLER_KEY, zeros.as_slice())?;
        }
        filler.remove(FILLER_KEY)?;
        self.flush(Store::Filler)
    }
}
