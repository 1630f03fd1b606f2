//! What became of events: settled, put off, refused, replayed.

use fjall::UserValue;
use jiff::Timestamp;

use super::super::engine::failed;
use super::super::pipeline::Lane;
use super::super::record;
use super::super::store::Store;
use super::{ACTION, Change};
use crate::StoreError;
use crate::queue::{Consumer, Death, Position, QueuedEvent, Retry, RetrySettlement, Settlement};

impl Change<'_> {
    pub(in super::super) fn settle(
        &mut self,
        consumer: &Consumer,
        settlement: &Settlement,
    ) -> Result<(), StoreError> {
        let Some((pipeline, lane)) = self.lane(consumer) else { return Ok(()) };
        let enriched = self.known(&consumer.pipeline).map_or(0, |pipeline| pipeline.enriched);
        let up_to = settlement.up_to.0.min(lane.end(enriched));
        let settles = |position: Position| (lane.cursor + 1..=up_to).contains(&position.0);
        for (position, retry) in settlement.retry.iter().filter(|(p, _)| settles(*p)) {
            if let Some(event) = self.deliverable(consumer, pipeline, *position)? {
                self.put_off(consumer, lane.number, *position, retry, &event);
            }
        }
        for (position, death) in settlement.dead.iter().filter(|(p, _)| settles(*p)) {
            if let Some(event) = self.deliverable(consumer, pipeline, *position)? {
                self.bury(consumer, lane.number, *position, death, &event);
            }
        }
        self.change_lane(consumer, |lane| lane.cursor = lane.cursor.max(up_to));
        Ok(())
    }

    pub(in super::super) fn settle_retries(
        &mut self,
        consumer: &Consumer,
        settlement: &RetrySettlement,
    ) -> Result<(), StoreError> {
        let Some((_, lane)) = self.lane(consumer) else { return Ok(()) };
        for position in &settlement.done {
            self.take_retry(consumer, lane.number, *position)?;
        }
        for (position, retry) in &settlement.retry {
            if let Some(event) = self.take_retry(consumer, lane.number, *position)? {
                self.put_off(consumer, lane.number, *position, retry, &event);
            }
        }
        for (position, death) in &settlement.dead {
            if let Some(event) = self.take_retry(consumer, lane.number, *position)? {
                self.bury(consumer, lane.number, *position, death, &event);
            }
        }
        self.change_lane(consumer, |_| {});
        Ok(())
    }

    pub(in super::super) fn replay(
        &mut self,
        consumer: &Consumer,
        positions: &[Position],
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let Some((_, lane)) = self.lane(consumer) else { return Ok(0) };
        let mut replayed = 0;
        for position in positions {
            if let Some((death, event)) = self.take_dead(consumer, lane.number, *position)? {
                let retry =
                    Retry { due: now, attempts: 0, first_failed_at: now, reason: death.reason };
                self.put_off(consumer, lane.number, *position, &retry, &event);
                replayed += 1;
            }
        }
        Ok(replayed)
    }

    pub(in super::super) fn remove_dead_letters(
        &mut self,
        consumer: &Consumer,
        positions: &[Position],
    ) -> Result<usize, StoreError> {
        let Some((_, lane)) = self.lane(consumer) else { return Ok(0) };
        let mut removed = 0;
        for position in positions {
            removed += usize::from(self.take_dead(consumer, lane.number, *position)?.is_some());
        }
        self.change_lane(consumer, |_| {});
        Ok(removed)
    }

    /// The pipeline's number and the lane as it is now.
    fn lane(&mut self, consumer: &Consumer) -> Option<(u32, Lane)> {
        let pipeline = self.known(&consumer.pipeline)?;
        let lane = pipeline.lanes.get(&consumer.destination)?;
        Some((pipeline.number, lane.clone()))
    }

    /// Changes the lane, which is gone after that if it has finished.
    fn change_lane(&mut self, consumer: &Consumer, change: impl FnOnce(&mut Lane)) {
        if let Some(pipeline) = self.known(&consumer.pipeline) {
            if let Some(lane) = pipeline.lanes.get_mut(&consumer.destination) {
                change(lane);
            }
            pipeline.drop_drained();
        }
    }

    /// An event of the log, unless its visitor is forgotten.
    fn deliverable(
        &mut self,
        consumer: &Consumer,
        pipeline: u32,
        position: Position,
    ) -> Result<Option<QueuedEvent>, StoreError> {
        let key = record::key(pipeline, position.0);
        let event =
            self.engine.store(Store::Log).get(key).map_err(|error| failed(ACTION, error))?;
        let event = event.and_then(|event| record::read_event(position.0, &event));
        Ok(event.filter(|event| !self.forgets(consumer, event)))
    }

    fn forgets(&mut self, consumer: &Consumer, event: &QueuedEvent) -> bool {
        let pipeline = self.known(&consumer.pipeline);
        pipeline.is_none_or(|pipeline| pipeline.forgets(event.visitor, event.position))
    }

    fn put_off(
        &mut self,
        consumer: &Consumer,
        lane: u32,
        position: Position,
        retry: &Retry,
        event: &QueuedEvent,
    ) {
        let key = record::key(lane, position.0);
        let due = retry.due.as_millisecond();
        self.put(Store::Retries, key, record::retry(retry, &record::event(event)));
        let entry = record::due_key(lane, due, position.0);
        self.batch.insert(self.engine.store(Store::Due), entry, []);
        self.counts(consumer, |lane| {
            lane.retries += 1;
            lane.put += 1;
            lane.due_from = lane.due_from.min(due);
        });
    }

    fn bury(
        &mut self,
        consumer: &Consumer,
        lane: u32,
        position: Position,
        death: &Death,
        event: &QueuedEvent,
    ) {
        let key = record::key(lane, position.0);
        self.put(Store::Dead, key, record::death(death, &record::event(event)));
        let details = UserValue::from(death.details.to_vec());
        self.batch.insert(self.engine.store(Store::Details), key, details);
        self.counts(consumer, |lane| lane.dead += 1);
    }

    /// Takes an event out of the retry store. It is not handed on where its visitor is forgotten.
    fn take_retry(
        &mut self,
        consumer: &Consumer,
        lane: u32,
        position: Position,
    ) -> Result<Option<QueuedEvent>, StoreError> {
        let key = record::key(lane, position.0);
        let Some(record) = self.take(Store::Retries, key)? else { return Ok(None) };
        self.counts(consumer, |lane| lane.retries = lane.retries.saturating_sub(1));
        let Some((retry, event)) = record::read_retry(&record) else {
            tracing::error!(position = position.0, "an event to retry does not read back and goes");
            return Ok(None);
        };
        let entry = record::due_key(lane, retry.due.as_millisecond(), position.0);
        self.batch.remove(self.engine.store(Store::Due), entry);
        let event = record::read_event(position.0, event);
        Ok(event.filter(|event| !self.forgets(consumer, event)))
    }

    fn take_dead(
        &mut self,
        consumer: &Consumer,
        lane: u32,
        position: Position,
    ) -> Result<Option<(Death, QueuedEvent)>, StoreError> {
        let key = record::key(lane, position.0);
        let Some(record) = self.take(Store::Dead, key)? else { return Ok(None) };
        self.batch.remove(self.engine.store(Store::Details), key);
        self.counts(consumer, |lane| lane.dead = lane.dead.saturating_sub(1));
        let Some((death, event)) = record::read_death(&record) else {
            tracing::error!(position = position.0, "a dead letter does not read back and goes");
            return Ok(None);
        };
        let event = record::read_event(position.0, event);
        let event = event.filter(|event| !self.forgets(consumer, event));
        Ok(event.map(|event| (death, event)))
    }

    fn counts(&mut self, consumer: &Consumer, change: impl FnOnce(&mut Lane)) {
        let pipeline = self.known(&consumer.pipeline);
        if let Some(lane) = pipeline.and_then(|p| p.lanes.get_mut(&consumer.destination)) {
            change(lane);
        }
    }
}
