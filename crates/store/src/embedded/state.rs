//! The embedded [`State`].

use async_trait::async_trait;
use datafly_core::visitor::Visitor;
use jiff::Timestamp;

use super::change::{Expiry, Write};
use super::engine::{Engine, failed};
use super::store::Store;
use super::visitor::{self, Fate};
use super::writer::Durability;
use super::{Embedded, closed};
use crate::StoreError;
use crate::state::{Durable, Put, State, Stored, VisitorKey};

const ACTION: &str = "read a visitor";

#[async_trait]
impl State for Embedded {
    // Read on the calling task: what is in memory takes microseconds, a block from the disk tens of them,
    // both less than handing the read to another thread.
    async fn get(&self, key: &VisitorKey, now: Timestamp) -> Result<Option<Stored>, StoreError> {
        let key = visitor::key(key);
        let record = self.engine.with(|engine| engine.store(Store::Visitors).get(&key));
        let record = record.ok_or_else(closed)?.map_err(|error| failed(ACTION, error))?;
        let Some(record) = record else { return Ok(None) };
        let stored = visitor::decode(&record);
        if stored.is_none() {
            // Counts as none here and in a write, so that damage never locks its visitor out.
            tracing::error!("a visitor's record does not read back and is replaced");
        }
        Ok(stored.filter(|stored| now < stored.expires_at))
    }

    async fn put(
        &self,
        key: &VisitorKey,
        visitor: &Visitor,
        expected: u64,
        expires_at: Timestamp,
        durable: Durable,
        now: Timestamp,
    ) -> Result<Put, StoreError> {
        let write = Write::of(key, visitor, expected, expires_at)?;
        let durability = match durable {
            Durable::AtOnce => Durability::Unseen,
            // The append comes after it in the one journal, and is synced.
            Durable::WithNextAppend => Durability::Process,
        };
        let bytes = write.record.len();
        self.writer.submit(durability, bytes, move |change| change.put_visitor(write, now)).await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let found = self.read(move |engine| engine.expired(now, limit)).await?;
        // Synced also where there is nothing: whoever asks whether the store works is not to hear yes of a
        // disk that does not.
        self.writer.submit(Durability::Power, 0, move |change| change.sweep(found, now)).await
    }
}

impl Engine {
    /// Entries of the index that a sweep has something to do with. Looked for here, so that the writing
    /// thread does not walk over those that live.
    fn expired(&self, now: Timestamp, limit: usize) -> Result<Vec<Expiry>, StoreError> {
        let mut found = Vec::new();
        for entry in self.store(Store::Expiries).range(visitor::expiries(now)) {
            if found.len() >= limit {
                break;
            }
            let expiry = entry.key().map_err(|error| failed(ACTION, error))?;
            let Some((day, key)) = visitor::expiry_parts(&expiry) else { continue };
            let record = self.store(Store::Visitors).get(key);
            let record = record.map_err(|error| failed(ACTION, error))?;
            if visitor::fate(day, record.as_deref(), now) != Fate::Live {
                found.push((day, key.to_vec()));
            }
        }
        Ok(found)
    }
}
