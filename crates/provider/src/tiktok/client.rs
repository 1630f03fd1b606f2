//! The call.

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::config::Config;
use super::{NAME, error, token, wire};
use crate::destination::{Attempt, Delivery, Destination, Fate, Post, Terms, isolating};
use crate::http::{Reach, Transport};

/// Most events of a request. TikTok takes 1,000; fewer, because one bad event has the whole sent again in halves.
const BATCH_LIMIT: usize = 100;

/// What names a person to TikTok. Its click and browser ids (`ttclid`, `ttp`), address and user agent are no
/// names: they come from the request and lead to nobody here.
const IDENTITY_FIELDS: [&str; 5] =
    ["user.email", "user.phone", "user.external_id", "user.first_name", "user.last_name"];

fn terms(config: &Config) -> Terms {
    let host = config.events_url.host_str().unwrap_or_default();
    let identity = format!("{NAME} {host} {}", config.pixel_code);
    Terms {
        batch_limit: BATCH_LIMIT,
        identity_fields: IDENTITY_FIELDS.map(str::to_owned).into(),
        // TikTok's is not in the collected documentation; what it calls too old it refuses.
        max_age: None,
        consent_category: config.choices.consent_category.clone(),
        quota: config.choices.quota(identity.clone()),
        identity,
    }
}

/// Writes events to one pixel.
pub struct Tiktok {
    transport: Arc<dyn Transport>,
    config: Config,
    terms: Terms,
}

impl Tiktok {
    /// The destination of an integration.
    pub fn new(transport: Arc<dyn Transport>, config: &Config) -> Self {
        Self { transport, config: config.clone(), terms: terms(config) }
    }

    fn post(&self, events: &[Map<String, Value>]) -> Result<Post, Fate> {
        let Config { events_url, access_token, .. } = &self.config;
        Ok(Post {
            url: events_url.clone(),
            shown: events_url.to_string(),
            headers: HeaderMap::from_iter([(token::HEADER, token::header(access_token)?)]),
            body: wire::body(events, &self.config)?,
            secrets: vec![access_token.clone()],
            reach: Reach::Anywhere,
        })
    }

    async fn send(&self, events: &[Map<String, Value>]) -> Attempt {
        match self.post(events) {
            Ok(post) => post.send(&*self.transport).await.attempt(error::fate),
            Err(fate) => Attempt::unsent(fate),
        }
    }
}

#[async_trait]
impl Destination for Tiktok {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    async fn deliver(&self, batch: &[Delivery], _now: Timestamp) -> Vec<Attempt> {
        let events: Vec<_> = batch.iter().map(wire::event).collect();
        isolating(&events, BATCH_LIMIT, |part| self.send(part)).await
    }
}
