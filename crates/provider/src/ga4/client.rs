//! The calls.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::batch::{self, Together};
use super::config::Config;
use super::{NAME, error, limits, token, wire};
use crate::destination::{Attempt, Delivery, Destination, Fate, Post, Terms, isolating};
use crate::http::{Reach, Transport};

/// Google ignores events that are older.
const MAX_AGE: Duration = Duration::from_hours(72);

/// What names a person or a browser to Google.
const IDENTITY_FIELDS: [&str; 3] = ["client_id", "user_id", "user_data"];

fn terms(config: &Config) -> Terms {
    let host = config.collect_url.host_str().unwrap_or_default();
    let identity = format!("{NAME} {host} {}", config.measurement_id);
    Terms {
        batch_limit: limits::MAX_EVENTS,
        identity_fields: IDENTITY_FIELDS.map(str::to_owned).into(),
        max_age: Some(MAX_AGE),
        consent_category: config.choices.consent_category.clone(),
        quota: config.choices.quota(identity.clone()),
        identity,
    }
}

/// Writes events to one data stream.
pub struct Ga4 {
    transport: Arc<dyn Transport>,
    config: Config,
    terms: Terms,
}

impl Ga4 {
    /// The destination of an integration.
    pub fn new(transport: Arc<dyn Transport>, config: &Config) -> Self {
        Self { transport, config: config.clone(), terms: terms(config) }
    }

    /// At most as many requests at once as a part has events.
    async fn deliver_part(&self, batch: &[Delivery]) -> Vec<Attempt> {
        let mut attempts: Vec<Option<Attempt>> = Vec::with_capacity(batch.len());
        let mut fitted = Vec::with_capacity(batch.len());
        for (place, delivery) in batch.iter().enumerate() {
            let fit = wire::fit(delivery).map(|fit| fitted.push((place, fit)));
            attempts.push(fit.err().map(|refusal| Attempt::unsent(Fate::Refused(refusal))));
        }
        // Side by side, because a batch of strangers would otherwise take as many round trips as it has events.
        let requests = batch::by_client(fitted);
        let answers = join_all(requests.iter().map(|request| self.send_together(request))).await;
        for (request, answers) in requests.iter().zip(answers) {
            for (place, answer) in request.places.iter().zip(answers) {
                if let Some(attempt) = attempts.get_mut(*place) {
                    *attempt = Some(answer);
                }
            }
        }
        attempts.into_iter().flatten().collect()
    }

    async fn send_together(&self, together: &Together) -> Vec<Attempt> {
        let Together { client, events, .. } = together;
        isolating(events, limits::MAX_EVENTS, |part| self.send(client, part)).await
    }

    fn post(&self, client: &Map<String, Value>, events: &[Value]) -> Result<Post, Fate> {
        let Config { collect_url, api_secret, .. } = &self.config;
        Ok(Post {
            url: token::signed_in(collect_url, api_secret),
            shown: collect_url.to_string(),
            headers: HeaderMap::new(),
            body: wire::body(client, events)?,
            secrets: token::spellings(api_secret),
            reach: Reach::Anywhere,
        })
    }

    async fn send(&self, client: &Map<String, Value>, events: &[Value]) -> Attempt {
        match self.post(client, events) {
            Ok(post) => post.send(&*self.transport).await.attempt(error::fate),
            Err(fate) => Attempt::unsent(fate),
        }
    }
}

#[async_trait]
impl Destination for Ga4 {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    async fn deliver(&self, batch: &[Delivery], _now: Timestamp) -> Vec<Attempt> {
        let mut attempts = Vec::with_capacity(batch.len());
        for part in batch.chunks(limits::MAX_EVENTS) {
            attempts.extend(self.deliver_part(part).await);
        }
        attempts
    }
}
