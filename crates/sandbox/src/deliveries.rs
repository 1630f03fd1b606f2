//! The events that vendors other than Amperity took.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// One event that a vendor took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryRecord {
    /// Counts the events of all destinations from 1.
    pub n: u64,
    /// When it was taken.
    pub at: Timestamp,
    /// Which vendor took it.
    pub destination: &'static str,
    /// What the vendor tells a second copy by, where it looks for copies.
    pub id: Option<String>,
    /// Whether an event of that id was taken before, so that a vendor would count it once.
    pub duplicate: bool,
    /// The event, as far as the vendor's request has one of its own.
    pub body: Value,
}

/// Remembers the newest of all destinations together.
#[derive(Debug)]
pub(crate) struct DeliveryLog {
    capacity: usize,
    taken: u64,
    records: VecDeque<DeliveryRecord>,
}

impl DeliveryLog {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, taken: 0, records: VecDeque::new() }
    }

    /// Records an event. Copies are known as long as the first is remembered.
    pub(crate) fn add(
        &mut self,
        destination: &'static str,
        id: Option<&str>,
        body: Value,
        at: Timestamp,
    ) {
        let same = |record: &DeliveryRecord| {
            record.destination == destination && record.id.as_deref() == id
        };
        let duplicate = id.is_some() && self.records.iter().any(same);
        self.taken += 1;
        if self.records.len() >= self.capacity {
            self.records.pop_front();
        }
        let (n, id) = (self.taken, id.map(str::to_owned));
        self.records.push_back(DeliveryRecord { n, at, destination, id, duplicate, body });
    }

    pub(crate) fn of(&self, destination: &str) -> Vec<DeliveryRecord> {
        self.records.iter().filter(|record| record.destination == destination).cloned().collect()
    }
}
