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
}

impl Route {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::LookupPost,
        Self::LookupGet,
        Self::Profile,
        Self::Events,
        Self::CollectionStats,
        Self::Other,
        Self::Ga4Collect,
        Self::Ga4Validate,
        Self::MetaEvents,
        Self::TiktokEvents,
        Self::Webhook,
    ];

    /// The name in counters, logs and fault scripts.
    pub fn label(self) -> &'static str {
        match self {
            Self::LookupPost => "amperity.lookup.post",
            Self::LookupGet => "amperity.lookup.get",
            Self::Profile => "amperity.profile",
            Self::Events => "amperity.events",
            Self::CollectionStats => "amperity.collection.stats",
            Self::Other => "amperity.other",
            Self::Ga4Collect => "ga4.collect",
            Self::Ga4Validate => "ga4.validate",
            Self::MetaEvents => "meta_capi.events",
            Self::TiktokEvents => "tiktok.events",
            Self::Webhook => "webhook.events",
        }
    }

    /// The route with that label.
    pub fn find(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|route| route.label() == label)
    }
}

/// Which token a request carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenSeen {
    /// The token's label; `unknown` for a value that is no configured token.
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
