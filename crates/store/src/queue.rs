//! The `Queue` port: the storage half of the outbox (design §9).
//!
//! ```text
//! append -> accepted -> [enrich stage] -> enriched -> deliverable -> [one worker per consumer] -> settle
//!                                                                                   |-> retry store -> due
//!                                                                                   `-> dead letters
//! ```
//!
//! An event is appended once and enriched once. From then on every [`Consumer`] of its pipeline reads it
//! behind its own cursor. What a destination could not take now moves to that consumer's retry store, what
//! it refused for good to its dead letters, so that one event never holds up another or pins the log.
//!
//! **What an answer means.** [`Accept::append`], [`Queue::forget`], [`Queue::open_consumers`] and what is
//! done to consumers and dead letters have survived `kill -9` and power loss once they are answered. An
//! answered [`Queue::enriched`], [`Queue::settle`] or [`Queue::settle_retries`] has survived `kill -9`; a
//! power loss may undo the last of them, in the reverse of their order and each as a whole, until the next
//! answered append. What was undone is done again: an event is delivered twice, never lost. The call that
//! fails may or may not have happened: repeating it is always right, since every call ignores what it finds
//! done already. Others may see what a call does a little before it is answered, an appended event too.
//!
//! **At least once, precisely.** Every event answered with [`Admission::Fresh`] is handed out to each
//! consumer that was open when the event was enriched, until a settlement names its fate. It is handed out
//! again after that only where power loss undid the settlement. It is never handed out where its visitor was
//! forgotten after it was appended, or where its consumer was purged.
//!
//! **Order.** Within a pipeline, events are handed out in the order in which they were appended; those of
//! one call in the order of the call. Events that go to a retry store leave that order.
//!
//! Time comes in as arguments. It may stand still or go back; marks and ages then last longer.

mod dead_letter;
mod event;
mod fate;
mod names;
mod usage;

use async_trait::async_trait;
use datafly_core::id::{CanonicalId, PipelineKey};
use jiff::Timestamp;

use crate::{Accept, StoreError};

pub use self::dead_letter::{DeadLetter, DeadLetterFilter, DeadLetterPage, Listed};
pub use self::event::{Admission, Due, Limit, NewEvent, Position, QueuedEvent};
pub use self::fate::{Death, Retry, RetrySettlement, Settlement};
pub use self::names::{Consumer, DestinationName, MessageId, NameError};
pub use self::usage::{Backlog, ConsumerUsage, PipelineUsage, Usage};

/// Keeps events from their acceptance until every destination is done with them.
///
/// The [module](self) says what an answer of each method means. A pipeline or consumer that is not known
/// is an empty one, not an error.
#[async_trait]
pub trait Queue: Accept {
    /// The oldest events of a pipeline that are not enriched yet, of those behind `after`: past
    /// [`Position::START`] to read ahead of what is being enriched.
    async fn accepted(
        &self,
        pipeline: &PipelineKey,
        after: Position,
        limit: Limit,
    ) -> Result<Vec<QueuedEvent>, StoreError>;

    /// Takes events, as [`Self::accepted`] gave them but for their bodies, as enriched: from now on they
    /// are what consumers read. Answers how many of them this call has changed; the others were enriched
    /// before, or are gone.
    ///
    /// They may come in any order: one becomes deliverable once every older one of its pipeline is
    /// enriched. Where the pipeline has no consumer then, it is dropped.
    async fn enriched(
        &self,
        pipeline: &PipelineKey,
        events: Vec<QueuedEvent>,
    ) -> Result<usize, StoreError>;

    /// How many enriched events of a pipeline none of its consumers has settled; 0 where it has no consumer
    /// but such as are being drained. Cheap enough to be asked before each step of the enrich stage.
    async fn unread(&self, pipeline: &PipelineKey) -> Result<u64, StoreError>;

    /// Opens a consumer for each destination that has none; a new one starts with the first event that is
    /// enriched from now on. Answers the destinations of the pipeline that have a consumer but are not
    /// named: to be drained or purged.
    ///
    /// One that is being drained and is named again goes on as if it had not been away.
    async fn open_consumers(
        &self,
        pipeline: &PipelineKey,
        destinations: &[DestinationName],
    ) -> Result<Vec<DestinationName>, StoreError>;

    /// Lets a consumer finish what is deliverable to it now, and nothing after. It and its name are gone
    /// once its share of the log and its retry store are empty and it has no dead letters.
    async fn drain(&self, consumer: &Consumer) -> Result<(), StoreError>;

    /// Removes a consumer with everything kept for it, its dead letters too.
    async fn purge(&self, consumer: &Consumer) -> Result<(), StoreError>;

    /// The oldest enriched events that the consumer has not settled, of those behind `after`: past
    /// [`Position::START`] to read ahead of what is being delivered.
    async fn deliverable(
        &self,
        consumer: &Consumer,
        after: Position,
        limit: Limit,
    ) -> Result<Vec<QueuedEvent>, StoreError>;

    /// Moves the consumer's cursor, in one step with where the failed events go.
    ///
    /// A position at or below the cursor is ignored: it is settled already.
    async fn settle(&self, consumer: &Consumer, settlement: Settlement) -> Result<(), StoreError>;

    /// What the consumer's retry store holds for `now` or earlier, the longest due first.
    async fn due(
        &self,
        consumer: &Consumer,
        now: Timestamp,
        limit: Limit,
    ) -> Result<Vec<Due>, StoreError>;

    /// Takes events out of the retry store, or puts them back with another time, in one step. A position
    /// that is not in the store is ignored.
    async fn settle_retries(
        &self,
        consumer: &Consumer,
        settlement: RetrySettlement,
    ) -> Result<(), StoreError>;

    /// Dead letters without their details, by pipeline, destination and position.
    async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        after: Option<&DeadLetterPage>,
        limit: usize,
    ) -> Result<Listed, StoreError>;

    /// One dead letter, whole.
    async fn dead_letter(
        &self,
        consumer: &Consumer,
        position: Position,
    ) -> Result<Option<DeadLetter>, StoreError>;

    /// Removes dead letters; answers how many there were.
    async fn remove_dead_letters(
        &self,
        consumer: &Consumer,
        positions: &[Position],
    ) -> Result<usize, StoreError>;

    /// Moves dead letters to the retry store, due at `now` and with no attempt counted; answers how many
    /// there were.
    async fn replay(
        &self,
        consumer: &Consumer,
        positions: &[Position],
        now: Timestamp,
    ) -> Result<usize, StoreError>;

    /// Forgets a visitor of a pipeline: from the answer on no method hands out an event of theirs that was
    /// appended before, and what is still settled of one counts as done. Their bytes are gone from the disk
    /// within 24 hours where [`Self::upkeep`] is called as it asks for.
    async fn forget(
        &self,
        pipeline: &PipelineKey,
        visitor: CanonicalId,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// How much is kept, and how old it is. Cheap enough to be asked every few seconds.
    async fn usage(&self) -> Result<Usage, StoreError>;

    /// Does one small step of what keeps the disk from growing without end: drops marks that have expired,
    /// erases who was forgotten, gives space back. Answers whether there is more to do at once; to be
    /// called every few minutes, and again as long as it says so. Correctness never depends on it.
    async fn upkeep(&self, now: Timestamp) -> Result<bool, StoreError>;
}
