//! The calls: look up by key, read by id.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datafly_core::linking_key::KeyValue;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, Request};
use secrecy::ExposeSecret;
use url::Url;

use super::config::Config;
use super::wire::{self, LookupRequest};
use super::{error, token};
use crate::http;
use crate::profile::{Profile, ProfileId, ProfileProvider, ProviderError};
use crate::token::{TokenError, TokenSource};

/// How long one call may take. Amperity documents a 95th percentile under 100 ms for its profile
/// reads; ten times that is an answer nobody waits for any more.
const DEADLINE: Duration = Duration::from_secs(1);

/// Longest profile that is read. Profiles are a few kilobytes; this leaves room for long lists.
const MAX_PROFILE_BYTES: usize = 1024 * 1024;

/// Reads profiles of one collection.
pub struct AmperityProfiles {
    client: Client,
    base_url: Url,
    tenant_id: HeaderValue,
    collection_id: String,
    tokens: Arc<dyn TokenSource>,
}

impl AmperityProfiles {
    /// The provider of an integration, or `None` where the owner configured no profile look-ups.
    ///
    /// # Errors
    /// When the tenant id cannot be sent as a header.
    pub fn new(client: Client, config: &Config) -> Result<Option<Self>, super::ConfigError> {
        let Some(profiles) = &config.profiles else {
            return Ok(None);
        };
        let tenant_id =
            HeaderValue::from_str(&config.tenant_id).map_err(|_| super::ConfigError::TenantId)?;
        Ok(Some(Self {
            client,
            base_url: config.base_url.clone(),
            tenant_id,
            collection_id: profiles.collection_id.clone(),
            tokens: token::for_profiles(profiles),
        }))
    }

    /// `{base}prof/{segments…}`, each segment percent-encoded.
    fn url(&self, segments: &[&str]) -> Result<Url, ProviderError> {
        let mut url = self.base_url.clone();
        url.path_segments_mut()
            .map_err(|()| ProviderError::Unreachable { reason: "the base URL has no path".into() })?
            .pop_if_empty()
            .push("prof")
            .extend(segments);
        Ok(url)
    }

    async fn call(
        &self,
        mut request: Request,
        linking_key: Option<&str>,
    ) -> Result<Option<Profile>, ProviderError> {
        let token = self.tokens.token().await?;
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
            .map_err(|_| TokenError { reason: "the token has characters no header can".into() })?;
        authorization.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, authorization);
        request.headers_mut().insert("amperity-tenant", self.tenant_id.clone());

        let answer = http::send(&self.client, request, DEADLINE, MAX_PROFILE_BYTES).await?;
        if let Some(error) = error::of_answer(&answer, linking_key) {
            return Err(error);
        }
        if answer.status == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        wire::profile(&answer.body).map(Some)
    }
}

#[async_trait]
impl ProfileProvider for AmperityProfiles {
    async fn look_up(&self, key: &KeyValue) -> Result<Option<Profile>, ProviderError> {
        let url = self.url(&["lookup", &self.collection_id, "keychain"])?;
        let mut request = Request::new(Method::POST, url);
        let body = serde_json::to_vec(&LookupRequest::of(&key.key, key.value.expose()))
            .map_err(|_| ProviderError::BadAnswer { reason: "the request cannot be written" })?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(body.into());
        self.call(request, Some(&key.key)).await
    }

    async fn profile(&self, id: &ProfileId) -> Result<Option<Profile>, ProviderError> {
        let url = self.url(&["profiles", &self.collection_id, id.expose()])?;
        self.call(Request::new(Method::GET, url), None).await
    }
}
