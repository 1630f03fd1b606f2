//! A queue whose work takes none of the runtime's time: what is measured in paused time is then the product's own
//! waiting, and never how long the disk took.

use std::sync::Arc;

use async_trait::async_trait;
use datafly_core::id::{CanonicalId, PipelineKey};
use datafly_store::queue::{
    Consumer, DeadLetter, DeadLetterFilter, DeadLetterPage, DestinationName, Due, Limit, Listed,
    MessageId, NewEvent, Position, Queue, QueuedEvent, RetrySettlement, Settlement, Usage,
};
use datafly_store::{Accept, Acceptance, StoreError, VisitorWrite};
use jiff::Timestamp;

use crate::surroundings::while_time_stands;

/// See the module's documentation.
pub(crate) struct Timeless(pub(crate) Arc<dyn Queue>);

#[async_trait]
impl Accept for Timeless {
    async fn accept(
        &self,
        visitor: Option<VisitorWrite>,
        events: Vec<NewEvent>,
        now: Timestamp,
    ) -> Result<Acceptance, StoreError> {
        while_time_stands(self.0.accept(visitor, events, now)).await
    }

    async fn known(
        &self,
        pipeline: &PipelineKey,
        ids: Vec<MessageId>,
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        while_time_stands(self.0.known(pipeline, ids, now)).await
    }
}

#[async_trait]
impl Queue for Timeless {
    async fn unread(&self, pipeline: &PipelineKey) -> Result<u64, StoreError> {
        while_time_stands(self.0.unread(pipeline)).await
    }

    async fn accepted(
        &self,
        pipeline: &PipelineKey,
        after: Position,
        limit: Limit,
    ) -> Result<Vec<QueuedEvent>, StoreError> {
        while_time_stands(self.0.accepted(pipeline, after, limit)).await
    }

    async fn enriched(
        &self,
        pipeline: &PipelineKey,
        events: Vec<QueuedEvent>,
    ) -> Result<usize, StoreError> {
        while_time_stands(self.0.enriched(pipeline, events)).await
    }

    async fn open_consumers(
        &self,
        pipeline: &PipelineKey,
        destinations: &[DestinationName],
    ) -> Result<Vec<DestinationName>, StoreError> {
        while_time_stands(self.0.open_consumers(pipeline, destinations)).await
    }

    async fn drain(&self, consumer: &Consumer) -> Result<(), StoreError> {
        while_time_stands(self.0.drain(consumer)).await
    }

    async fn purge(&self, consumer: &Consumer) -> Result<(), StoreError> {
        while_time_stands(self.0.purge(consumer)).await
    }

    async fn deliverable(
        &self,
        consumer: &Consumer,
        after: Position,
        limit: Limit,
    ) -> Result<Vec<QueuedEvent>, StoreError> {
        while_time_stands(self.0.deliverable(consumer, after, limit)).await
    }

    async fn settle(&self, consumer: &Consumer, settlement: Settlement) -> Result<(), StoreError> {
        while_time_stands(self.0.settle(consumer, settlement)).await
    }

    async fn due(
        &self,
        consumer: &Consumer,
        now: Timestamp,
        limit: Limit,
    ) -> Result<Vec<Due>, StoreError> {
        while_time_stands(self.0.due(consumer, now, limit)).await
    }

    async fn settle_retries(
        &self,
        consumer: &Consumer,
        settlement: RetrySettlement,
    ) -> Result<(), StoreError> {
        while_time_stands(self.0.settle_retries(consumer, settlement)).await
    }

    async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        after: Option<&DeadLetterPage>,
        limit: usize,
    ) -> Result<Listed, StoreError> {
        while_time_stands(self.0.dead_letters(filter, after, limit)).await
    }

    async fn dead_letter(
        &self,
        consumer: &Consumer,
        position: Position,
    ) -> Result<Option<DeadLetter>, StoreError> {
        while_time_stands(self.0.dead_letter(consumer, position)).await
    }

    async fn remove_dead_letters(
        &self,
        consumer: &Consumer,
        positions: &[Position],
    ) -> Result<usize, StoreError> {
        while_time_stands(self.0.remove_dead_letters(consumer, positions)).await
    }

    async fn replay(
        &self,
        consumer: &Consumer,
        positions: &[Position],
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        while_time_stands(self.0.replay(consumer, positions, now)).await
    }

    async fn forget(
        &self,
        pipeline: &PipelineKey,
        visitor: CanonicalId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        while_time_stands(self.0.forget(pipeline, visitor, now)).await
    }

    async fn usage(&self) -> Result<Usage, StoreError> {
        while_time_stands(self.0.usage()).await
    }

    async fn upkeep(&self, now: Timestamp) -> Result<bool, StoreError> {
        while_time_stands(self.0.upkeep(now)).await
    }
}
