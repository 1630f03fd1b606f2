//! The embedded engine: visitors' records in one file, for one machine.
//!
//! **Acknowledgement.** Writes go through one thread that takes all that are waiting, up to
//! [`MAX_GROUP`], applies them in one transaction and answers them after its single fsync. A write that
//! is answered is on disk; one that is not answered may be or may not be.
//!
//! **Format.** Table `meta` holds the format's number, `visitors` maps `pipeline NUL id` to the record
//! as JSON, `expiries` lists `(millisecond, key)` so that a sweep need not read every record. An
//! unknown number is refused, never guessed at.
//!
//! **Choice of redb.** Measured on 2 cores with 300-byte records under random keys, synced commits, 200,000
//! records in groups of 64, then `abort` and open again:
//!
//! | | one by one | groups of 64 | open after kill | on disk | peak memory | writes can be intercepted |
//! |---|---|---|---|---|---|---|
//! | redb 4.6 | 4.0 to 4.6k/s | 24 to 25k/s | 0.5 ms | 143 MB | 21 MB | yes, [`redb::StorageBackend`] |
//! | fjall 3.1 | 9.0 to 9.6k/s | 124 to 130k/s | 355 ms | 127 MB | 100 MB | no |
//! | SQLite, WAL, `FULL` | 5.7 to 7.0k/s | 17 to 22k/s | 28 to 53 ms | 78 MB | 7 MB | through a VFS in C |
//!
//! A visitor's record is written a few times in its life and read often, so what counts here is that the
//! file opens at once after a kill and that power loss can be tested by replaying the engine's own writes
//! (`tests/power_loss.rs`). A log of every event has other needs.

mod group;
mod record;
mod reopening;

use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use async_trait::async_trait;
use datafly_core::visitor::Visitor;
use jiff::Timestamp;
use redb::{Builder, Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};

use self::group::{Group, Write};
use self::reopening::Reopening;
use crate::state::{Put, State, StateError, Stored, VisitorKey};

/// Number of the on-disk format.
const FORMAT: u64 = 1;

/// Most writes that share one fsync: past this the wait for the transaction outgrows the fsync.
const MAX_GROUP: usize = 256;

/// Pages kept in memory. Small: in-process caches stand before this engine.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

const META: TableDefinition<'static, &str, u64> = TableDefinition::new("meta");
const VISITORS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("visitors");
const EXPIRIES: TableDefinition<'static, (i64, &[u8]), ()> = TableDefinition::new("expiries");

/// The embedded [`State`]. Cheap to share behind an `Arc`; the file is closed when the last one goes.
#[derive(Debug)]
pub struct EmbeddedState {
    database: Arc<Reopening>,
    group: Group,
}

impl EmbeddedState {
    /// Opens the file, making it where there is none.
    ///
    /// # Errors
    /// When the file is held by another process, is of another format, or cannot be read.
    pub fn open(file: &Path) -> Result<Self, StateError> {
        if !file.exists() {
            make(file)?;
        }
        let file = file.to_owned();
        Self::start(move || {
            builder().open(&file).map_err(|error| engine("open the state file", error))
        })
    }

    /// Opens over bytes kept by what `backend` makes: how tests take the power away. Called again
    /// whenever the engine has to be opened anew.
    pub fn over<B: StorageBackend>(
        backend: impl Fn() -> B + Send + Sync + 'static,
    ) -> Result<Self, StateError> {
        Self::start(move || {
            let database = builder().create_with_backend(backend());
            database.map_err(|error| engine("open the state", error))
        })
    }

    fn start(
        open: impl Fn() -> Result<Database, StateError> + Send + Sync + 'static,
    ) -> Result<Self, StateError> {
        let database = Arc::new(Reopening::new(Box::new(move || {
            let database = open()?;
            prepare(&database)?;
            Ok(database)
        }))?);
        Ok(Self { group: Group::start(Arc::clone(&database))?, database })
    }
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// Makes a new file under another name and renames it when it is whole: an engine file that power loss
/// left half made does not open.
fn make(file: &Path) -> Result<(), StateError> {
    let action = "make the state file";
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    let unfinished = Path::new(&name);
    match fs::remove_file(unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(engine(action, error)),
        _ => {}
    }
    let database = Database::create(unfinished).map_err(|error| engine(action, error))?;
    prepare(&database)?;
    drop(database);
    fs::rename(unfinished, file).map_err(|error| engine(action, error))?;
    // The rename itself must be on disk before anything is acknowledged.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(|error| engine(action, error))
}

/// Makes the tables of a new file, or checks the format of an old one.
fn prepare(database: &Database) -> Result<(), StateError> {
    let action = "prepare the state file";
    let transaction = database.begin_write().map_err(|error| engine(action, error))?;
    {
        let mut meta = transaction.open_table(META).map_err(|error| engine(action, error))?;
        let found = meta.get("format").map_err(|error| engine(action, error))?.map(|n| n.value());
        match found {
            Some(FORMAT) => {}
            Some(found) => {
                return Err(StateError::Format { found, expected: FORMAT });
            }
            None => {
                meta.insert("format", FORMAT).map_err(|error| engine(action, error))?;
            }
        }
        transaction.open_table(VISITORS).map_err(|error| engine(action, error))?;
        transaction.open_table(EXPIRIES).map_err(|error| engine(action, error))?;
    }
    transaction.commit().map_err(|error| engine(action, error))
}

#[async_trait]
impl State for EmbeddedState {
    // Read on the calling task: a page in the cache takes microseconds, one from the disk tens of them,
    // both less than handing the read to another thread.
    async fn get(&self, key: &VisitorKey, now: Timestamp) -> Result<Option<Stored>, StateError> {
        let bytes = self.database.with(|database| {
            let visitors = database.begin_read()?.open_table(VISITORS)?;
            let bytes = visitors.get(record::key(key).as_slice())?;
            Ok(bytes.map(|bytes| bytes.value().to_vec()))
        });
        let bytes = bytes.map_err(|error| engine("read a visitor", error))?;
        let stored = match bytes.as_deref().map(record::decode) {
            None => None,
            Some(Ok(stored)) => Some(stored),
            // Counts as none here and in a write, so that damage never locks its visitor out.
            Some(Err(error)) => {
                tracing::error!(%error, "a visitor's record does not read back and is replaced");
                None
            }
        };
        Ok(stored.filter(|stored| now < stored.expires_at))
    }

    async fn put(
        &self,
        key: &VisitorKey,
        visitor: &Visitor,
        expected: u64,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Put, StateError> {
        let stored = Stored { visitor: visitor.clone(), version: expected + 1, expires_at };
        self.group.submit(Write::put(key, &stored, now)?).await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StateError> {
        self.group.sweep(now, limit).await
    }
}

fn engine(action: &'static str, error: impl std::fmt::Display) -> StateError {
    StateError::Engine { action, reason: error.to_string().into() }
}
