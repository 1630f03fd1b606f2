//! What the tenant's side remembers: tokens, and people's requests.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

/// Which API a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    Profile,
    Gdpr,
}

impl Api {
    pub(super) fn find(name: &str) -> Option<Self> {
        [Self::Profile, Self::Gdpr].into_iter().find(|api| api.as_str() == name)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Gdpr => "gdpr",
        }
    }

    /// What its tokens can be good for.
    pub(super) fn resources(self) -> &'static [&'static str] {
        match self {
            Self::Profile => &[
                "basic",
                "segments",
                "searchSegments",
                "isCustomerInSegment",
                "campaigns",
                "userActivity",
            ],
            Self::Gdpr => &["registerGdprRequest", "gdprRequestStatus", "revokeGdprActions"],
        }
    }
}

/// Why a token does not serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Unknown, of the other API, expired or dropped.
    Dead,
    /// It lacks the resource.
    Resource,
}

#[derive(Debug)]
struct Token {
    api: Api,
    resources: BTreeSet<String>,
    expires_at: Timestamp,
}

/// A person's request, as it was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GdprRecord {
    /// Its name.
    pub tracking_id: u64,
    /// `access` or `forget`.
    pub req_type: String,
    /// `gcrid`, `email` or `mobile`.
    pub req_param: String,
    /// The identifier.
    pub value: String,
    /// Who registered it.
    pub source: String,
    /// The customer.
    pub gcr_id: String,
    /// When.
    pub registered_at: Timestamp,
    /// When it is carried out: at the second midnight (UTC), a day or two later.
    pub done_at: Timestamp,
    /// It was taken back in time.
    pub is_revoked: bool,
}

impl GdprRecord {
    /// Whether it waits to be carried out.
    pub fn is_pending(&self, now: Timestamp) -> bool {
        !self.is_revoked && now < self.done_at
    }

    /// The vendor's word for where it is.
    pub(super) fn state(&self, now: Timestamp) -> &'static str {
        if self.is_revoked {
            "revoked"
        } else if now < self.done_at {
            "registered"
        } else {
            "done"
        }
    }
}

/// The tenant's tokens and requests.
#[derive(Debug, Default)]
pub(crate) struct Tenant {
    tokens: BTreeMap<String, Token>,
    issued: u64,
    dead_tokens_sent: u64,
    requests: Vec<GdprRecord>,
}

/// Ids of requests start here, as in the vendor's examples.
const FIRST_TRACKING_ID: u64 = 496;

impl Tenant {
    /// Makes a token. Ones that are long dead are forgotten.
    pub(super) fn create(
        &mut self,
        api: Api,
        resources: BTreeSet<String>,
        life: SignedDuration,
        now: Timestamp,
    ) -> String {
        self.tokens.retain(|_, token| now < token.expires_at);
        self.issued += 1;
        let token = format!("sandbox-algonomy-{}-{:06}-k7Qx2", api.as_str(), self.issued);
        let expires_at = now.checked_add(life).unwrap_or(Timestamp::MAX);
        self.tokens.insert(token.clone(), Token { api, resources, expires_at });
        token
    }

    /// Gives a living token other resources, and no longer life.
    pub(super) fn update(
        &mut self,
        token: &str,
        api: Api,
        resources: BTreeSet<String>,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let known = self.tokens.get_mut(token).filter(|it| it.api == api && now < it.expires_at);
        known.ok_or(Refused::Dead)?.resources = resources;
        Ok(())
    }

    pub(super) fn check(
        &mut self,
        token: &str,
        api: Api,
        resource: &str,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let known = self.tokens.get(token).filter(|it| it.api == api && now < it.expires_at);
        let Some(known) = known else {
            self.dead_tokens_sent += 1;
            return Err(Refused::Dead);
        };
        if known.resources.contains(resource) { Ok(()) } else { Err(Refused::Resource) }
    }

    pub(super) fn api_of(&self, token: &str, now: Timestamp) -> Option<Api> {
        self.tokens.get(token).filter(|it| now < it.expires_at).map(|it| it.api)
    }

    /// Drops all tokens; returns how many lived.
    pub(crate) fn drop_tokens(&mut self, now: Timestamp) -> usize {
        let living = self.tokens.values().filter(|token| now < token.expires_at).count();
        self.tokens.clear();
        living
    }

    /// How many requests came with a token that was dead, or none.
    pub(crate) fn dead_tokens_sent(&self) -> u64 {
        self.dead_tokens_sent
    }

    /// Registers a request; the name it has and its place in time are filled in.
    pub(super) fn register(&mut self, mut request: GdprRecord) -> u64 {
        let number = u64::try_from(self.requests.len()).unwrap_or(u64::MAX);
        request.tracking_id = FIRST_TRACKING_ID.saturating_add(number);
        request.done_at = second_midnight(request.registered_at);
        let id = request.tracking_id;
        self.requests.push(request);
        id
    }

    pub(crate) fn requests(&self) -> &[GdprRecord] {
        &self.requests
    }

    /// Takes pending requests of that kind about somebody back; returns how many.
    pub(super) fn revoke(&mut self, req_type: &str, gcr_id: &str, now: Timestamp) -> usize {
        let pending = self
            .requests
            .iter_mut()
            .filter(|it| it.req_type == req_type && it.gcr_id == gcr_id && it.is_pending(now));
        pending.map(|request| request.is_revoked = true).count()
    }

    /// Whether somebody has been forgotten.
    pub(super) fn has_forgotten(&self, gcr_id: &str, now: Timestamp) -> bool {
        let done = |it: &GdprRecord| !it.is_revoked && it.done_at <= now;
        self.requests.iter().any(|it| it.req_type == "forget" && it.gcr_id == gcr_id && done(it))
    }

    pub(super) fn shown(&self, now: Timestamp) -> Value {
        #[derive(Serialize)]
        struct Shown<'a> {
            api: &'static str,
            resources: &'a BTreeSet<String>,
            expires_at: Timestamp,
        }
        let tokens = self.tokens.values().map(|token| Shown {
            api: token.api.as_str(),
            resources: &token.resources,
            expires_at: token.expires_at,
        });
        let requests = self.requests.iter().map(|request| {
            json!({
                "tracking_id": request.tracking_id,
                "type": request.req_type,
                "param": request.req_param,
                "state": request.state(now),
                "registered_at": request.registered_at,
                "done_at": request.done_at,
            })
        });
        json!({
            "tokens": tokens.collect::<Vec<_>>(),
            "dead_tokens_sent": self.dead_tokens_sent,
            "gdpr_requests": requests.collect::<Vec<_>>(),
        })
    }
}

/// Requests run at midnight and take 24 to 48 hours.
fn second_midnight(registered_at: Timestamp) -> Timestamp {
    const DAY: i64 = 24 * 60 * 60;

    let second = (registered_at.as_second().div_euclid(DAY) + 2) * DAY;
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}
