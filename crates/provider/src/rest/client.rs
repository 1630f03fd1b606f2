//! The declared call.

use async_trait::async_trait;
use bytes::Bytes;
use datafly_core::linking_key::KeyValue;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Method, Request};

use super::config::Config;
use super::{error, token, wire};
use crate::profile::{
    Asking, Profile, ProfileId, ProfileProvider, ProviderError, Quota, id_of, key_of,
};
use crate::surroundings::Surroundings;
use crate::token::TokenStatus;

/// Asks a vendor as its owner declares.
pub struct Rest {
    asking: Asking,
    config: Config,
}

impl Rest {
    /// The provider of an integration.
    pub fn new(around: &Surroundings, config: &Config) -> Self {
        let credential = config.auth.as_ref().map(|auth| token::credential(auth, around));
        let asking = Asking::new(around, config.quota(), config.deadline, credential);
        Self { asking, config: config.clone() }
    }

    /// The request; `None` for a value that the URL cannot carry where the owner has put it.
    fn request(&self, key: &KeyValue) -> Result<Option<Request<Bytes>>, ProviderError> {
        let Config { url, reach, body, headers, .. } = &self.config;
        let (key, value) = (&*key.key, key.value.expose());
        let Some(url) = url.of(key, value) else { return Ok(None) };
        let unusable =
            |_| ProviderError::Unreachable { reason: "the URL cannot be used".to_owned() };
        let mut request = Request::get(url.as_str()).body(Bytes::new()).map_err(unusable)?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json.clone());
        if let Some(body) = body {
            *request.method_mut() = Method::POST;
            *request.body_mut() = body.of(key, value).to_string().into();
            request.headers_mut().insert(CONTENT_TYPE, json);
        }
        // The owner's may replace what is accepted.
        for (name, value) in headers {
            request.headers_mut().insert(name, value.clone());
        }
        request.extensions_mut().insert(*reach);
        Ok(Some(request))
    }
}

#[async_trait]
impl ProfileProvider for Rest {
    async fn look_up(&self, key: &KeyValue) -> Result<Option<Profile>, ProviderError> {
        let Some(request) = self.request(key)? else { return Ok(None) };
        let answer = self.asking.ask(&request).await?;
        if self.config.not_found.contains(&answer.status) {
            return Ok(None);
        }
        let is_proven = self.config.auth.is_some();
        if let Some(error) = error::of_answer(&answer, &key.key, is_proven) {
            return Err(error);
        }
        let attributes = wire::attributes(&answer.body, &self.config.attributes)?;
        Ok(attributes.map(|attributes| Profile { id: id_of(key), attributes }))
    }

    async fn profile(&self, id: &ProfileId) -> Result<Option<Profile>, ProviderError> {
        match key_of(id) {
            Some(key) => self.look_up(&key).await,
            None => Ok(None),
        }
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
