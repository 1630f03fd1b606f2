//! The call: one record of a listing.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use datafly_core::linking_key::KeyValue;
use http::Request;
use http::header::{ACCEPT, CACHE_CONTROL};

use super::config::Config;
use super::{error, token};
use crate::profile::{Asking, Profile, ProfileId, ProfileProvider, ProviderError, Quota, query};
use crate::surroundings::Surroundings;
use crate::token::TokenStatus;

/// How long one look-up may take, with a token and a second try. Ansira itself gives up after 30 seconds; no page
/// waits a sixth of that.
const DEADLINE: Duration = Duration::from_secs(5);

/// Reads records of one listing.
pub struct AnsiraRecords {
    asking: Asking,
    config: Config,
}

impl AnsiraRecords {
    /// The provider of an integration.
    pub fn new(around: &Surroundings, config: &Config) -> Self {
        let credential = token::credential(config, around);
        let asking = Asking::new(around, config.quota(), DEADLINE, Some(credential));
        Self { asking, config: config.clone() }
    }

    /// The first record whose member `key` is this.
    async fn first(&self, key: &str, value: &str) -> Result<Option<Profile>, ProviderError> {
        let Config { filter, order_by, first_page, shape, .. } = &self.config;
        let Some(filter) = filter.of(key, value) else { return Ok(None) };
        let page = first_page.to_string();
        let order_by = order_by.as_deref().map(|order_by| ("order_by", order_by));
        let pairs = [("filter", &*filter)].into_iter().chain(order_by);
        let mut url = self.config.records_url.clone();
        url.set_query(Some(&query(pairs.chain([("page", &*page), ("page_size", "1")]))));
        let request = Request::get(url.as_str())
            .header(ACCEPT, "application/json")
            .header(CACHE_CONTROL, "no-cache")
            .body(Bytes::new())
            .map_err(|_| ProviderError::Unreachable { reason: "the URL cannot be used".into() })?;
        let answer = self.asking.ask(&request).await?;
        match error::of_answer(&answer, key) {
            Some(error) => Err(error),
            None => shape.first(&answer.body),
        }
    }
}

#[async_trait]
impl ProfileProvider for AnsiraRecords {
    async fn look_up(&self, key: &KeyValue) -> Result<Option<Profile>, ProviderError> {
        self.first(&key.key, key.value.expose()).await
    }

    async fn profile(&self, id: &ProfileId) -> Result<Option<Profile>, ProviderError> {
        self.first(&self.config.shape.id_field, id.expose()).await
    }

    fn identity(&self) -> String {
        self.config.identity()
    }

    fn quota(&self) -> Quota {
        self.asking.quota()
    }

    fn tokens(&self) -> Vec<TokenStatus> {
        self.asking.tokens()
    }
}
