//! What is handed out.

use std::ops::RangeInclusive;
use std::sync::PoisonError;

use datafly_core::id::PipelineKey;
use jiff::Timestamp;

use super::engine::{Engine, failed};
use super::pipeline::{Lane, Pipeline};
use super::record;
use super::store::Store;
use crate::StoreError;
use crate::queue::{
    Backlog, Consumer, ConsumerUsage, DeadLetter, DeadLetterFilter, DeadLetterPage, Due, Limit,
    Listed, PipelineUsage, Position, QueuedEvent, Usage,
};

const ACTION: &str = "read the store";

/// Most dead letters looked at for one page.
const MAX_LOOKED_AT: usize = 1000;

impl Engine {
    /// Also the positions of what is not handed out because its visitor is forgotten, erased or not.
    pub(super) fn accepted(
        &self,
        key: &PipelineKey,
        after: Position,
        limit: Limit,
    ) -> Result<(Vec<QueuedEvent>, Vec<u64>), StoreError> {
        let Some(pipeline) = self.pipeline(key) else { return Ok(Default::default()) };
        let from = pipeline.enriched.max(after.0).saturating_add(1);
        let range = from..=pipeline.end;
        let mut hidden = Vec::new();
        let accepts = |position| pipeline.accepts(position);
        let events = self.logged(&pipeline, range, limit, accepts, |event| hidden.push(event))?;
        Ok((events, hidden))
    }

    pub(super) fn deliverable(
        &self,
        consumer: &Consumer,
        after: Position,
        limit: Limit,
    ) -> Result<Vec<QueuedEvent>, StoreError> {
        let Some(pipeline) = self.pipeline(&consumer.pipeline) else { return Ok(Vec::new()) };
        let Some(lane) = pipeline.lanes.get(&consumer.destination) else { return Ok(Vec::new()) };
        let from = lane.cursor.max(after.0).saturating_add(1);
        let range = from..=lane.end(pipeline.enriched);
        self.logged(&pipeline, range, limit, |_| true, |_| ())
    }

    /// Events of the log that are wanted; told apart are those that are hidden, or there no more.
    fn logged(
        &self,
        pipeline: &Pipeline,
        positions: RangeInclusive<u64>,
        limit: Limit,
        wanted: impl Fn(u64) -> bool,
        mut hidden: impl FnMut(u64),
    ) -> Result<Vec<QueuedEvent>, StoreError> {
        let mut handed = Handed::new(limit);
        if positions.is_empty() {
            return Ok(handed.events);
        }
        let number = pipeline.number;
        let (mut next, end) = positions.into_inner();
        for entry in
            self.store(Store::Log).range(record::key(number, next)..=record::key(number, end))
        {
            let (key, value) = entry.into_inner().map_err(|error| failed(ACTION, error))?;
            let Some((_, position)) = record::parts(&key) else { continue };
            (next..position).filter(|gap| wanted(*gap)).for_each(&mut hidden);
            next = position + 1;
            if !wanted(position) {
                continue;
            }
            let Some(event) = record::read_event(position, &value) else {
                tracing::error!(position, "an event does not read back and is passed over");
                hidden(position);
                continue;
            };
            if pipeline.forgets(event.visitor, event.position) {
                hidden(position);
            } else if !handed.take(event.body.len(), || event) {
                return Ok(handed.events);
            }
        }
        (next..=end).filter(|gap| wanted(*gap)).for_each(hidden);
        Ok(handed.events)
    }

    pub(super) fn due(
        &self,
        consumer: &Consumer,
        now: Timestamp,
        limit: Limit,
    ) -> Result<Vec<Due>, StoreError> {
        let mut handed = Handed::new(limit);
        let Some(pipeline) = self.pipeline(&consumer.pipeline) else { return Ok(handed.events) };
        let Some(lane) = pipeline.lanes.get(&consumer.destination) else {
            return Ok(handed.events);
        };
        let now = now.as_millisecond();
        if lane.due_from > now {
            return Ok(handed.events);
        }
        let first = record::due_key(lane.number, lane.due_from, 0);
        let range = first..=record::due_key(lane.number, now, u64::MAX);
        let mut earliest = None;
        for entry in self.store(Store::Due).range(range) {
            let key = entry.key().map_err(|error| failed(ACTION, error))?;
            let Some((due, position)) = record::due_parts(&key) else { continue };
            earliest.get_or_insert(due);
            let key = record::key(lane.number, position);
            let record = self.store(Store::Retries).get(key);
            let record = record.map_err(|error| failed(ACTION, error))?;
            // Settled between the two readings.
            let Some(record) = record else { continue };
            let Some((retry, event)) = record::read_retry(&record) else { continue };
            let Some(event) = record::read_event(position, event) else { continue };
            let current = retry.due.as_millisecond() == due;
            if current
                && !pipeline.forgets(event.visitor, event.position)
                && !handed.take(event.body.len(), || Due { event, retry })
            {
                break;
            }
        }
        self.nothing_due_before(consumer, lane, earliest.unwrap_or(now.saturating_add(1)));
        Ok(handed.events)
    }

    /// Remembers what a search has found, unless something was put there meanwhile.
    fn nothing_due_before(&self, consumer: &Consumer, searched: &Lane, due: i64) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let pipeline = index.pipelines.get_mut(&consumer.pipeline);
        let Some(pipeline) = pipeline.map(std::sync::Arc::make_mut) else { return };
        if let Some(lane) = pipeline.lanes.get_mut(&consumer.destination)
            && (lane.number, lane.put) == (searched.number, searched.put)
        {
            lane.due_from = lane.due_from.max(due);
        }
    }

    pub(super) fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        after: Option<&DeadLetterPage>,
        limit: usize,
    ) -> Result<Listed, StoreError> {
        let mut listed = Listed::default();
        let mut looked_at = 0;
        for (key, pipeline) in self.index().pipelines {
            for (destination, lane) in &pipeline.lanes {
                let consumer = Consumer { pipeline: key.clone(), destination: destination.clone() };
                let begin = match after {
                    Some(after) if consumer < after.consumer => continue,
                    Some(after) if consumer == after.consumer => after.position.0.saturating_add(1),
                    _ => 0,
                };
                if filter.pipeline.as_ref().is_some_and(|wanted| *wanted != key)
                    || filter.destination.as_ref().is_some_and(|wanted| wanted != destination)
                {
                    continue;
                }
                let range = record::key(lane.number, begin)..=record::key(lane.number, u64::MAX);
                for entry in self.store(Store::Dead).range(range) {
                    let (key, value) = entry.into_inner().map_err(|error| failed(ACTION, error))?;
                    let Some((_, position)) = record::parts(&key) else { continue };
                    let letter = dead_letter(&consumer, position, &value);
                    if let Some(letter) = letter.filter(|letter| {
                        matches(filter, letter)
                            && !pipeline.forgets(letter.event.visitor, letter.event.position)
                    }) {
                        listed.letters.push(letter);
                    }
                    looked_at += 1;
                    if listed.letters.len() >= limit || looked_at >= MAX_LOOKED_AT {
                        let position = Position(position);
                        listed.next = Some(DeadLetterPage { consumer, position });
                        return Ok(listed);
                    }
                }
            }
        }
        Ok(listed)
    }

    pub(super) fn dead_letter(
        &self,
        consumer: &Consumer,
        position: Position,
    ) -> Result<Option<DeadLetter>, StoreError> {
        let Some(pipeline) = self.pipeline(&consumer.pipeline) else { return Ok(None) };
        let Some(lane) = pipeline.lanes.get(&consumer.destination) else { return Ok(None) };
        let key = record::key(lane.number, position.0);
        let get = |store| self.store(store).get(key).map_err(|error| failed(ACTION, error));
        let Some(value) = get(Store::Dead)? else { return Ok(None) };
        let mut letter = dead_letter(consumer, position.0, &value).ok_or(StoreError::Damaged)?;
        if let Some(details) = get(Store::Details)? {
            letter.death.details = details.to_vec().into();
        }
        let forgotten = pipeline.forgets(letter.event.visitor, letter.event.position);
        Ok(Some(letter).filter(|_| !forgotten))
    }

    pub(super) fn usage(&self, limit: Option<u64>) -> Result<Usage, StoreError> {
        let mut usage = Usage { bytes: self.kept_bytes(), limit, pipelines: Vec::new() };
        for (key, pipeline) in self.index().pipelines {
            let accepted = pipeline.end - pipeline.enriched - pipeline.ahead.len() as u64;
            let consumers = pipeline.lanes.iter().map(|(destination, lane)| {
                let end = lane.end(pipeline.enriched);
                let lag = end.saturating_sub(lane.cursor);
                Ok(ConsumerUsage {
                    destination: destination.clone(),
                    draining: lane.until.is_some(),
                    lag: self.backlog(Store::Log, pipeline.number, lane.cursor, lag)?,
                    retries: self.backlog(Store::Retries, lane.number, 0, lane.retries)?,
                    dead_letters: self.backlog(Store::Dead, lane.number, 0, lane.dead)?,
                })
            });
            let consumers = consumers.collect::<Result<_, StoreError>>()?;
            let accepted =
                self.backlog(Store::Log, pipeline.number, pipeline.enriched, accepted)?;
            usage.pipelines.push(PipelineUsage { pipeline: key, accepted, consumers });
        }
        Ok(usage)
    }

    /// So many events, of which the oldest is the first behind a position.
    fn backlog(
        &self,
        store: Store,
        number: u32,
        after: u64,
        events: u64,
    ) -> Result<Backlog, StoreError> {
        if events == 0 {
            return Ok(Backlog::default());
        }
        let first = record::key(number, after.saturating_add(1));
        let entry = self.store(store).range(first..=record::key(number, u64::MAX)).next();
        let value = entry.map(fjall::Guard::value).transpose();
        let value = value.map_err(|error| failed(ACTION, error))?;
        let oldest = value.and_then(|value| match store {
            Store::Retries => record::read_received_at(record::read_retry(&value)?.1),
            Store::Dead => record::read_received_at(record::read_death(&value)?.1),
            _ => record::read_received_at(&value),
        });
        Ok(Backlog { events, oldest })
    }
}

fn dead_letter(consumer: &Consumer, position: u64, value: &[u8]) -> Option<DeadLetter> {
    let (death, event) = record::read_death(value)?;
    let event = record::read_event(position, event)?;
    Some(DeadLetter { consumer: consumer.clone(), event, death })
}

fn matches(filter: &DeadLetterFilter, letter: &DeadLetter) -> bool {
    filter.reason.as_ref().is_none_or(|reason| *reason == letter.death.reason)
        && filter.since.is_none_or(|since| since <= letter.death.at)
        && filter.until.is_none_or(|until| letter.death.at < until)
}

/// Events up to a limit.
struct Handed<T> {
    events: Vec<T>,
    left: Limit,
}

impl<T> Handed<T> {
    fn new(limit: Limit) -> Self {
        Self { events: Vec::new(), left: limit }
    }

    /// Takes one more; answers whether it fitted.
    fn take(&mut self, bytes: usize, event: impl FnOnce() -> T) -> bool {
        let first = self.events.is_empty() && self.left.events > 0;
        if !first && (self.left.events == 0 || self.left.bytes < bytes) {
            return false;
        }
        self.left.events -= 1;
        self.left.bytes = self.left.bytes.saturating_sub(bytes);
        self.events.push(event());
        true
    }
}
