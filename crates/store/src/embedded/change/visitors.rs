//! Visitors' records are written and expire.

use datafly_core::visitor::Visitor;
use fjall::UserValue;
use jiff::Timestamp;

use super::super::engine::failed;
use super::super::store::Store;
use super::super::visitor::{self, Fate, Head};
use super::{ACTION, Change};
use crate::{Put, StoreError, VisitorKey};

/// A conditional write, encoded by the caller so that the one writing thread only writes.
pub(in super::super) struct Write {
    pub(in super::super) key: Vec<u8>,
    pub(in super::super) head: Head,
    pub(in super::super) record: Vec<u8>,
}

impl Write {
    /// On the condition that the record is at `expected`.
    pub(in super::super) fn of(
        key: &VisitorKey,
        visitor: &Visitor,
        expected: u64,
        expires_at: Timestamp,
    ) -> Result<Self, StoreError> {
        let head = Head::new(expected + 1, expires_at);
        Ok(Self { key: visitor::key(key), head, record: visitor::encode(head, visitor)? })
    }
}

/// An entry of the index of expiries: the day and the visitor's key.
pub(in super::super) type Expiry = (u32, Vec<u8>);

impl Change<'_> {
    pub(in super::super) fn put_visitor(
        &mut self,
        write: Write,
        now: Timestamp,
    ) -> Result<Put, StoreError> {
        let Write { key, head, record } = write;
        let old_head = self.head(&key)?;
        // An expired record counts as none.
        let current = old_head.filter(|old| old.is_live(now)).map_or(0, |old| old.version);
        if current + 1 != head.version {
            // One that does not read back counts as none too: it must not lock its visitor out.
            let damaged =
                || Ok(self.visitor(&key)?.is_some_and(|old| visitor::decode(&old).is_none()));
            if head.version != 1 || !damaged()? {
                return Ok(Put::Conflict);
            }
        }
        let (old_day, day) = (old_head.map(Head::day), head.day());
        if old_day != Some(day) {
            let expiries = self.engine.store(Store::Expiries);
            if let Some(old_day) = old_day {
                self.batch.remove(expiries, visitor::expiry_key(old_day, &key));
            }
            self.batch.insert(expiries, visitor::expiry_key(day, &key), []);
        }
        self.stage(key, Some((head, record)));
        Ok(Put::Done { version: head.version })
    }

    /// Removes of what was found to have expired what still has; answers how many records went.
    pub(in super::super) fn sweep(
        &mut self,
        found: Vec<Expiry>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut swept = 0;
        for (day, key) in found {
            let fate = visitor::fate(day, self.visitor(&key)?.as_deref(), now);
            if fate != Fate::Live {
                let expiry = visitor::expiry_key(day, &key);
                self.batch.remove(self.engine.store(Store::Expiries), expiry);
            }
            if fate == Fate::Expired {
                self.stage(key, None);
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// What stands before a record as this group leaves it.
    fn head(&self, key: &[u8]) -> Result<Option<Head>, StoreError> {
        let staged = self.visitors.get(key).map(|staged| staged.as_ref().map(|(head, _)| *head));
        if let Some(head) = staged.or_else(|| self.engine.heads.get(key).map(Some)) {
            return Ok(head);
        }
        let record = self.visitor(key)?;
        Ok(record.as_deref().and_then(Head::read).map(|(head, _)| head))
    }

    /// A record as this group leaves it.
    fn visitor(&self, key: &[u8]) -> Result<Option<UserValue>, StoreError> {
        if let Some(staged) = self.visitors.get(key) {
            return Ok(staged.as_ref().map(|(_, record)| record.clone()));
        }
        self.engine.store(Store::Visitors).get(key).map_err(|error| failed(ACTION, error))
    }

    fn stage(&mut self, key: Vec<u8>, record: Option<(Head, Vec<u8>)>) {
        let visitors = self.engine.store(Store::Visitors);
        let staged = record.map(|(head, record)| (head, UserValue::from(record)));
        match &staged {
            Some((_, record)) => self.batch.insert(visitors, key.as_slice(), record.clone()),
            None => self.batch.remove(visitors, key.as_slice()),
        }
        self.visitors.insert(key, staged);
    }
}
