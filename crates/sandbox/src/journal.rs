//! What the vendor was asked: a counter for each route, and the newest requests.
//!
//! A record never holds a token or a query value: of the authorization only the token's label, of the
//! query and the headers only the names. Bodies are kept, they are what tests look at.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::config::Scope;

/// The vendor routes that are counted and can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Route {
    /// `POST /amperity/prof/lookup/{collection}/keychain`.
    LookupPost,
    /// `GET /amperity/prof/lookup/{collection}/keychain`.
    LookupGet,
    /// `GET /amperity/prof/profiles/{collection}/{id}`.
    Profile,
    /// `POST /amperity/prof/events/{stream}`.
    Events,
    /// `GET /amperity/api/audit-events`.
    AuditEvents,
    /// `GET /amperity/api/campaigns`.
    Campaigns,
    /// `GET /amperity/api/campaign-drafts`.
    CampaignDrafts,
    /// `GET /amperity/api/segments`.
    Segments,
    /// `GET /amperity/api/ingest/jobs`.
    IngestJobs,
    /// `GET /amperity/api/ingest/jobs/{id}`.
    IngestJob,
    /// `GET /amperity/api/workflow/runs`.
    WorkflowRuns,
    /// `GET /amperity/api/workflow/runs/{id}`.
    WorkflowRun,
    /// `POST /amperity/api/workflow/runs/{id}/stop`.
    WorkflowStop,
    /// `POST /amperity/api/v0/admin/api-keys/{id}/tokens`.
    Tokens,
    /// `POST /amperity/api/v0/oauth2/token`.
    Oauth2,
    /// `GET /amperity/prof/collections/{collection}/stats`.
    CollectionStats,
    /// Any other path below `/amperity`; always 404.
    Other,
    /// `POST /ga4/mp/collect`.
    Ga4Collect,
    /// `POST /ga4/debug/mp/collect`.
    Ga4Validate,
    /// `POST /meta_capi/v{N}/{pixel}/events`.
    MetaEvents,
    /// `POST /tiktok/open_api/v1.3/event/track/`.
    TiktokEvents,
    /// `POST /webhook`.
    Webhook,
    /// The lists of indexes, `/amperity_index/attribute/v0/indexes` and `/amperity_index/api/indexes…`.
    IndexList,
    /// `GET /amperity_index/attribute/v0/indexes/{index}`.
    IndexValueGet,
    /// `POST /amperity_index/attribute/v0/indexes/{index}`.
    IndexValuePost,
    /// `GET /amperity_index/api/indexes/{index}/profiles`.
    IndexProfiles,
    /// `GET /amperity_index/api/indexes/{index}/profiles/{id}`.
    IndexProfile,
    /// `POST /ansira/oauth/v2/oauth-token`.
    AnsiraToken,
    /// `GET /ansira/v1/contacts`.
    AnsiraRecords,
    /// `GET /rest/customers/{value}`.
    RestGet,
    /// `POST /rest/search`.
    RestPost,
    /// `POST /algonomy/secureApi/token/{profile,gdpr}/create`.
    AlgonomyTokenCreate,
    /// `POST /algonomy/secureApi/token/{profile,gdpr}/update`.
    AlgonomyTokenUpdate,
    /// `POST /algonomy/api/v1/profile/b2b/{resource}`.
    AlgonomyProfile,
    /// `POST /algonomy/api/v1/gdpr/b2b/registerGdprRequest`.
    AlgonomyGdprRegister,
    /// `POST /algonomy/api/v1/gdpr/b2b/gdprRequestStatus`.
    AlgonomyGdprStatus,
    /// `POST /algonomy/api/v1/gdpr/b2b/revokeGdprActions`.
    AlgonomyGdprRevoke,
}

impl Route {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::LookupPost,
        Self::LookupGet,
        Self::Profile,
        Self::Events,
        Self::AuditEvents,
        Self::Campaigns,
        Self::CampaignDrafts,
        Self::Segments,
        Self::IngestJobs,
        Self::IngestJob,
        Self::WorkflowRuns,
        Self::WorkflowRun,
        Self::WorkflowStop,
        Self::Tokens,
        Self::Oauth2,
        Self::CollectionStats,
        Self::Other,
        Self::Ga4Collect,
        Self::Ga4Validate,
        Self::MetaEvents,
        Self::TiktokEvents,
        Self::Webhook,
        Self::IndexList,
        Self::IndexValueGet,
        Self::IndexValuePost,
        Self::IndexProfiles,
        Self::IndexProfile,
        Self::AnsiraToken,
        Self::AnsiraRecords,
        Self::RestGet,
        Self::RestPost,
        Self::AlgonomyTokenCreate,
        Self::AlgonomyTokenUpdate,
        Self::AlgonomyProfile,
        Self::AlgonomyGdprRegister,
        Self::AlgonomyGdprStatus,
        Self::AlgonomyGdprRevoke,
    ];

    /// The name in counters, logs and fault scripts.
    pub fn label(self) -> &'static str {
        match self {
            Self::LookupPost => "amperity.lookup.post",
            Self::LookupGet => "amperity.lookup.get",
            Self::Profile => "amperity.profile",
            Self::Events => "amperity.events",
            Self::AuditEvents => "amperity.audit_events",
            Self::Campaigns => "amperity.campaigns",
            Self::CampaignDrafts => "amperity.campaign_drafts",
            Self::Segments => "amperity.segments",
            Self::IngestJobs => "amperity.ingest_jobs",
            Self::IngestJob => "amperity.ingest_job",
            Self::WorkflowRuns => "amperity.workflow_runs",
            Self::WorkflowRun => "amperity.workflow_run",
            Self::WorkflowStop => "amperity.workflow_stop",
            Self::Tokens => "amperity.tokens",
            Self::Oauth2 => "amperity.oauth2",
            Self::CollectionStats => "amperity.collection.stats",
            Self::Other => "amperity.other",
            Self::Ga4Collect => "ga4.collect",
            Self::Ga4Validate => "ga4.validate",
            Self::MetaEvents => "meta_capi.events",
            Self::TiktokEvents => "tiktok.events",
            Self::Webhook => "webhook.events",
            Self::IndexList => "amperity_index.indexes",
            Self::IndexValueGet => "amperity_index.value.get",
            Self::IndexValuePost => "amperity_index.value.post",
            Self::IndexProfiles => "amperity_index.profiles",
            Self::IndexProfile => "amperity_index.profile",
            Self::AnsiraToken => "ansira.token",
            Self::AnsiraRecords => "ansira.records",
            Self::RestGet => "rest.get",
            Self::RestPost => "rest.post",
            Self::AlgonomyTokenCreate => "algonomy.token.create",
            Self::AlgonomyTokenUpdate => "algonomy.token.update",
            Self::AlgonomyProfile => "algonomy.profile",
            Self::AlgonomyGdprRegister => "algonomy.gdpr.register",
            Self::AlgonomyGdprStatus => "algonomy.gdpr.status",
            Self::AlgonomyGdprRevoke => "algonomy.gdpr.revoke",
        }
    }

    /// The field of its body that is a credential, which no record may hold.
    pub(crate) fn secret_field(self) -> Option<&'static str> {
        match self {
            Self::AlgonomyTokenUpdate => Some("token"),
            _ => None,
        }
    }

    /// The route with that label.
    pub fn find(label: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|route| route.label() == label)
    }
}

/// Which token a request carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenSeen {
    /// The token's label; `unknown` for a value that was never issued.
    pub label: String,
    /// The token's scope; none for an unknown one.
    pub scope: Option<&'static str>,
}

impl TokenSeen {
    pub(crate) fn known(label: &str, scope: Scope) -> Self {
        Self { label: label.into(), scope: Some(scope.as_str()) }
    }

    /// A destination's only credential.
    pub(crate) fn of_destination(label: &str, known: bool) -> Self {
        if known { Self { label: label.into(), scope: Some("events") } } else { Self::unknown() }
    }

    /// A credential for look-ups alone.
    pub(crate) fn of_provider(label: &str) -> Self {
        Self { label: label.into(), scope: Some("look-ups") }
    }

    pub(crate) fn unknown() -> Self {
        Self { label: "unknown".into(), scope: None }
    }
}

/// One request to the vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestRecord {
    /// Counts requests from 1 and goes on counting over a reset.
    pub n: u64,
    /// When it arrived.
    pub at: Timestamp,
    /// Label of the route.
    pub route: &'static str,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// Names in the query, in their order.
    pub query: Vec<String>,
    /// Names of the headers, in lower case.
    pub headers: Vec<String>,
    /// The credential, by label; none where the request carries none.
    pub authorization: Option<TokenSeen>,
    /// The body where it is JSON, else null.
    pub body: Value,
    /// Length of the body.
    pub body_bytes: usize,
    /// The answer's status; none while it is under way, and for ever if the client went away first.
    pub status: Option<u16>,
}

/// Counters and the newest requests.
#[derive(Debug)]
pub(crate) struct Journal {
    capacity: usize,
    next: u64,
    hits: BTreeMap<Route, u64>,
    records: VecDeque<RequestRecord>,
}

impl Journal {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, next: 1, hits: BTreeMap::new(), records: VecDeque::new() }
    }

    /// Forgets everything but the number of the next request.
    pub(crate) fn clear(&mut self) {
        self.hits.clear();
        self.records.clear();
    }

    /// Counts and records a request; its `n` is assigned here and returned.
    pub(crate) fn begin(&mut self, route: Route, mut record: RequestRecord) -> u64 {
        let n = self.next;
        self.next += 1;
        *self.hits.entry(route).or_default() += 1;
        if self.records.len() >= self.capacity {
            self.records.pop_front();
        }
        record.n = n;
        self.records.push_back(record);
        n
    }

    /// Completes a record that is still remembered.
    pub(crate) fn finish(&mut self, n: u64, status: u16) {
        if let Some(record) = self.records.iter_mut().rev().find(|record| record.n == n) {
            record.status = Some(status);
        }
    }

    pub(crate) fn hits(&self, route: Route) -> u64 {
        self.hits.get(&route).copied().unwrap_or_default()
    }

    pub(crate) fn records(&self) -> Vec<RequestRecord> {
        self.records.iter().cloned().collect()
    }
}
