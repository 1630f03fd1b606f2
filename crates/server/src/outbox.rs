//! The outbox: everything between accepting an event and every destination being done with it.
//!
//! ```text
//! edge -> accept -> [enrich stage, one per pipeline] -> [worker, one per destination] -> done
//!                                                          |-> retry store -> worker
//!                                                          `-> dead letters -> replay -> worker
//! ```
//!
//! **Accepted** means: on disk ([`Outbox::accept`]). **Enriched once**: what a destination gets is written down before
//! it is sent, so that a retry never differs. **At least once**: a crash or a lost answer costs a duplicate, which
//! carries the same `messageId`. What the storage promises is in [`datafly_store::queue`].
//!
//! Nothing here names a vendor: what became of an event is a [`datafly_provider::Fate`].

mod accepted;
mod backoff;
mod dead_letters;
mod dry_run;
mod enriched;
mod health;
mod lateness;
mod letter;
mod recipient;
mod sending;
mod stage;
mod supervisor;
mod supply;
mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;

use datafly_core::id::{CanonicalId, PipelineKey};
use datafly_store::queue::{Consumer, MessageId, NewEvent, Queue, Usage};
use datafly_store::{Acceptance, StoreError, VisitorWrite};
use jiff::Timestamp;
use tokio::sync::Notify;

pub use self::accepted::Accepted;
pub use self::dead_letters::{LetterName, LetterNameError};
pub use self::dry_run::DryRun;
pub use self::enriched::{Enriched, Known};
pub use self::lateness::Late;
use self::lateness::Latecomers;
pub use self::letter::Letter;
pub use self::recipient::{Parts, Recipient};
pub use self::supervisor::run;

/// The way in, and what its workers wait for.
pub struct Outbox {
    queue: Arc<dyn Queue>,
    /// There is something to enrich.
    accepted: Notify,
    /// There is something to deliver.
    enriched: Notify,
    /// There is less to deliver.
    settled: Notify,
    late: Latecomers,
}

impl Outbox {
    /// Over a store.
    pub fn new(queue: Arc<dyn Queue>) -> Self {
        Self {
            queue,
            accepted: Notify::new(),
            enriched: Notify::new(),
            settled: Notify::new(),
            late: Latecomers::default(),
        }
    }

    /// Takes events with what they change about their visitor: on disk once it is done. One that is there already
    /// counts as taken.
    pub async fn accept(
        &self,
        visitor: Option<VisitorWrite>,
        events: Vec<NewEvent>,
        now: Timestamp,
    ) -> Result<Acceptance, StoreError> {
        let acceptance = self.queue.accept(visitor, events, now).await?;
        self.accepted.notify_waiters();
        Ok(acceptance)
    }

    /// Which of these are taken already, in their order.
    pub async fn known(
        &self,
        pipeline: &PipelineKey,
        ids: Vec<MessageId>,
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        self.queue.known(pipeline, ids, now).await
    }

    /// Forgets a visitor's events: none of them leaves from here on.
    pub async fn forget(
        &self,
        pipeline: &PipelineKey,
        visitor: CanonicalId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.queue.forget(pipeline, visitor, now).await
    }

    /// How much is kept, and how old it is.
    pub async fn usage(&self) -> Result<Usage, StoreError> {
        self.queue.usage().await
    }

    /// The destinations that are well and get their events late all the same.
    pub fn late(&self) -> BTreeMap<Consumer, Late> {
        self.late.all().clone()
    }
}
