//! The calls: a value by its key (v0), a profile by an attribute or by its id (v2).

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use datafly_core::linking_key::KeyValue;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request};
use url::Url;

use super::config::{Api, Config};
use super::error::{Question, is_found};
use super::{LEGACY_TENANT_HEADER, NAME, TENANT_HEADER, VERSION, VERSION_HEADER, token, wire};
use crate::http::Answer;
use crate::profile::{
    Asking, Profile, ProfileId, ProfileProvider, ProviderError, Quota, id_of, key_of, query,
};
use crate::surroundings::Surroundings;
use crate::token::TokenStatus;

/// How long one call may take. Amperity documents a 95th percentile under 100 ms; ten times that is an answer
/// nobody waits for any more.
const DEADLINE: Duration = Duration::from_secs(1);

/// Reads profiles of one index.
pub struct AmperityIndex {
    asking: Asking,
    api: Api,
    /// `…/indexes/{index}`, without a slash at its end, which v0 answers with 404.
    index_url: Url,
    headers: HeaderMap,
    identity: String,
}

impl AmperityIndex {
    /// The provider of an integration.
    pub fn new(around: &Surroundings, config: &Config) -> Self {
        let Config { base_url, tenant_id, index_id, api, .. } = config;
        let (path, tenant_header) = match api {
            Api::V0Get | Api::V0Post => ("attribute/v0/indexes", LEGACY_TENANT_HEADER),
            Api::V2 => ("api/indexes", TENANT_HEADER),
        };
        let mut index_url = base_url.clone();
        index_url.set_path(&format!("{}{path}/{index_id}", base_url.path()));
        let mut headers = HeaderMap::from_iter([(tenant_header, config.tenant_header.clone())]);
        if *api == Api::V2 {
            headers.insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
        }
        let credential = token::credential(config, around);
        Self {
            asking: Asking::new(around, config.quota(), DEADLINE, Some(credential)),
            api: *api,
            index_url,
            headers,
            identity: format!("{NAME} {} {base_url} {tenant_id} {index_id}", api.version()),
        }
    }

    async fn ask(
        &self,
        method: Method,
        url: &Url,
        body: Bytes,
        question: Question<'_>,
    ) -> Result<Option<Answer>, ProviderError> {
        let mut request =
            Request::builder().method(method).uri(url.as_str()).body(body).map_err(|_| {
                ProviderError::Unreachable { reason: "the URL cannot be used".into() }
            })?;
        request.headers_mut().extend(self.headers.clone());
        if request.method() == Method::POST {
            let json: (HeaderName, HeaderValue) =
                (CONTENT_TYPE, HeaderValue::from_static("application/json"));
            request.headers_mut().extend([json]);
        }
        let answer = self.asking.ask(&request).await?;
        Ok(is_found(&answer, question)?.then_some(answer))
    }

    /// v0: the one call there is.
    async fn value(&self, key: &KeyValue) -> Result<Option<Profile>, ProviderError> {
        let pair = (&*key.key, key.value.expose());
        let mut url = self.index_url.clone();
        let (method, body) = if self.api == Api::V0Post {
            let body = serde_json::to_vec(&wire::question(pair.0, pair.1)).map_err(|_| {
                ProviderError::BadAnswer { reason: "the request cannot be written" }
            })?;
            (Method::POST, body.into())
        } else {
            url.set_query(Some(&query([pair])));
            (Method::GET, Bytes::new())
        };
        let answer = self.ask(method, &url, body, Question::Value(&key.key)).await?;
        let Some(answer) = answer else { return Ok(None) };
        Ok(Some(Profile { id: id_of(key), attributes: wire::value(&answer.body)? }))
    }

    /// v2: the profiles with this attribute, of which one is enough.
    async fn first(&self, key: &KeyValue) -> Result<Option<Profile>, ProviderError> {
        let mut url = self.index_url.clone();
        url.set_path(&format!("{}/profiles", url.path()));
        let filter = format!("filter[{}]", key.key);
        url.set_query(Some(&query([(filter.as_str(), key.value.expose()), ("limit", "1")])));
        let answer = self.ask(Method::GET, &url, Bytes::new(), Question::List(&key.key)).await?;
        answer.map_or(Ok(None), |answer| wire::first(&answer.body))
    }

    /// v2: a profile by its id.
    async fn by_id(&self, id: &ProfileId) -> Result<Option<Profile>, ProviderError> {
        let mut url = self.index_url.clone();
        url.path_segments_mut()
            .map_err(|()| ProviderError::Unreachable { reason: "the base URL has no path".into() })?
            .extend(["profiles", id.expose()]);
        let answer = self.ask(Method::GET, &url, Bytes::new(), Question::Profile).await?;
        answer.map(|answer| wire::profile(&answer.body)).transpose()
    }
}

#[async_trait]
impl ProfileProvider for AmperityIndex {
    async fn look_up(&self, key: &KeyValue) -> Result<Option<Profile>, ProviderError> {
        match self.api {
            Api::V0Get | Api::V0Post => self.value(key).await,
            Api::V2 => self.first(key).await,
        }
    }

    async fn profile(&self, id: &ProfileId) -> Result<Option<Profile>, ProviderError> {
        if self.api == Api::V2 {
            return self.by_id(id).await;
        }
        match key_of(id) {
            Some(key) => self.value(&key).await,
            None => Ok(None),
        }
    }

    fn identity(&self) -> String {
        self.identity.clone()
    }

    fn quota(&self) -> Quota {
        self.asking.quota()
    }

    fn tokens(&self) -> Vec<TokenStatus> {
        self.asking.tokens()
    }
}
