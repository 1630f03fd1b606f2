//! The events that were accepted, and those of them that have not reached their profile yet.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

/// Where the stream sent an accepted event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Routing {
    /// To its event type; it updates profiles.
    #[serde(rename = "stream")]
    Stream,
    /// Its `source` is not the one the stream routes on: kept, and of no effect.
    #[serde(rename = "_unknown")]
    Unknown,
}

/// One accepted event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRecord {
    /// Counts accepted events from 1.
    pub n: u64,
    /// When it was accepted.
    pub at: Timestamp,
    /// Where it went.
    pub routing: Routing,
    /// The event itself.
    pub body: Map<String, Value>,
}

/// A routed event on its way to a profile.
#[derive(Debug)]
struct Pending {
    accepted_at: Timestamp,
    event: Map<String, Value>,
}

/// Remembers the newest events, and every pending one.
#[derive(Debug)]
pub(crate) struct EventLog {
    capacity: usize,
    accepted: u64,
    records: VecDeque<EventRecord>,
    pending: VecDeque<Pending>,
}

impl EventLog {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, accepted: 0, records: VecDeque::new(), pending: VecDeque::new() }
    }

    /// Records an event; a routed one becomes pending.
    pub(crate) fn accept(&mut self, body: Map<String, Value>, routing: Routing, at: Timestamp) {
        self.accepted += 1;
        if routing == Routing::Stream {
            self.pending.push_back(Pending { accepted_at: at, event: body.clone() });
        }
        if self.records.len() >= self.capacity {
            self.records.pop_front();
        }
        self.records.push_back(EventRecord { n: self.accepted, at, routing, body });
    }

    /// Takes out the oldest pending event if it was accepted at or before `until`.
    pub(crate) fn take_due(&mut self, until: Timestamp) -> Option<Map<String, Value>> {
        let due = self.pending.front().is_some_and(|event| event.accepted_at <= until);
        if due { self.pending.pop_front().map(|pending| pending.event) } else { None }
    }

    pub(crate) fn records(&self) -> Vec<EventRecord> {
        self.records.iter().cloned().collect()
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.accepted
    }

    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }
}
