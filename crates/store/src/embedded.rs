//! The embedded [`State`], [`Queue`] and [`Backup`]: visitors and events in one folder, for one machine.
//!
//! **Acknowledgement.** Changes of both go through one thread that takes all that are waiting and writes them
//! in one batch to one journal. Readers see a batch once it is written, and whoever needs no more is answered
//! then. If it holds an append, a forgetting or an operator's change, it is synced before these are answered;
//! a visitor's record that must be durable at once holds all of its batch back from readers until it is.
//! Otherwise the journal is only handed to the operating system, and synced with the next batch that is: so
//! the record that an event changes costs no sync of its own, for the event is appended after it.
//!
//! **Format.** `meta` holds the format's number and a record in JSON for each pipeline: how far the enrich
//! stage and each consumer are. `log` maps (pipeline, position) to the event, which is overwritten once, when
//! it is enriched: the enrich stage and the consumers are cursors over the same entries. `marks` holds a hash
//! of pipeline and messageId behind the week of the append; the present and the last week are looked through,
//! older ones dropped. A failed event moves to `retries`, with its time in `due`, or to `dead`, with its trace
//! in `details`, both by consumer. `forgotten` says until which position a visitor's events are hidden.
//! `visitors` maps `pipeline NUL id` to the version, the expiry and the record in JSON; `expiries` lists them
//! by the day they expire, so that a sweep need not read every record and a record that is written again
//! seldom moves there. An unknown number of the format is refused, never guessed at.
//!
//! **Removal costs nothing.** What every consumer has passed lies before all cursors, where no reading begins.
//! Whole files of it are dropped, and the engine's compaction leaves it out (`garbage`), so there is no
//! tombstone for each event. Visitors, who go one by one, have one each, until the next compaction.
//!
//! **Choice of fjall**, and of one engine for both. Events of 1 KB in groups of 64 with a mark under a random
//! key, appended, rewritten and removed, took redb 22 to 34 µs of CPU an event on 2 cores (8 to 10 for the log
//! alone, as much again for the removal), fjall 11: redb copies a page for each mark. Visitors' records of 300
//! bytes under random keys, synced, 200,000 of them in groups of 64, then `abort` and open again:
//!
//! | | one by one | groups of 64 | open after kill | on disk | peak memory |
//! |---|---|---|---|---|---|
//! | redb 4.6 | 4.0 to 4.6k/s | 24 to 25k/s | 0.5 ms | 143 MB | 21 MB |
//! | fjall 3.1 | 9.0 to 9.6k/s | 124 to 130k/s | 355 ms | 127 MB | 100 MB |
//! | SQLite, WAL, `FULL` | 5.7 to 7.0k/s | 17 to 22k/s | 28 to 53 ms | 78 MB | 7 MB |
//!
//! What spoke for redb was that it opens at once and that its writes can be intercepted to take the power
//! away. But where pages are personalised by what visitors do, every event writes its visitor: in a second
//! engine that is a second fsync before the answer. The journal of the events has to be read at opening
//! anyway, and `strace` takes the power away from any engine (`tests/queue/power_loss.rs`).
//!
//! This adapter as a whole, by `examples/queue_bench`, callers and tasks included, on 2 cores that others use
//! as well; in brackets with visitors in redb, measured right before:
//!
//! | | events/s | CPU an event |
//! |---|---|---|
//! | appended, one by one | 3.4k (3.0k) | 136 µs (138) |
//! | appended after the visitor's record, one by one | 2.6k (0.7k) | 210 µs (533) |
//! | appended, 64 callers at once | 37k (43k) | 18 µs (18) |
//! | appended after the visitor's record, likewise | 23k (13k) | 47 µs (76) |
//! | appended, enriched and settled, likewise | 29k (14k) | 36 µs (42) |
//!
//! It peaked at 59 MB of memory. Killed with 100,000 events in the log it took 154 MB of disk and opened again
//! in 142 to 305 ms. Other work on the machine multiplies the time and the memory.
//!
//! **What fjall asks for in return**, each found in the library's source or by a crash test:
//! - It does not open after a power loss that left a hole in an unsynced batch: `journal` cuts that off.
//! - After one failed write it refuses every further one, and its worker is dead: the files are opened anew,
//!   and their journal is written once more (`journal`).
//!   Before that it would wait for its worker for ever, so `engine` never writes where it would wait.
//! - Its worker begins the next table only when it is done with what it has, and what is written meanwhile
//!   stays in memory, however much that is: `engine` ends a table's part of memory itself, and waits.
//! - Its journal is cut off at 64 MB and only then let go, so an erased visitor's bytes have to be pushed out
//!   of it (`upkeep`), and a store without files of its own must be given one or the journal is never let go.
//! - Its first worker spins while a second one compacts: there is one.
//! - A folder that was not made to its end does not open: it is made under another name and renamed.
//!
//! [`State`]: crate::State
//! [`Queue`]: crate::queue::Queue

mod backup;
mod change;
mod engine;
mod garbage;
mod journal;
mod pipeline;
mod queue;
mod read;
mod record;
mod reopening;
mod state;
mod store;
mod upkeep;
mod visitor;
mod writer;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use self::engine::{Engine, failed};
use self::reopening::Reopening;
use self::writer::Writer;
use crate::{Backup, StoreError};

/// The engine, for everybody who uses it.
type Shared = Reopening<Engine, StoreError>;

/// Both ports over one folder. Cheap to share behind an `Arc`; the files are closed when the last one goes.
pub struct Embedded {
    writer: Writer,
    engine: Arc<Shared>,
    limit: Option<u64>,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedded")
    }
}

impl Embedded {
    /// Opens the folder, making it where there is none. Past `limit` bytes of events nothing is appended;
    /// visitors come on top, and the engine's journals with up to 192 MB.
    ///
    /// # Errors
    /// When the folder is held by another process, is of another format, or cannot be read.
    pub fn open(folder: &Path, limit: Option<u64>) -> Result<Self, StoreError> {
        let folder = folder.to_owned();
        let engine = Arc::new(Reopening::new(Box::new(move |why| Engine::open(&folder, why)))?);
        Ok(Self { writer: Writer::start(Arc::clone(&engine))?, engine, limit })
    }

    /// Reads on a thread that may wait for the disk.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Engine) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let engine = Arc::clone(&self.engine);
        let read = spawn_blocking(move || engine.with(read));
        read.await.map_err(|_| StoreError::Closed)?.ok_or_else(closed)?
    }
}

#[async_trait]
impl Backup for Embedded {
    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let to = to.to_owned();
        self.read(move |engine| engine.backup(&to)).await
    }
}

/// Between a failed opening and the next try.
fn closed() -> StoreError {
    failed("use the store", "its files could not be opened again")
}

/// The folder that a path names an entry of.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The name under which a folder is made until it is whole.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// Gives what is whole its name, and has that on disk before anything in it is acknowledged.
fn finish(unfinished: &Path, path: &Path) -> io::Result<()> {
    std::fs::rename(unfinished, path)?;
    std::fs::File::open(parent(path))?.sync_all()
}
