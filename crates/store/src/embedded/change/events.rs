//! Events come in, are enriched, and are forgotten.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use datafly_core::id::{CanonicalId, PipelineKey};
use jiff::Timestamp;

use super::super::engine::failed;
use super::super::pipeline::Forgotten;
use super::super::record;
use super::super::store::Store;
use super::{ACTION, Change, Write};
use crate::queue::{Admission, MessageId, NewEvent, QueuedEvent};
use crate::{Acceptance, Put, StoreError};

impl Change<'_> {
    pub(in super::super) fn accept(
        &mut self,
        visitor: Option<Write>,
        events: &[NewEvent],
        limit: Option<u64>,
        now: Timestamp,
    ) -> Result<Acceptance, StoreError> {
        self.check_limit(limit)?;
        let put = visitor.map(|write| self.put_visitor(write, now)).transpose()?;
        if put == Some(Put::Conflict) {
            return Ok(Acceptance::Overtaken);
        }
        let admissions = events.iter().map(|event| self.append_one(event, now));
        admissions.collect::<Result<_, _>>().map(Acceptance::Done)
    }

    pub(in super::super) fn are_marked(
        &self,
        pipeline: &PipelineKey,
        ids: &[MessageId],
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        let week = record::week(now);
        ids.iter().map(|id| self.is_marked(record::mark(week, pipeline, id), week)).collect()
    }

    fn check_limit(&mut self, limit: Option<u64>) -> Result<(), StoreError> {
        if let Some(limit) = limit {
            let bytes = *self.kept_bytes.get_or_insert_with(|| self.engine.kept_bytes());
            if bytes >= limit {
                return Err(StoreError::Full { bytes, limit });
            }
        }
        Ok(())
    }

    fn append_one(&mut self, event: &NewEvent, now: Timestamp) -> Result<Admission, StoreError> {
        let week = record::week(now);
        let mark = record::mark(week, &event.pipeline, &event.message_id);
        if self.is_marked(mark, week)? {
            return Ok(Admission::Duplicate);
        }
        let pipeline = self.pipeline(&event.pipeline);
        pipeline.end += 1;
        let key = record::key(pipeline.number, pipeline.end);
        self.batch.insert(self.engine.store(Store::Log), key, record::new_event(event, now));
        self.batch.insert(self.engine.store(Store::Marks), mark, []);
        self.marks.insert(mark);
        self.engine.newest_week.fetch_max(week, Relaxed);
        Ok(Admission::Fresh)
    }

    /// Looks through this week and the one before, so that a mark counts for 7 to 14 days, and through the
    /// newest there is, for a clock that went back.
    fn is_marked(&self, mut mark: [u8; 20], week: u32) -> Result<bool, StoreError> {
        let marks = self.engine.store(Store::Marks);
        let newest = Some(self.engine.newest_week.load(Relaxed)).filter(|newest| *newest > week);
        for week in [Some(week), Some(week - 1), newest].into_iter().flatten() {
            mark[..4].copy_from_slice(&week.to_be_bytes());
            if self.marks.contains(&mark)
                || marks.contains_key(mark).map_err(|error| failed(ACTION, error))?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(in super::super) fn enriched(
        &mut self,
        key: &PipelineKey,
        events: &[QueuedEvent],
    ) -> usize {
        let log = self.engine.store(Store::Log);
        let mut changed = 0;
        let Some(pipeline) = self.known(key) else { return 0 };
        let mut written = Vec::with_capacity(events.len());
        for event in events {
            let position = event.position.0;
            if !pipeline.accepts(position) {
                continue;
            }
            pipeline.enrich(position);
            // What is forgotten stays as it is, hidden: written again it could outlive its erasure.
            if !pipeline.forgets(event.visitor, event.position) {
                written.push((record::key(pipeline.number, position), record::event(event)));
                changed += 1;
            }
        }
        for (key, value) in written {
            self.batch.insert(log, key, value);
        }
        changed
    }

    /// Passes over accepted events that the enrich stage is not shown, which would hold up all behind them.
    pub(in super::super) fn pass(&mut self, key: &PipelineKey, hidden: &[u64]) {
        let Some(pipeline) = self.known(key) else { return };
        for position in hidden {
            if pipeline.accepts(*position) {
                pipeline.enrich(*position);
            }
        }
    }

    pub(in super::super) fn forget(
        &mut self,
        key: &PipelineKey,
        visitor: CanonicalId,
        now: Timestamp,
    ) {
        let Some(pipeline) = self.known(key) else { return };
        let forgotten = Forgotten { up_to: pipeline.end, at: now.as_millisecond() };
        Arc::make_mut(&mut pipeline.forgotten).insert(visitor, forgotten);
        let key = record::forgotten_key(pipeline.number, visitor);
        let value = [forgotten.up_to.to_be_bytes(), forgotten.at.to_be_bytes()].concat();
        self.batch.insert(self.engine.store(Store::Forgotten), key, value);
    }

    /// Drops the memory of who was forgotten, once there is nothing left of them.
    pub(in super::super) fn erased(
        &mut self,
        key: &PipelineKey,
        erased: &[(CanonicalId, Forgotten)],
    ) {
        let Some(pipeline) = self.known(key) else { return };
        let mut gone = Vec::with_capacity(erased.len());
        for (visitor, as_erased) in erased {
            // Whoever was forgotten once more meanwhile is still to be erased.
            if pipeline.forgotten.get(visitor) == Some(as_erased) {
                Arc::make_mut(&mut pipeline.forgotten).remove(visitor);
                gone.push(record::forgotten_key(pipeline.number, *visitor));
            }
        }
        for key in gone {
            self.batch.remove(self.engine.store(Store::Forgotten), key);
        }
    }
}
