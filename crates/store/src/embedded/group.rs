//! Group commit: one thread, one transaction for all writes that wait, one fsync for all of them.

use std::sync::Arc;
use std::thread;

use jiff::Timestamp;
use redb::{Durability, ReadableTable, Table, WriteTransaction};
use tokio::sync::{mpsc, oneshot};

use super::reopening::Reopening;
use super::{EXPIRIES, MAX_GROUP, VISITORS, engine, record};
use crate::state::{Put, StateError, Stored, VisitorKey};

/// A conditional write, encoded by the caller so that the one writing thread only writes.
#[derive(Debug)]
pub(super) struct Write {
    key: Vec<u8>,
    record: Vec<u8>,
    version: u64,
    expires_ms: i64,
    now: Timestamp,
}

impl Write {
    pub(super) fn put(
        key: &VisitorKey,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Self, StateError> {
        Ok(Self {
            key: record::key(key),
            record: record::encode(stored)?,
            version: stored.version,
            expires_ms: stored.expires_at.as_millisecond(),
            now,
        })
    }
}

#[derive(Debug)]
enum Job {
    Write(Write),
    Sweep { now: Timestamp, limit: usize },
}

/// What a job came to, told to its caller once it is on disk.
#[derive(Debug)]
enum Done {
    Wrote(Put),
    Swept(usize),
}

type Caller = oneshot::Sender<Result<Done, StateError>>;

/// The writing thread's mailbox. Bounded: callers wait when the disk cannot keep up.
#[derive(Debug)]
pub(super) struct Group {
    /// Both are `None` only while this is dropped.
    jobs: Option<mpsc::Sender<(Job, Caller)>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Group {
    pub(super) fn start(database: Arc<Reopening>) -> Result<Self, StateError> {
        let (jobs, waiting) = mpsc::channel(4 * MAX_GROUP);
        let thread = thread::Builder::new()
            .name("state-writer".to_owned())
            .spawn(move || run(&database, waiting))
            .map_err(|error| engine("start the writing thread", error))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(super) async fn submit(&self, write: Write) -> Result<Put, StateError> {
        match self.done(Job::Write(write)).await? {
            Done::Wrote(put) => Ok(put),
            Done::Swept(_) => Err(StateError::Closed),
        }
    }

    pub(super) async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StateError> {
        match self.done(Job::Sweep { now, limit }).await? {
            Done::Swept(count) => Ok(count),
            Done::Wrote(_) => Err(StateError::Closed),
        }
    }

    async fn done(&self, job: Job) -> Result<Done, StateError> {
        let (caller, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(StateError::Closed)?;
        jobs.send((job, caller)).await.map_err(|_| StateError::Closed)?;
        answer.await.map_err(|_| StateError::Closed)?
    }
}

impl Drop for Group {
    /// Waits for what is being written, so that the file is closed when the engine is gone.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Runs until the sender is gone.
fn run(database: &Reopening, mut waiting: mpsc::Receiver<(Job, Caller)>) {
    let mut group = Vec::with_capacity(MAX_GROUP);
    while waiting.blocking_recv_many(&mut group, MAX_GROUP) > 0 {
        let (jobs, callers): (Vec<Job>, Vec<Caller>) = group.drain(..).unzip();
        // A caller that no longer waits is no concern of this thread.
        match commit(database, &jobs) {
            Ok(done) => {
                for (caller, done) in callers.into_iter().zip(done) {
                    let _ = caller.send(Ok(done));
                }
            }
            Err(error) => {
                for caller in callers {
                    let _ = caller.send(Err(error.clone()));
                }
                if let Err(error) = database.reopen() {
                    tracing::error!(%error, "the state does not open after a failed write");
                }
            }
        }
    }
}

/// Applies the jobs in one transaction: all of them are on disk, or none has happened.
fn commit(database: &Reopening, jobs: &[Job]) -> Result<Vec<Done>, StateError> {
    let apply = |database: &redb::Database| {
        let mut transaction = database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        let mut tables = Tables::open(&transaction)?;
        let done = jobs
            .iter()
            .map(|job| match job {
                Job::Write(write) => tables.write(write).map(Done::Wrote),
                Job::Sweep { now, limit } => tables.sweep(*now, *limit).map(Done::Swept),
            })
            .collect::<Result<Vec<_>, _>>()?;
        drop(tables);
        transaction.commit()?;
        Ok(done)
    };
    database.with(apply).map_err(|error| engine("write visitors", error))
}

struct Tables<'t> {
    visitors: Table<'t, &'static [u8], &'static [u8]>,
    expiries: Table<'t, (i64, &'static [u8]), ()>,
}

impl<'t> Tables<'t> {
    fn open(transaction: &'t WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            visitors: transaction.open_table(VISITORS)?,
            expiries: transaction.open_table(EXPIRIES)?,
        })
    }

    fn write(&mut self, write: &Write) -> Result<Put, redb::Error> {
        let key = write.key.as_slice();
        let old = self.visitors.get(key)?.and_then(|bytes| record::decode(bytes.value()).ok());
        // An expired record counts as none; one that does not read back must not lock its visitor out.
        let current =
            old.as_ref().filter(|old| write.now < old.expires_at).map_or(0, |old| old.version);
        if current + 1 != write.version {
            return Ok(Put::Conflict);
        }
        if let Some(old) = old {
            self.expiries.remove((old.expires_at.as_millisecond(), key))?;
        }
        self.visitors.insert(key, write.record.as_slice())?;
        self.expiries.insert((write.expires_ms, key), ())?;
        Ok(Put::Done { version: write.version })
    }

    fn sweep(&mut self, now: Timestamp, limit: usize) -> Result<usize, redb::Error> {
        let end = (now.as_millisecond() + 1, [].as_slice());
        let due = self
            .expiries
            .range(..end)?
            .take(limit)
            .map(|entry| entry.map(|(at, _)| (at.value().0, at.value().1.to_vec())))
            .collect::<Result<Vec<_>, _>>()?;
        let mut swept = 0;
        for (at, key) in &due {
            let key = key.as_slice();
            self.expiries.remove((*at, key))?;
            // The entry may outlive a record that was damaged and then replaced: only the record knows.
            let expired = self.visitors.get(key)?.is_some_and(|bytes| {
                record::decode(bytes.value()).map_or(true, |stored| stored.expires_at <= now)
            });
            if expired {
                self.visitors.remove(key)?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}
