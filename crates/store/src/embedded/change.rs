//! What one group changes: staged here, written at once, and known to readers only after that.

mod consumers;
mod events;
mod fates;
mod visitors;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError};

use datafly_core::id::PipelineKey;
use fjall::{OwnedWriteBatch, PersistMode, UserValue};

use super::engine::{Engine, failed, pipeline_key};
use super::pipeline::Pipeline;
use super::store::Store;
use super::visitor::Head;
use crate::StoreError;

pub(super) use self::visitors::{Expiry, Write};

const ACTION: &str = "write to the store";

/// The changes of one group.
pub(super) struct Change<'e> {
    engine: &'e Engine,
    batch: OwnedWriteBatch,
    /// Pipelines as they will be.
    pipelines: BTreeMap<PipelineKey, Pipeline>,
    /// The next free number, if one was taken.
    next: Option<u32>,
    /// Marks made in this group.
    marks: HashSet<[u8; 20]>,
    /// What this group has put into the retry stores and the dead letters, or taken out.
    moved: HashMap<(Store, [u8; 12]), Option<UserValue>>,
    /// Visitors' records that this group has written or removed.
    visitors: HashMap<Vec<u8>, Option<(Head, UserValue)>>,
    /// Bytes kept before this group; measured once for all of it.
    kept_bytes: Option<u64>,
}

impl<'e> Change<'e> {
    pub(super) fn new(engine: &'e Engine) -> Self {
        Self {
            engine,
            batch: engine.database.batch(),
            pipelines: BTreeMap::new(),
            next: None,
            marks: HashSet::new(),
            moved: HashMap::new(),
            visitors: HashMap::new(),
            kept_bytes: None,
        }
    }

    /// Writes everything in one batch; readers see it once that has come as far as `mode` says.
    pub(super) fn commit(mut self, mode: PersistMode) -> Result<(), StoreError> {
        let meta = self.engine.store(Store::Meta);
        for (key, pipeline) in &self.pipelines {
            let record = serde_json::to_vec(pipeline).map_err(|_| StoreError::Damaged)?;
            self.batch.insert(meta, pipeline_key(key), record);
        }
        if let Some(next) = self.next {
            self.batch.insert(meta, "next", next.to_be_bytes());
        }
        let batch = self.batch.durability(Some(mode));
        batch.commit().map_err(|error| failed(ACTION, error))?;
        for (key, staged) in self.visitors {
            match staged {
                Some((head, _)) => self.engine.heads.insert(key, head),
                None => drop(self.engine.heads.remove(&key)),
            }
        }
        let mut index = self.engine.index.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = self.next {
            index.next = next;
        }
        for (key, pipeline) in self.pipelines {
            index.pipelines.insert(key, Arc::new(pipeline));
        }
        Ok(())
    }

    /// A pipeline that is known.
    fn known(&mut self, key: &PipelineKey) -> Option<&mut Pipeline> {
        if !self.pipelines.contains_key(key) {
            let pipeline = self.engine.pipeline(key)?;
            self.pipelines.insert(key.clone(), Pipeline::clone(&pipeline));
        }
        self.pipelines.get_mut(key)
    }

    /// A pipeline, new where it was not known.
    fn pipeline(&mut self, key: &PipelineKey) -> &mut Pipeline {
        if self.known(key).is_none() {
            let number = self.number();
            self.pipelines.insert(key.clone(), Pipeline::new(number));
        }
        // It is there by now, which the compiler cannot see.
        self.pipelines.entry(key.clone()).or_insert_with(|| Pipeline::new(0))
    }

    /// A number that was never used.
    fn number(&mut self) -> u32 {
        let engine = self.engine;
        let next = self.next.get_or_insert_with(|| {
            engine.index.read().unwrap_or_else(PoisonError::into_inner).next
        });
        *next += 1;
        *next - 1
    }

    fn get(&self, store: Store, key: [u8; 12]) -> Result<Option<UserValue>, StoreError> {
        if let Some(moved) = self.moved.get(&(store, key)) {
            return Ok(moved.clone());
        }
        self.engine.store(store).get(key).map_err(|error| failed(ACTION, error))
    }

    fn put(&mut self, store: Store, key: [u8; 12], value: Vec<u8>) {
        let value = UserValue::from(value);
        self.batch.insert(self.engine.store(store), key, value.clone());
        self.moved.insert((store, key), Some(value));
    }

    fn take(&mut self, store: Store, key: [u8; 12]) -> Result<Option<UserValue>, StoreError> {
        let value = self.get(store, key)?;
        if value.is_some() {
            self.batch.remove(self.engine.store(store), key);
            self.moved.insert((store, key), None);
        }
        Ok(value)
    }
}
