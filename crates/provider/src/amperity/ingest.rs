//! Streaming Ingest: one event a call, to the real-time stream.
//!
//! The mapped body is the event's flat object, sent as it is but for two fields. `source` is the configured
//! `source_value` whatever a mapping put there: it is what the stream routes on, and a page must not choose it.
//! `message_id` is the event's `messageId`: Amperity documents no idempotency key, but a stream's event id may
//! be an expression over the event (domain facts 2.2), and this is the field for it.

mod error;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use jiff::Timestamp;
use url::Url;

use super::config::Config;
use super::token::{EVENTS, INGEST_SCOPE};
use super::{NAME, token};
use crate::destination::{Attempt, Delivery, Destination, Fate, Post, Terms};
use crate::http::{Reach, Transport};
use crate::keys;
use crate::surroundings::{Surroundings, Turns};
use crate::token::{Token, TokenSource, TokenStatus, authorised_in_turn, bearer};

/// What names a person to Amperity, beside the linking keys that the owner configured: the documented fields,
/// and the linking keys that Amperity's guides tell everybody to set up. A collection links by those whether
/// or not they are looked up by here.
const IDENTITY_FIELDS: [&str; 10] = [
    "user_id",
    "email",
    "phone",
    "amperity_id",
    "cookieid",
    "email_sha256",
    "phone_sha256",
    "device_cookie",
    "customer_id",
    "account_id",
];

fn terms(config: &Config) -> Terms {
    let linking_keys = config.lookups.linking_keys.iter().map(|linking| linking.key.to_string());
    let fields = IDENTITY_FIELDS.map(str::to_owned).into_iter().chain(linking_keys);
    Terms {
        identity: format!("{NAME} {} {}", config.ingest.events_url, config.tenant_id),
        // No batch form is documented for real-time streams.
        batch_limit: 1,
        identity_fields: keys::distinct(fields),
        // None unless the owner asks for one: Amperity gets every event with its consent state, and acts on that
        // itself (seed 001).
        consent_category: config.ingest.consent_category.clone(),
        max_age: None,
        quota: config.quota(),
    }
}

/// Writes events to one stream.
pub struct AmperityEvents {
    transport: Arc<dyn Transport>,
    url: Url,
    tenant_header: HeaderValue,
    source: String,
    /// The configuration key of what it authenticates with.
    credential_key: &'static str,
    tokens: Arc<dyn TokenSource>,
    turns: Turns,
    terms: Terms,
}

impl AmperityEvents {
    /// The destination of an integration.
    pub fn new(around: &Surroundings, config: &Config) -> Self {
        let ingest = &config.ingest;
        Self {
            transport: Arc::clone(&around.transport),
            url: ingest.events_url.clone(),
            tenant_header: config.tenant_header.clone(),
            source: ingest.source_value.clone(),
            credential_key: ingest.credential.key(&EVENTS),
            tokens: token::source(&EVENTS, &ingest.credential, config, around),
            turns: Arc::clone(&around.turns),
            terms: terms(config),
        }
    }

    async fn post(&self, body: Bytes, token: Token) -> Result<Attempt, Fate> {
        let post = Post {
            url: self.url.clone(),
            shown: self.url.to_string(),
            headers: HeaderMap::from_iter([
                (AUTHORIZATION, bearer(token.secret())?),
                (super::TENANT_HEADER, self.tenant_header.clone()),
            ]),
            body,
            secrets: vec![token.secret().clone()],
            reach: Reach::Anywhere,
        };
        Ok(post
            .send(&*self.transport)
            .await
            .attempt(|answer| error::fate(answer, self.credential_key)))
    }

    async fn send(&self, delivery: &Delivery) -> Attempt {
        match wire::event(delivery, &self.source) {
            Ok(body) => self.hand_over(body).await,
            Err(refusal) => Attempt::unsent(refusal.into()),
        }
    }

    /// Posts a body as it is.
    pub(super) async fn hand_over(&self, body: Bytes) -> Attempt {
        let post = |token| self.post(body.clone(), token);
        let is_refused =
            |attempt: &Attempt| attempt.status() == Some(StatusCode::UNAUTHORIZED.as_u16());
        let turn = || (self.turns)(self.terms.quota.clone());
        let sent = authorised_in_turn(&*self.tokens, INGEST_SCOPE, turn, post, is_refused).await;
        sent.unwrap_or_else(Attempt::unsent)
    }
}

#[async_trait]
impl Destination for AmperityEvents {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    async fn deliver(&self, batch: &[Delivery], _now: Timestamp) -> Vec<Attempt> {
        let mut attempts = Vec::with_capacity(batch.len());
        for delivery in batch {
            attempts.push(self.send(delivery).await);
        }
        attempts
    }

    fn tokens(&self) -> Vec<TokenStatus> {
        self.tokens.status()
    }
}
