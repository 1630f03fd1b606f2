//! The embedded [`Queue`].

use async_trait::async_trait;
use datafly_core::id::{CanonicalId, PipelineKey};
use jiff::Timestamp;

use super::Embedded;
use super::change::{Change, Write};
use super::engine::Engine;
use super::writer::Durability;
use crate::queue::{
    Consumer, DeadLetter, DeadLetterFilter, DeadLetterPage, DestinationName, Due, Limit, Listed,
    MessageId, NewEvent, Position, Queue, QueuedEvent, RetrySettlement, Settlement, Usage,
};
use crate::{Accept, Acceptance, StoreError, VisitorWrite};

/// Bytes that an event takes besides its body, about.
const EVENT_BYTES: usize = 128;

#[async_trait]
impl Accept for Embedded {
    async fn accept(
        &self,
        visitor: Option<VisitorWrite>,
        events: Vec<NewEvent>,
        now: Timestamp,
    ) -> Result<Acceptance, StoreError> {
        let visitor = visitor.map(|VisitorWrite { key, visitor, expected, expires_at }| {
            Write::of(&key, &visitor, expected, expires_at)
        });
        let (visitor, limit) = (visitor.transpose()?, self.limit);
        let bytes = events.iter().map(|event| event.body.len() + EVENT_BYTES).sum();
        let accept = move |change: &mut Change<'_>| change.accept(visitor, &events, limit, now);
        self.writer.submit(Durability::Power, bytes, accept).await
    }

    async fn known(
        &self,
        pipeline: &PipelineKey,
        ids: Vec<MessageId>,
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        let pipeline = pipeline.clone();
        // Not a read: what is there already may not be on disk yet.
        let known = move |change: &mut Change<'_>| change.are_marked(&pipeline, &ids, now);
        self.writer.submit(Durability::Power, 0, known).await
    }
}

#[async_trait]
impl Queue for Embedded {
    async fn accepted(
        &self,
        pipeline: &PipelineKey,
        after: Position,
        limit: Limit,
    ) -> Result<Vec<QueuedEvent>, StoreError> {
        let key = pipeline.clone();
        let (events, hidden) = self.read(move |engine| engine.accepted(&key, after, limit)).await?;
        if !hidden.is_empty() {
            let key = pipeline.clone();
            let pass = move |change: &mut Change<'_>| {
                change.pass(&key, &hidden);
                Ok(())
            };
            self.writer.submit(Durability::Process, 0, pass).await?;
        }
        Ok(events)
    }

    async fn enriched(
        &self,
        pipeline: &PipelineKey,
        events: Vec<QueuedEvent>,
    ) -> Result<usize, StoreError> {
        let pipeline = pipeline.clone();
        let bytes = events.iter().map(|event| event.body.len() + EVENT_BYTES).sum();
        self.writer
            .submit(Durability::Process, bytes, move |change| {
                Ok(change.enriched(&pipeline, &events))
            })
            .await
    }

    async fn unread(&self, pipeline: &PipelineKey) -> Result<u64, StoreError> {
        let unread = self.engine.with(|engine| engine.pipeline(pipeline).map(|it| it.unread()));
        Ok(unread.flatten().unwrap_or(0))
    }

    async fn open_consumers(
        &self,
        pipeline: &PipelineKey,
        destinations: &[DestinationName],
    ) -> Result<Vec<DestinationName>, StoreError> {
        let (pipeline, destinations) = (pipeline.clone(), destinations.to_vec());
        self.writer
            .submit(Durability::Power, 0, move |change| {
                Ok(change.open_consumers(&pipeline, &destinations))
            })
            .await
    }

    async fn drain(&self, consumer: &Consumer) -> Result<(), StoreError> {
        let consumer = consumer.clone();
        self.writer
            .submit(Durability::Power, 0, move |change| {
                change.drain(&consumer);
                Ok(())
            })
            .await
    }

    async fn purge(&self, consumer: &Consumer) -> Result<(), StoreError> {
        let consumer = consumer.clone();
        self.writer
            .submit(Durability::Power, 0, move |change| {
                change.purge(&consumer);
                Ok(())
            })
            .await
    }

    async fn deliverable(
        &self,
        consumer: &Consumer,
        after: Position,
        limit: Limit,
    ) -> Result<Vec<QueuedEvent>, StoreError> {
        let consumer = consumer.clone();
        self.read(move |engine| engine.deliverable(&consumer, after, limit)).await
    }

    async fn settle(&self, consumer: &Consumer, settlement: Settlement) -> Result<(), StoreError> {
        let consumer = consumer.clone();
        self.writer
            .submit(Durability::Process, 0, move |change| change.settle(&consumer, &settlement))
            .await
    }

    async fn due(
        &self,
        consumer: &Consumer,
        now: Timestamp,
        limit: Limit,
    ) -> Result<Vec<Due>, StoreError> {
        let consumer = consumer.clone();
        self.read(move |engine| engine.due(&consumer, now, limit)).await
    }

    async fn settle_retries(
        &self,
        consumer: &Consumer,
        settlement: RetrySettlement,
    ) -> Result<(), StoreError> {
        let consumer = consumer.clone();
        self.writer
            .submit(Durability::Process, 0, move |change| {
                change.settle_retries(&consumer, &settlement)
            })
            .await
    }

    async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        after: Option<&DeadLetterPage>,
        limit: usize,
    ) -> Result<Listed, StoreError> {
        let (filter, after) = (filter.clone(), after.cloned());
        self.read(move |engine| engine.dead_letters(&filter, after.as_ref(), limit)).await
    }

    async fn dead_letter(
        &self,
        consumer: &Consumer,
        position: Position,
    ) -> Result<Option<DeadLetter>, StoreError> {
        let consumer = consumer.clone();
        self.read(move |engine| engine.dead_letter(&consumer, position)).await
    }

    async fn remove_dead_letters(
        &self,
        consumer: &Consumer,
        positions: &[Position],
    ) -> Result<usize, StoreError> {
        let (consumer, positions) = (consumer.clone(), positions.to_vec());
        self.writer
            .submit(Durability::Power, 0, move |change| {
                change.remove_dead_letters(&consumer, &positions)
            })
            .await
    }

    async fn replay(
        &self,
        consumer: &Consumer,
        positions: &[Position],
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let (consumer, positions) = (consumer.clone(), positions.to_vec());
        self.writer
            .submit(Durability::Power, 0, move |change| change.replay(&consumer, &positions, now))
            .await
    }

    async fn forget(
        &self,
        pipeline: &PipelineKey,
        visitor: CanonicalId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let pipeline = pipeline.clone();
        self.writer
            .submit(Durability::Power, 0, move |change| {
                change.forget(&pipeline, visitor, now);
                Ok(())
            })
            .await
    }

    async fn usage(&self) -> Result<Usage, StoreError> {
        let limit = self.limit;
        self.read(move |engine| engine.usage(limit)).await
    }

    async fn upkeep(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.erase(now).await?;
        let limit = self.limit;
        self.read(move |engine| engine.tidy(limit, now)).await
    }
}

impl Embedded {
    /// Erases who was forgotten long enough ago.
    async fn erase(&self, now: Timestamp) -> Result<(), StoreError> {
        let erasure = self.read(move |engine| Ok(engine.to_erase(now))).await?;
        if erasure.is_empty() {
            return Ok(());
        }
        for held in self.read(Engine::held_of_forgotten).await? {
            let done = RetrySettlement { done: held.retries, ..RetrySettlement::default() };
            self.settle_retries(&held.consumer, done).await?;
            self.remove_dead_letters(&held.consumer, &held.dead).await?;
        }
        self.read(move |engine| engine.rewrite(now)).await?;
        let erased = move |change: &mut Change<'_>| {
            for (pipeline, visitors) in &erasure {
                change.erased(pipeline, visitors);
            }
            Ok(())
        };
        self.writer.submit(Durability::Process, 0, erased).await
    }
}
