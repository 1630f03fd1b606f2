//! The call.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::header::{AUTHORIZATION, HeaderMap};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::config::Config;
use super::{NAME, error, token, wire};
use crate::destination::{Attempt, Delivery, Destination, Fate, Post, Terms, isolating};
use crate::http::{Reach, Transport};

/// Most events of a request. Meta takes 1,000; fewer, because one bad event has the whole sent again in halves.
const BATCH_LIMIT: usize = 100;

/// Meta refuses the whole request for one event that is older.
const MAX_AGE: Duration = Duration::from_hours(7 * 24);

/// What names a person to Meta. Its click and browser ids (`fbc`, `fbp`), address and user agent are no names:
/// they come from the request and lead to nobody here.
const IDENTITY_FIELDS: [&str; 10] = [
    "user_data.em",
    "user_data.ph",
    "user_data.fn",
    "user_data.ln",
    "user_data.db",
    "user_data.external_id",
    "user_data.subscription_id",
    "user_data.fb_login_id",
    "user_data.lead_id",
    "user_data.madid",
];

fn terms(config: &Config) -> Terms {
    let host = config.events_url.host_str().unwrap_or_default();
    // Without the version, which changes while the pixel stays.
    let identity = format!("{NAME} {host} {}", config.pixel_id);
    Terms {
        batch_limit: BATCH_LIMIT,
        identity_fields: IDENTITY_FIELDS.map(str::to_owned).into(),
        max_age: Some(MAX_AGE),
        consent_category: config.choices.consent_category.clone(),
        quota: config.choices.quota(identity.clone()),
        identity,
    }
}

/// Writes events to one pixel.
pub struct MetaCapi {
    transport: Arc<dyn Transport>,
    config: Config,
    terms: Terms,
}

impl MetaCapi {
    /// The destination of an integration.
    pub fn new(transport: Arc<dyn Transport>, config: &Config) -> Self {
        Self { transport, config: config.clone(), terms: terms(config) }
    }

    fn post(&self, events: &[Map<String, Value>]) -> Result<Post, Fate> {
        let Config { events_url, access_token, test_event_code, .. } = &self.config;
        Ok(Post {
            url: events_url.clone(),
            shown: events_url.to_string(),
            headers: HeaderMap::from_iter([(AUTHORIZATION, token::authorization(access_token)?)]),
            body: wire::body(events, test_event_code.as_deref())?,
            secrets: vec![access_token.clone()],
            reach: Reach::Anywhere,
        })
    }

    async fn send(&self, events: &[Map<String, Value>]) -> Attempt {
        match self.post(events) {
            Ok(post) => post
                .send(&*self.transport)
                .await
                .attempt(|answer| error::fate(answer, events.len())),
            Err(fate) => Attempt::unsent(fate),
        }
    }
}

#[async_trait]
impl Destination for MetaCapi {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    async fn deliver(&self, batch: &[Delivery], _now: Timestamp) -> Vec<Attempt> {
        let events: Vec<_> = batch.iter().map(wire::event).collect();
        isolating(&events, BATCH_LIMIT, |part| self.send(part)).await
    }
}
