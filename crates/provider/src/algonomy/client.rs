//! The calls: a profile is its `basic` resource, and what else the owner wants of it under the resource's name.
//!
//! A profile's id is the linking key and the value that led to it: no document says which of the ids in an answer
//! could be asked for again. So who is known by two keys has two ids, each good for a refresh.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use datafly_core::attributes::Attributes;
use datafly_core::context::ContextValues;
use datafly_core::linking_key::KeyValue;
use futures_util::future::try_join_all;
use http::{HeaderName, HeaderValue, Request};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::config::{BASIC, Config, IDENTIFIERS};
use super::token::{self, Api};
use super::{ACCESS_TOKEN_HEADER, NAME, TENANT_HASH_HEADER, error, identifier_header};
use crate::http::{self as vendor_http, Answer, HttpError, Transport};
use crate::profile::{Profile, ProfileId, ProfileProvider, ProviderError, Quota};
use crate::surroundings::{Surroundings, Turns};
use crate::token::{Token, TokenSource, TokenStatus, authorised_in_turn, sensitive};

/// How long one request may take.
const DEADLINE: Duration = Duration::from_secs(1);

/// How long all requests of a look-up may take, those for a token and the waits for a turn included.
const LOOK_UP_DEADLINE: Duration = Duration::from_secs(3);

/// Longest answer of a resource that is read.
const MAX_RESOURCE_BYTES: usize = 256 * 1024;

/// Between a linking key and its value in a profile's id. No name of a header has one.
const SEPARATOR: char = ':';

/// Reads customers of one tenant.
pub struct AlgonomyProfiles {
    transport: Arc<dyn Transport>,
    base_url: Url,
    tenant_hash: HeaderValue,
    resources: Vec<Arc<str>>,
    quota: Quota,
    /// See [`ProfileProvider::identity`].
    identity: String,
    tokens: Arc<dyn TokenSource>,
    turns: Turns,
}

impl AlgonomyProfiles {
    /// The provider of an integration.
    pub fn new(around: &Surroundings, config: &Config) -> Self {
        Self {
            transport: Arc::clone(&around.transport),
            base_url: config.profile_url.clone(),
            tenant_hash: config.tenant.hash.clone(),
            resources: config.resources.clone(),
            quota: config.quota(),
            identity: format!(
                "{NAME} {} {} {}",
                config.profile_url,
                config.tenant.name(),
                config.resources.join(" ")
            ),
            tokens: token::source(Api::Profile, &config.profile_url, config, around),
            turns: Arc::clone(&around.turns),
        }
    }

    /// Whoever the header names, in time.
    async fn read(&self, key: &str, value: &str) -> Result<Option<Profile>, ProviderError> {
        let read = tokio::time::timeout(LOOK_UP_DEADLINE, self.whole(key, value));
        read.await.unwrap_or(Err(ProviderError::Deadline))
    }

    /// Whoever the header names, with all resources.
    async fn whole(&self, key: &str, value: &str) -> Result<Option<Profile>, ProviderError> {
        let Some(name) = IDENTIFIERS.iter().find(|name| **name == key) else {
            return Err(ProviderError::KeyRefused { key: key.to_owned() });
        };
        let Some(identifier) = identifier_header(value) else { return Ok(None) };
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| ProviderError::KeyRefused { key: key.to_owned() })?;
        let who = (&name, &identifier);
        let Some(mut attributes) = self.basic(who).await? else { return Ok(None) };
        let others = self.resources.iter().filter(|resource| &***resource != BASIC);
        let others = others.map(|resource| async move {
            let data = self.resource(resource, who).await?;
            Ok::<_, ProviderError>(data.map(|data| (resource.to_string(), data)))
        });
        attributes.extend(try_join_all(others).await?.into_iter().flatten());
        let id = ProfileId::new(format!("{key}{SEPARATOR}{value}"));
        Ok(Some(Profile { id, attributes }))
    }

    /// The customer, whom an answer without any data does not know.
    async fn basic(
        &self,
        who: (&HeaderName, &HeaderValue),
    ) -> Result<Option<Attributes>, ProviderError> {
        match self.resource(BASIC, who).await? {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(attributes)) if attributes.is_empty() => Ok(None),
            Some(Value::Object(attributes)) => Ok(Some(attributes)),
            Some(_) => Err(ProviderError::BadAnswer { reason: "its `data` is no object" }),
        }
    }

    /// `POST {base}api/v1/profile/b2b/{resource}`, without a body; of what has pages the first.
    ///
    /// What is asked again waits for a turn first, the same as a whole look-up's, so that it is never too soon.
    async fn resource(
        &self,
        resource: &str,
        (name, identifier): (&HeaderName, &HeaderValue),
    ) -> Result<Option<Value>, ProviderError> {
        let url = format!("{}api/v1/profile/b2b/{resource}", self.base_url);
        let request = Request::post(url).header(name, identifier.clone()).body(Bytes::new());
        let request = request.map_err(|_| ProviderError::Unreachable {
            reason: "the URL cannot be used".to_owned(),
        })?;
        let send = |token| self.send(request.clone(), token);
        let turn = || (self.turns)(self.quota.clone());
        let is_refused = error::may_be_the_token_s;
        match authorised_in_turn(&*self.tokens, resource, turn, send, is_refused).await {
            // What else a profile has is not worth the profile.
            Err(ProviderError::BadAnswer { reason: TOO_LONG }) if resource != BASIC => Ok(None),
            answer => error::data(&answer?),
        }
    }

    async fn send(
        &self,
        mut request: Request<Bytes>,
        token: Token,
    ) -> Result<Answer, ProviderError> {
        let headers = request.headers_mut();
        headers.insert(ACCESS_TOKEN_HEADER, sensitive(token.secret().expose_secret())?);
        headers.insert(TENANT_HASH_HEADER, self.tenant_hash.clone());
        let sent = vendor_http::send(&*self.transport, request, DEADLINE, MAX_RESOURCE_BYTES);
        sent.await.map_err(|error| match error {
            HttpError::TooLong(_) => ProviderError::BadAnswer { reason: TOO_LONG },
            error => error.into(),
        })
    }
}

/// Why a resource is left out of a profile.
const TOO_LONG: &str = "it is longer than a resource of a profile may be";

#[async_trait]
impl ProfileProvider for AlgonomyProfiles {
    async fn look_up(&self, key: &KeyValue) -> Result<Option<Profile>, ProviderError> {
        self.read(&key.key, key.value.expose()).await
    }

    async fn profile(&self, id: &ProfileId) -> Result<Option<Profile>, ProviderError> {
        match id.expose().split_once(SEPARATOR) {
            Some((key, value)) if IDENTIFIERS.contains(&key) => self.read(key, value).await,
            _ => Ok(None),
        }
    }

    async fn personalised(
        &self,
        _id: &ProfileId,
        _context: &ContextValues,
    ) -> Result<Option<Attributes>, ProviderError> {
        Ok(Some(Attributes::new()))
    }

    fn identity(&self) -> String {
        self.identity.clone()
    }

    fn quota(&self) -> Quota {
        self.quota.clone()
    }

    fn tokens(&self) -> Vec<TokenStatus> {
        self.tokens.status()
    }
}
