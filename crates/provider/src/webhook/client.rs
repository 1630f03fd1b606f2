//! The call.

use std::sync::Arc;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::config::Config;
use super::{NAME, error, wire};
use crate::destination::{Attempt, Delivery, Destination, Fate, Post, Refusal, Terms, json};
use crate::http::Transport;

fn terms(config: &Config) -> Terms {
    let origin = config.url.origin().ascii_serialization();
    let hash = HEXLOWER.encode(&Sha256::digest(config.url.as_str().as_bytes()));
    Terms {
        // What follows the host may be a secret.
        identity: format!("{NAME} {origin} {hash}"),
        batch_limit: 1,
        identity_fields: config.identity_fields.clone(),
        max_age: None,
        consent_category: config.choices.consent_category.clone(),
        // Several webhooks to one host share what it is asked.
        quota: config.choices.quota(format!("{NAME} {origin}")),
    }
}

/// Sends events to one URL.
pub struct Webhook {
    transport: Arc<dyn Transport>,
    config: Config,
    terms: Terms,
}

impl Webhook {
    /// The destination of an integration.
    pub fn new(transport: Arc<dyn Transport>, config: &Config) -> Self {
        Self { transport, config: config.clone(), terms: terms(config) }
    }

    fn post(&self, delivery: &Delivery, now: Timestamp) -> Result<Post, Fate> {
        let Config { url, keys, reach, .. } = &self.config;
        let body = json(&delivery.body)?;
        let headers = wire::headers(&delivery.message_id, now, &body, keys)
            .ok_or_else(|| Refusal::Unfit("it cannot be signed".to_owned()))?;
        Ok(Post {
            url: url.clone(),
            // Receivers put secrets into paths and queries.
            shown: url.origin().ascii_serialization(),
            headers,
            body,
            // The secret never leaves, so nobody could repeat it.
            secrets: Vec::new(),
            reach: *reach,
        })
    }

    async fn send(&self, delivery: &Delivery, now: Timestamp) -> Attempt {
        match self.post(delivery, now) {
            Ok(post) => {
                let sent = post.send(&*self.transport).await;
                sent.attempt_or(error::fate, error::without_answer)
            }
            Err(fate) => Attempt::unsent(fate),
        }
    }
}

#[async_trait]
impl Destination for Webhook {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    async fn deliver(&self, batch: &[Delivery], now: Timestamp) -> Vec<Attempt> {
        let mut attempts = Vec::with_capacity(batch.len());
        for delivery in batch {
            attempts.push(self.send(delivery, now).await);
        }
        attempts
    }
}
