//! What the tables show of each kind. `--json` has everything.

use std::collections::BTreeSet;

use datafly_provider::amperity::control::{
    AuditEvent, Campaign, IngestJob, IngestTable, Segment, WorkflowRun,
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

/// A kind of item that is listed.
pub(super) trait Row: DeserializeOwned {
    /// One of them, and several.
    const NAMES: [&'static str; 2];

    /// The titles of the columns.
    const TITLES: &'static [&'static str];

    /// The row.
    fn cells(&self) -> Vec<String>;
}

impl Row for Segment {
    const NAMES: [&'static str; 2] = ["segment", "segments"];
    const TITLES: &'static [&'static str] = &["ID", "NAME"];

    fn cells(&self) -> Vec<String> {
        vec![text(self.id.as_ref()), text(self.name.as_ref())]
    }
}

impl Row for Campaign {
    const NAMES: [&'static str; 2] = ["campaign", "campaigns"];
    const TITLES: &'static [&'static str] = &["ID", "DELIVERS AT", "NAME"];

    fn cells(&self) -> Vec<String> {
        vec![text(self.id.as_ref()), time(self.deliver_at), text(self.name.as_ref())]
    }
}

impl Row for AuditEvent {
    const NAMES: [&'static str; 2] = ["audit event", "audit events"];
    const TITLES: &'static [&'static str] = &["TIME", "EVENT", "WHO", "WHAT", "FROM"];

    fn cells(&self) -> Vec<String> {
        let who = self.principal_name.as_ref().or(self.principal_email.as_ref());
        vec![
            time(self.happened_at),
            text(self.event_type.as_ref()),
            text(who.or(self.principal_id.as_ref())),
            text(self.object_name.as_ref().or(self.object_id.as_ref())),
            text(self.origin_ip.as_ref()),
        ]
    }
}

impl Row for IngestJob {
    const NAMES: [&'static str; 2] = ["ingest job", "ingest jobs"];
    const TITLES: &'static [&'static str] =
        &["ID", "STATE", "READ", "REJECTED", "ERRORS", "TABLES"];

    fn cells(&self) -> Vec<String> {
        let sum = |of: fn(&IngestTable) -> Option<u64>| {
            self.tables.iter().filter_map(of).fold(0, u64::saturating_add).to_string()
        };
        let names = |of: fn(&IngestTable) -> Option<&str>| {
            let names: BTreeSet<_> = self.tables.iter().filter_map(of).collect();
            names.into_iter().collect::<Vec<_>>().join(", ")
        };
        vec![
            text(self.id.as_ref()),
            names(|table| table.state.as_deref()),
            sum(|table| table.read),
            sum(|table| table.rejected),
            sum(|table| table.errors),
            names(|table| table.table_name.as_deref()),
        ]
    }
}

impl Row for WorkflowRun {
    const NAMES: [&'static str; 2] = ["workflow run", "workflow runs"];
    const TITLES: &'static [&'static str] =
        &["ID", "STATE", "TYPE", "CREATED AT", "ENDED AT", "NAME", "ERROR"];

    fn cells(&self) -> Vec<String> {
        vec![
            text(self.id.as_ref()),
            text(self.state.as_ref()),
            text(self.kind.as_ref()),
            time(self.created_at),
            time(self.ended_at),
            text(self.name.as_ref()),
            text(self.error.as_ref().and_then(|error| error.message.as_ref())),
        ]
    }
}

fn text(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

fn time(time: Option<Timestamp>) -> String {
    time.map(|time| time.to_string()).unwrap_or_default()
}
