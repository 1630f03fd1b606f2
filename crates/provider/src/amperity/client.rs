//! The calls: look up by key, read by id.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use datafly_core::attributes::Attributes;
use datafly_core::context::ContextValues;
use datafly_core::linking_key::KeyValue;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use url::Url;

use super::config::Config;
use super::error::Question;
use super::token::{PROFILE_SCOPE, PROFILES};
use super::wire::{self, LookupRequest};
use super::{TENANT_HEADER, error, token};
use crate::http::Answer;
use crate::profile::{
    Asking, Credential, Profile, ProfileId, ProfileProvider, ProviderError, Quota, Scheme,
};
use crate::surroundings::Surroundings;
use crate::token::TokenStatus;

/// How long one call may take. Amperity documents a 95th percentile under 100 ms for its profile
/// reads; ten times that is an answer nobody waits for any more.
const DEADLINE: Duration = Duration::from_secs(1);

/// Reads profiles of one collection.
pub struct AmperityProfiles {
    asking: Asking,
    base_url: Url,
    tenant: String,
    tenant_header: HeaderValue,
    collection_id: String,
    personalises: bool,
    /// The configuration key of what it authenticates with.
    credential_key: &'static str,
}

impl AmperityProfiles {
    /// The provider of an integration, or `None` where the owner configured no profile look-ups.
    pub fn new(around: &Surroundings, config: &Config) -> Option<Self> {
        let profiles = config.profiles.as_ref()?;
        let credential = Credential {
            tokens: token::source(&PROFILES, &profiles.credential, config, around),
            scope: PROFILE_SCOPE.to_owned(),
            scheme: Scheme::Bearer,
            refused: StatusCode::UNAUTHORIZED,
        };
        Some(Self {
            asking: Asking::new(around, config.quota(), DEADLINE, Some(credential)),
            base_url: config.base_url.clone(),
            tenant: config.tenant_id.clone(),
            tenant_header: config.tenant_header.clone(),
            collection_id: profiles.collection_id.clone(),
            personalises: !config.lookups.context.is_empty(),
            credential_key: profiles.credential.key(&PROFILES),
        })
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

    fn profile_url(&self, id: &ProfileId) -> Result<Url, ProviderError> {
        self.url(&["profiles", &self.collection_id, id.expose()])
    }

    /// How context reaches the vendor: as query parameters of the profile read, named as the mappings say.
    /// No document of Amperity's says how (domain facts 2.4), so it is in this one function, and off unless
    /// the owner switches it on.
    fn personalised_url(
        &self,
        id: &ProfileId,
        context: &ContextValues,
    ) -> Result<Url, ProviderError> {
        let mut url = self.profile_url(id)?;
        for (name, value) in context.iter() {
            url.query_pairs_mut().append_pair(name, &value.to_string());
        }
        Ok(url)
    }

    async fn read(
        &self,
        url: Url,
        question: Question<'_>,
    ) -> Result<Option<Profile>, ProviderError> {
        self.call(request(Method::GET, &url, Bytes::new())?, question).await
    }

    async fn call(
        &self,
        request: Request<Bytes>,
        question: Question<'_>,
    ) -> Result<Option<Profile>, ProviderError> {
        let answer = self.answer(request, question).await?;
        answer.map(|answer| wire::profile(&answer.body)).transpose()
    }

    /// The answer, or `None` where it is 404.
    async fn answer(
        &self,
        mut request: Request<Bytes>,
        question: Question<'_>,
    ) -> Result<Option<Answer>, ProviderError> {
        request.headers_mut().insert(TENANT_HEADER, self.tenant_header.clone());
        let answer = self.asking.ask(&request).await?;
        if let Some(error) = error::of_answer(&answer, question, self.credential_key) {
            return Err(error);
        }
        Ok(Some(answer).filter(|answer| answer.status != StatusCode::NOT_FOUND))
    }

    /// Whether the tenant has the collection at all, by its statistics.
    pub(super) async fn has_collection(&self) -> Result<bool, ProviderError> {
        let url = self.url(&["collections", &self.collection_id, "stats"])?;
        let request = request(Method::GET, &url, Bytes::new())?;
        Ok(self.answer(request, Question::Profile).await?.is_some())
    }
}

fn request(method: Method, url: &Url, body: Bytes) -> Result<Request<Bytes>, ProviderError> {
    let request = Request::builder().method(method).uri(url.as_str()).body(body);
    request.map_err(|_| ProviderError::Unreachable { reason: "the URL cannot be used".into() })
}

#[async_trait]
impl ProfileProvider for AmperityProfiles {
    async fn look_up(&self, key: &KeyValue) -> Result<Option<Profile>, ProviderError> {
        let url = self.url(&["lookup", &self.collection_id, "keychain"])?;
        let body = serde_json::to_vec(&LookupRequest::of(&key.key, key.value.expose()))
            .map_err(|_| ProviderError::BadAnswer { reason: "the request cannot be written" })?;
        let mut request = request(Method::POST, &url, body.into())?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.call(request, Question::LookUp(&key.key)).await
    }

    async fn profile(&self, id: &ProfileId) -> Result<Option<Profile>, ProviderError> {
        self.read(self.profile_url(id)?, Question::Profile).await
    }

    async fn personalised(
        &self,
        id: &ProfileId,
        context: &ContextValues,
    ) -> Result<Option<Attributes>, ProviderError> {
        if !self.personalises || context.is_empty() {
            return Ok(Some(Attributes::new()));
        }
        let profile =
            self.read(self.personalised_url(id, context)?, Question::Personalised).await?;
        Ok(profile.map(|profile| profile.attributes))
    }

    fn identity(&self) -> String {
        format!("amperity {} {} {}", self.base_url, self.tenant, self.collection_id)
    }

    fn quota(&self) -> Quota {
        self.asking.quota()
    }

    fn tokens(&self) -> Vec<TokenStatus> {
        self.asking.tokens()
    }
}
