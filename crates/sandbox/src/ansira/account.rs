//! The API client: its assertion, its tokens, and how often it was heard of.

use std::collections::{BTreeMap, HashMap, VecDeque};

use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::config::{ANSIRA_CLIENT_ID, ANSIRA_SCOPES};
use crate::journal::Route;

/// What the seed recommends for an assertion.
const TWO_YEARS: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// How the API client is set up in the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsiraClient {
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// How long its tokens live, in seconds.
    pub ttl_seconds: u32,
    /// When the assertion expires.
    pub assertion_expires_at: Timestamp,
    /// How many requests a second each endpoint takes.
    pub requests_per_second: usize,
}

/// What was issued and refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AnsiraCounts {
    /// Tokens.
    pub issued: u64,
    /// Requests for a token that were refused for what they showed.
    pub ungranted: u64,
    /// Listings whose token was none any more, or not for that.
    pub forbidden: u64,
    /// Requests over the limit.
    pub limited: u64,
}

#[derive(Debug)]
struct Token {
    expires_at: Timestamp,
    scopes: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Account {
    client: AnsiraClient,
    /// Which assertion is the last one.
    generation: u32,
    tokens: HashMap<String, Token>,
    /// When each endpoint was asked in the last second.
    asked: BTreeMap<Route, VecDeque<Timestamp>>,
    counts: AnsiraCounts,
}

impl Account {
    /// Set up now, as the seed recommends, in production.
    pub(crate) fn new(now: Timestamp) -> Self {
        let client = AnsiraClient {
            scopes: ANSIRA_SCOPES.map(str::to_owned).into(),
            ttl_seconds: 300,
            assertion_expires_at: now.checked_add(TWO_YEARS).unwrap_or(Timestamp::MAX),
            requests_per_second: 10,
        };
        Self {
            client,
            generation: 1,
            tokens: HashMap::new(),
            asked: BTreeMap::new(),
            counts: AnsiraCounts::default(),
        }
    }

    pub(super) fn client(&self) -> &AnsiraClient {
        &self.client
    }

    pub(super) fn counts(&self) -> AnsiraCounts {
        self.counts
    }

    /// A JWT to look at; what it is worth is known here, and nobody verifies its signature.
    pub(super) fn assertion(&self) -> String {
        let part = |value: serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let claims = json!({
            "iss": ANSIRA_CLIENT_ID,
            "sub": ANSIRA_CLIENT_ID,
            "aud": "ansira",
            "exp": self.client.assertion_expires_at.as_second(),
            "jti": format!("sandbox-ansira-assertion-{}", self.generation),
        });
        format!("{}.{}.c2lnbmF0dXJl", part(json!({"alg": "RS256"})), part(claims))
    }

    pub(super) fn renew_assertion(&mut self) -> String {
        self.generation += 1;
        self.tokens.clear();
        self.assertion()
    }

    pub(super) fn update(&mut self, change: impl FnOnce(&mut AnsiraClient)) {
        let before = self.client.scopes.clone();
        change(&mut self.client);
        if self.client.scopes != before {
            self.tokens.clear();
        }
    }

    /// Notes a request; whether it is within the limit of its endpoint.
    pub(super) fn count(&mut self, route: Route, now: Timestamp) -> bool {
        let asked = self.asked.entry(route).or_default();
        while asked
            .front()
            .is_some_and(|at| now.duration_since(*at) >= SignedDuration::from_secs(1))
        {
            asked.pop_front();
        }
        asked.push_back(now);
        let within = asked.len() <= self.client.requests_per_second;
        self.counts.limited += u64::from(!within);
        within
    }

    /// Notes a request for a token that is refused.
    pub(super) fn refuse(&mut self) {
        self.counts.ungranted += 1;
    }

    /// A new token, and how many seconds it lives.
    pub(super) fn issue(&mut self, scopes: Vec<String>, now: Timestamp) -> (String, u32) {
        self.counts.issued += 1;
        self.tokens.retain(|_, token| now < token.expires_at);
        let token = format!("sandbox-ansira-token-{:06}", self.counts.issued);
        let life = SignedDuration::from_secs(self.client.ttl_seconds.into());
        let expires_at = now.checked_add(life).unwrap_or(Timestamp::MAX);
        self.tokens.insert(token.clone(), Token { expires_at, scopes });
        (token, self.client.ttl_seconds)
    }

    pub(super) fn knows(&self, token: &str) -> bool {
        self.tokens.contains_key(token)
    }

    /// Whether the token is good for the scope now.
    pub(super) fn admits(&mut self, token: &str, scope: &str, now: Timestamp) -> bool {
        let token = self.tokens.get(token).filter(|token| now < token.expires_at);
        let admits = token.is_some_and(|token| token.scopes.iter().any(|own| own == scope));
        self.counts.forbidden += u64::from(!admits);
        admits
    }
}
