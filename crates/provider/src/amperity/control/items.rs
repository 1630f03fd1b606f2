//! What the lists hold, as far as it is documented (domain facts 2.8). Every field may be missing.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::wire::lenient;

/// Something that somebody did in the tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the vendor's names say it")]
pub struct AuditEvent {
    #[serde(deserialize_with = "lenient")]
    pub event_id: Option<String>,
    /// `:namespace/name`.
    #[serde(deserialize_with = "lenient")]
    pub event_type: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub happened_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    pub principal_email: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub principal_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub principal_name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub object_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub object_name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub origin_ip: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub session_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub tenant: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub tenant_family: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub user_agent: Option<String>,
}

/// A campaign, or a draft of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the vendor's names say it")]
pub struct Campaign {
    #[serde(deserialize_with = "lenient")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub deliver_at: Option<Timestamp>,
}

/// A segment of customers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the vendor's names say it")]
pub struct Segment {
    #[serde(deserialize_with = "lenient")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
}

/// One load of data into the tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IngestJob {
    /// `isj-…`.
    #[serde(deserialize_with = "lenient")]
    pub id: Option<String>,
    /// The run that it was part of.
    #[serde(deserialize_with = "lenient")]
    pub workflow_id: Option<String>,
    /// What was loaded into.
    #[serde(deserialize_with = "lenient")]
    pub tables: Vec<IngestTable>,
}

/// What an ingest job did to a table. Numbers are of records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the vendor's names say it")]
pub struct IngestTable {
    #[serde(deserialize_with = "lenient")]
    pub table_name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub feed_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub job_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub state: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub started_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    pub ended_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    pub read: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub inserted: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub updated: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub rejected: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub errors: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub files: Vec<IngestFile>,
}

/// A file that an ingest job read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the vendor's names say it")]
pub struct IngestFile {
    #[serde(deserialize_with = "lenient")]
    pub file_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub read: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub errors: Option<u64>,
}

/// One run of a workflow.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the vendor's names say it")]
pub struct WorkflowRun {
    /// `wf-…`.
    #[serde(deserialize_with = "lenient")]
    pub id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub name: Option<String>,
    #[serde(rename = "type", deserialize_with = "lenient")]
    pub kind: Option<String>,
    /// Of one that was stopped, `canceled`.
    #[serde(deserialize_with = "lenient")]
    pub state: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub created_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    pub ended_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    pub tenant: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub principal_email: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub principal_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub principal_name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub error: Option<RunError>,
    /// Of the verbose view.
    #[serde(deserialize_with = "lenient")]
    pub task_instances: Vec<Value>,
    /// A number or a text; the documentation does not say.
    pub launched_version: Value,
    /// As `launched_version`.
    pub current_version: Value,
}

/// Why a run failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the vendor's names say it")]
pub struct RunError {
    #[serde(deserialize_with = "lenient")]
    pub attribution: Option<String>,
    #[serde(rename = "type", deserialize_with = "lenient")]
    pub kind: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub message: Option<String>,
}
