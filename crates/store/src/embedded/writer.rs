//! Group commit: one thread, one batch for all changes that wait, one fsync for all of them.
//!
//! What need not have survived a power loss is answered before that fsync, which is left out where nothing
//! of a group needs it. Everything before it in the journal is synced with it, so that what was answered
//! earlier is never lost without what was answered later.
//!
//! **Gathering.** An fsync costs about as much CPU as ten events, however many share it. Where several have
//! shared one, more are on their way, and the thread lets them come before it looks again. A lone caller
//! never waits for anybody.
//!
//! **After a failure** the files are opened anew, the journal written once more before that: see there.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use fjall::PersistMode;
use tokio::sync::{mpsc, oneshot};

use super::change::Change;
use super::engine::{Engine, failed};
use super::{Shared, closed};
use crate::StoreError;

/// Most changes that share one fsync: past this the wait for the batch outgrows the fsync.
const MAX_GROUP: usize = 256;

/// Bytes after which no further change joins a group: a batch is in memory as a whole.
const MAX_GROUP_BYTES: usize = 4 * 1024 * 1024;

/// From how many callers of one fsync on the next ones are waited for.
const MANY: usize = 3;

/// How long: with the fsync itself about a millisecond. Half of it costs a tenth of the throughput, twice as
/// much gains nothing.
const GATHERING: Duration = Duration::from_micros(600);

/// What must be before a change is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Durability {
    /// It has survived the end of the process.
    Process,
    /// It has survived the end of power.
    Power,
    /// Likewise, and nobody has seen it before.
    Unseen,
}

/// Tells a caller what came of its change, once its group is written or is not.
type Tell = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Makes a change. Tells its caller at once, and nobody later, if it fails.
type Apply = Box<dyn FnOnce(&mut Change<'_>) -> Result<Tell, StoreError> + Send>;

struct Job {
    durability: Durability,
    bytes: usize,
    apply: Apply,
}

/// The writing thread's mailbox. Bounded: callers wait when the disk cannot keep up.
pub(super) struct Writer {
    /// Both are `None` only while this is dropped.
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(engine: Arc<Shared>) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel(MAX_GROUP);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&engine, waiting))
            .map_err(|error| failed("start the writing thread", error))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Makes a change of about so many bytes, and answers once it is written.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        durability: Durability,
        bytes: usize,
        change: impl FnOnce(&mut Change<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (caller, answer) = oneshot::channel();
        // A caller that no longer waits is no concern of the writing thread.
        let apply = Box::new(move |group: &mut Change<'_>| match change(group) {
            Ok(done) => Ok(Box::new(move |written: Result<(), StoreError>| {
                let _ = caller.send(written.map(|()| done));
            }) as Tell),
            Err(error) => {
                let _ = caller.send(Err(error.clone()));
                Err(error)
            }
        });
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(Job { durability, bytes, apply }).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    /// Waits for what is being written, so that the files are closed when the store is gone.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Runs until the sender is gone.
fn run(engine: &Shared, mut waiting: mpsc::Receiver<Job>) {
    let mut jobs = Vec::with_capacity(MAX_GROUP);
    while waiting.blocking_recv_many(&mut jobs, MAX_GROUP) > 0 {
        let mut jobs = VecDeque::from(std::mem::take(&mut jobs));
        while !jobs.is_empty() {
            // A worker of the engine may have failed since the last group, which is no fault of this one.
            if engine.with(|engine| engine.check().is_err()).unwrap_or(true) {
                reopen(engine);
            }
            let mut told = Vec::with_capacity(jobs.len());
            let written = engine.with(|engine| group(engine, &mut jobs, &mut told));
            let written = written.unwrap_or_else(|| {
                // Whoever asks while the files are closed is told so; the next opening may go well.
                jobs.clear();
                Err(closed())
            });
            let gathers = MANY <= told.len() && jobs.is_empty();
            for (_, tell) in told {
                tell(written.clone());
            }
            if gathers {
                thread::sleep(GATHERING);
            }
            if let Err(error) = written {
                tracing::error!(%error, "the store could not be written to");
            }
        }
    }
}

fn reopen(engine: &Shared) {
    match engine.reopen() {
        Ok(()) => tracing::warn!("the store's files were opened anew after a failed write"),
        Err(error) => tracing::error!(%error, "the store does not open after a failed write"),
    }
}

/// Takes jobs off the front and writes what they change in one batch: all of it is on disk, or none of it
/// has happened. Leaves in `told` whom it has not answered.
fn group(
    engine: &Engine,
    jobs: &mut VecDeque<Job>,
    told: &mut Vec<(Durability, Tell)>,
) -> Result<(), StoreError> {
    let failed = |error| failed("write to the store", error);
    engine.make_room().map_err(failed)?;
    let mut change = Change::new(engine);
    let mut bytes = 0;
    while let Some(job) =
        jobs.pop_front_if(|job| bytes == 0 || bytes + job.bytes <= MAX_GROUP_BYTES)
    {
        bytes += job.bytes;
        match (job.apply)(&mut change) {
            Ok(tell) => told.push((job.durability, tell)),
            // It was refused before it changed anything.
            Err(StoreError::Full { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    match told.iter().map(|(durability, _)| *durability).max() {
        None | Some(Durability::Process) => change.commit(PersistMode::Buffer),
        Some(Durability::Unseen) => change.commit(PersistMode::SyncData),
        Some(Durability::Power) => {
            change.commit(PersistMode::Buffer)?;
            for (_, tell) in
                told.extract_if(.., |(durability, _)| *durability == Durability::Process)
            {
                tell(Ok(()));
            }
            // Also where the batch is empty: what an append finds there already may not be on disk yet.
            engine.sync().map_err(failed)
        }
    }
}
