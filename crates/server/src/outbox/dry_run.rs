//! What a destination would get of an event now, without sending it.

use datafly_store::queue::QueuedEvent;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::letter::steps;
use super::recipient::{Prepared, Recipient};

/// What would become of an event by the configuration of the moment. Personal data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DryRun {
    /// `sent`, or why it would not be.
    pub outcome: &'static str,
    /// What the blueprint makes of it, where it would be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Map<String, Value>>,
    /// Each step of the mapping.
    pub trace: Vec<String>,
}

impl DryRun {
    /// Whether it would be sent.
    pub fn is_sent(&self) -> bool {
        self.body.is_some()
    }
}

impl Recipient {
    /// Maps an event, and sends nothing.
    pub fn dry_run(&self, event: &QueuedEvent, now: Timestamp) -> DryRun {
        let (outcome, body) = match self.prepare(event, now) {
            Prepared::Send(delivery) => ("sent", Some(delivery.body)),
            Prepared::Withheld(why) => (why.as_str(), None),
            Prepared::Unfit(reason) => (reason, None),
        };
        DryRun { outcome, body, trace: steps(&self.trace(&event.body)) }
    }
}
