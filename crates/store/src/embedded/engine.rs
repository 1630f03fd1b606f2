//! The library's database with our stores in it: opened, made, and asked for its size.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use datafly_core::id::{CanonicalId, PipelineKey};
use fjall::compaction::filter::Factory;
use fjall::{AbstractTree as _, Database, Keyspace, PersistMode};
use quick_cache::sync::Cache;

use super::garbage::{Garbage, Sieve};
use super::pipeline::{Forgotten, Index, Pipeline};
use super::reopening::Opening;
use super::store::Store;
use super::upkeep::Done;
use super::visitor::Head;
use super::{finish, journal, record, unfinished};
use crate::StoreError;

/// Number of the on-disk format.
const FORMAT: u64 = 1;

/// Blocks kept in memory. Small: what is read was mostly written a moment ago and is in memory anyway, and
/// in-process caches stand before visitors' records.
const CACHE_BYTES: u64 = 4 * 1024 * 1024;

/// The least the library takes. Its journal is cut off in pieces of this size, of which one is written and
/// one or two wait until everything in them is in tables.
const JOURNAL_BYTES: u64 = 64 * 1024 * 1024;

/// How many records' heads are kept, at about 100 bytes each: visitors who are on the site right now.
const HEADS: usize = 10_000;

/// One worker: with two, the library's first one spins while the second compacts.
const WORKERS: usize = 1;

/// How many parts of a store may wait to be written to tables. The library stops at 4 and would then wait
/// for ever for a worker that has died of a full disk.
const MAX_SEALED: usize = 1;

/// Files of a store that overlap; the library stops at 30, likewise.
const MAX_OVERLAPPING: usize = 20;

/// An open database and what is known of its pipelines.
pub(super) struct Engine {
    pub(super) database: Database,
    stores: [Keyspace; Store::ALL.len()],
    pub(super) index: RwLock<Index>,
    pub(super) garbage: Garbage,
    /// Version and expiry of the records written last: whoever writes one is told by this whether another
    /// write came first, and need not look for the record.
    pub(super) heads: Cache<Vec<u8>, Head>,
    /// The newest week that has marks; more than the present one's where the clock went back.
    pub(super) newest_week: AtomicU32,
    /// What upkeep has done already.
    pub(super) done: Mutex<Done>,
}

impl Engine {
    pub(super) fn open(folder: &Path, why: Opening) -> Result<Self, StoreError> {
        if !folder.exists() {
            make(folder)?;
        }
        if why == Opening::AfterFailure {
            journal::write_again(folder).map_err(|error| opening(&error.into()))?;
        }
        let garbage = Garbage::default();
        let database =
            journal::open(folder, || start(folder, &garbage)).map_err(|error| opening(&error))?;
        Self::load(database, garbage)
    }

    fn load(database: Database, garbage: Garbage) -> Result<Self, StoreError> {
        let stores = stores(&database).map_err(|error| opening(&error))?;
        let meta = &stores[Store::Meta as usize];
        check_format(meta)?;
        let mut index = Index { next: read_next(meta)?, ..Index::default() };
        let mut forgotten = HashMap::<u32, HashMap<CanonicalId, Forgotten>>::new();
        for entry in stores[Store::Forgotten as usize].range(1_u32.to_be_bytes()..) {
            let (key, value) = entry.into_inner().map_err(|error| opening(&error))?;
            let (pipeline, visitor, entry) =
                read_forgotten(&key, &value).ok_or(StoreError::Damaged)?;
            forgotten.entry(pipeline).or_default().insert(visitor, entry);
        }
        for entry in meta.prefix(PIPELINES) {
            let (key, value) = entry.into_inner().map_err(|error| opening(&error))?;
            let (key, mut pipeline) = read_pipeline(&key, &value).ok_or(StoreError::Damaged)?;
            pipeline.forgotten = Arc::new(forgotten.remove(&pipeline.number).unwrap_or_default());
            index.pipelines.insert(key, Arc::new(pipeline));
        }
        let newest = stores[Store::Marks as usize].last_key_value().map(fjall::Guard::key);
        let newest = newest.transpose().map_err(|error| opening(&error))?;
        let newest_week = newest.and_then(|mark| record::mark_week(&mark)).unwrap_or(0);
        let newest_week = AtomicU32::new(newest_week);
        let index = RwLock::new(index);
        let done = Mutex::default();
        let heads = Cache::new(HEADS);
        Ok(Self { database, stores, index, garbage, heads, newest_week, done })
    }

    pub(super) fn store(&self, store: Store) -> &Keyspace {
        &self.stores[store as usize]
    }

    /// What is known of all pipelines, as of the last group.
    pub(super) fn index(&self) -> Index {
        self.index.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is known of one.
    pub(super) fn pipeline(&self, key: &PipelineKey) -> Option<Arc<Pipeline>> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.pipelines.get(key).cloned()
    }

    /// Bytes that events take in tables and in memory, about. The journal comes on top.
    pub(super) fn kept_bytes(&self) -> u64 {
        let stores = Store::ALL.into_iter().filter(|store| store.is_the_queues());
        stores.map(|store| self.store(store).disk_space() + self.memory(store)).sum()
    }

    /// Bytes that a store has in memory: what is written to, and what waits to become tables.
    fn memory(&self, store: Store) -> u64 {
        let waiting = self.store(store).sealed_memtable_count() as u64 * store.memory();
        self.store(store).tree.active_memtable().size() + waiting
    }

    /// Whether a store has room for a write that does not wait.
    fn has_room(&self) -> bool {
        self.stores.iter().all(|store| {
            store.sealed_memtable_count() <= MAX_SEALED && store.l0_table_count() < MAX_OVERLAPPING
        })
    }

    /// Waits until the library would not: it waits for ever where its worker has died.
    ///
    /// Has what is full written to tables. The library leaves that to the worker, and while that one is busy
    /// the memory grows without end.
    pub(super) fn make_room(&self) -> Result<(), fjall::Error> {
        for store in Store::ALL {
            let kept = self.store(store);
            if kept.tree.active_memtable().size() > store.memory() {
                kept.rotate_memtable()?;
            }
        }
        while !self.has_room() {
            self.check()?;
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Writes what a store holds in memory to a table.
    pub(super) fn flush(&self, store: Store) -> Result<(), fjall::Error> {
        let store = self.store(store);
        store.rotate_memtable()?;
        while store.sealed_memtable_count() > 0 {
            self.check()?;
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Has on disk what was written so far.
    pub(super) fn sync(&self) -> Result<(), fjall::Error> {
        self.database.persist(PersistMode::SyncData)
    }

    /// Fails once the library refuses to write.
    pub(super) fn check(&self) -> Result<(), fjall::Error> {
        self.database.persist(PersistMode::Buffer)
    }
}

/// Makes a new folder under another name and renames it when it is whole.
fn make(folder: &Path) -> Result<(), StoreError> {
    let unfinished = unfinished(folder);
    let failed = |error| failed("make the store's files", error);
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(failed)?;
    }
    drop(fresh(&unfinished)?);
    sync_all(&unfinished).map_err(failed)?;
    finish(&unfinished, folder).map_err(failed)
}

/// A new database with empty stores.
pub(super) fn fresh(folder: &Path) -> Result<Engine, StoreError> {
    let garbage = Garbage::default();
    let database = start(folder, &garbage).map_err(|error| opening(&error))?;
    let write = || {
        let mut batch = database.batch().durability(Some(PersistMode::SyncAll));
        batch.insert(&stores(&database)?[Store::Meta as usize], "format", FORMAT.to_be_bytes());
        batch.commit()
    };
    write().map_err(|error| opening(&error))?;
    Engine::load(database, garbage)
}

/// Everything in a folder to disk, and that it is there.
pub(super) fn sync_all(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { sync_all(&path)? } else { fs::File::open(&path)?.sync_all()? }
    }
    fs::File::open(folder)?.sync_all()
}

fn start(folder: &Path, garbage: &Garbage) -> Result<Database, fjall::Error> {
    let garbage = garbage.clone();
    let sieves = move |name: &str| {
        let mut stores = Store::ALL.into_iter().filter(|store| store.is_the_queues());
        let store = stores.find(|store| store.name() == name)?;
        Some(Arc::new(Sieve { store, garbage: garbage.clone() }) as Arc<dyn Factory>)
    };
    Database::builder(folder)
        .cache_size(CACHE_BYTES)
        .worker_threads(WORKERS)
        .max_journaling_size(JOURNAL_BYTES)
        .journal_compression(fjall::CompressionType::None)
        .with_compaction_filter_factories(Arc::new(sieves))
        .open()
}

fn stores(database: &Database) -> Result<[Keyspace; Store::ALL.len()], fjall::Error> {
    let stores: Result<Vec<Keyspace>, _> = Store::ALL
        .iter()
        .map(|store| database.keyspace(store.name(), || store.options()))
        .collect();
    stores?.try_into().map_err(|_| fjall::Error::Unrecoverable)
}

fn check_format(meta: &Keyspace) -> Result<(), StoreError> {
    let format = meta.get("format").map_err(|error| opening(&error))?;
    let found = format.and_then(|bytes| Some(u64::from_be_bytes(*bytes.first_chunk()?)));
    match found.unwrap_or(0) {
        FORMAT => Ok(()),
        found => Err(StoreError::Format { found, expected: FORMAT }),
    }
}

/// What keys of pipelines' records start with.
const PIPELINES: &str = "pipeline/";

pub(super) fn pipeline_key(key: &PipelineKey) -> String {
    format!("{PIPELINES}{key}")
}

fn read_pipeline(key: &[u8], value: &[u8]) -> Option<(PipelineKey, Pipeline)> {
    let key = std::str::from_utf8(key).ok()?.strip_prefix(PIPELINES)?.parse().ok()?;
    Some((key, serde_json::from_slice(value).ok()?))
}

fn read_next(meta: &Keyspace) -> Result<u32, StoreError> {
    let next = meta.get("next").map_err(|error| opening(&error))?;
    Ok(next.and_then(|bytes| Some(u32::from_be_bytes(*bytes.first_chunk()?))).unwrap_or(1))
}

fn read_forgotten(key: &[u8], value: &[u8]) -> Option<(u32, CanonicalId, Forgotten)> {
    let (pipeline, visitor) = key.split_first_chunk()?;
    let visitor = CanonicalId::from_random_bytes(visitor.try_into().ok()?);
    let (up_to, at) = value.split_first_chunk()?;
    let forgotten = Forgotten {
        up_to: u64::from_be_bytes(*up_to),
        at: i64::from_be_bytes(at.try_into().ok()?),
    };
    Some((u32::from_be_bytes(*pipeline), visitor, forgotten))
}

fn opening(error: &fjall::Error) -> StoreError {
    failed("open the store", error)
}

/// An error of the engine. Its text names files and kinds of errors, never contents.
pub(super) fn failed(action: &'static str, error: impl Into<Failure>) -> StoreError {
    match error.into() {
        Failure::InUse => StoreError::InUse,
        Failure::Other(reason) => StoreError::Engine { action, reason: reason.into() },
    }
}

/// What `failed` tells apart.
pub(super) enum Failure {
    InUse,
    Other(String),
}

impl From<&fjall::Error> for Failure {
    fn from(error: &fjall::Error) -> Self {
        match error {
            fjall::Error::Locked => Self::InUse,
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<fjall::Error> for Failure {
    fn from(error: fjall::Error) -> Self {
        Self::from(&error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.to_string())
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        Self::Other(text.to_owned())
    }
}
