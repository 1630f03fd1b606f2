//! The GDPR API: a request is registered, runs at the vendor's next midnight and takes a day or two, and can be
//! revoked while it is pending (domain facts 3.3). Its tokens are its own.

mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use datafly_core::id::Identifier;
use datafly_core::linking_key::{Identifiers, LinkingKeys};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Request};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use self::wire::Action;
use super::config::Config;
use super::token::{self, Api};
use super::{ACCESS_TOKEN_HEADER, TENANT_HASH_HEADER, error, identifier_header};
use crate::erasure::{Erasure, Progress, Registration, Subject, SubjectKey, TrackingId, Wish};
use crate::http::{self as vendor_http, Answer, Transport};
use crate::profile::ProviderError;
use crate::surroundings::Surroundings;
use crate::token::{Token, TokenSource, authorised, sensitive};

/// How long one request may take. Nobody waits for a page's first paint here.
const DEADLINE: Duration = Duration::from_secs(5);

/// Longest answer that is read.
const MAX_BYTES: usize = 64 * 1024;

/// Carries the identifier, which is why it is in no address and no body.
const IDENTIFIER_HEADER: HeaderName = HeaderName::from_static("reqparamvalue");

/// Carries what the address says as well: the documentation has it in both.
const TRACKING_ID_HEADER: HeaderName = HeaderName::from_static("trackingid");

/// Resources of its tokens, and the last part of the addresses.
const REGISTER: &str = "registerGdprRequest";
const STATUS: &str = "gdprRequestStatus";
const REVOKE: &str = "revokeGdprActions";

/// What a linking key's identifier is called by this API, `None` where it is not taken.
pub(super) fn parameter_of(linking_key: &str) -> Option<SubjectKey> {
    match linking_key {
        "gcrId" => Some(SubjectKey::ProfileId),
        "email_address" => Some(SubjectKey::Email),
        "mobile_number" => Some(SubjectKey::Phone),
        _ => None,
    }
}

/// Registers requests at one tenant.
pub struct AlgonomyErasure {
    transport: Arc<dyn Transport>,
    base_url: Url,
    tenant_hash: HeaderValue,
    linking_keys: LinkingKeys,
    tokens: Arc<dyn TokenSource>,
}

impl AlgonomyErasure {
    /// The GDPR side of an integration, or `None` where the owner configured none.
    pub fn new(around: &Surroundings, config: &Config) -> Option<Self> {
        let base_url = config.gdpr_url.as_ref()?;
        Some(Self {
            transport: Arc::clone(&around.transport),
            base_url: base_url.clone(),
            tenant_hash: config.tenant.hash.clone(),
            linking_keys: config.lookups.linking_keys.clone(),
            tokens: token::source(Api::Gdpr, base_url, config, around),
        })
    }

    /// An action on a person's request, with what the vendor says; `None` where it knows nobody.
    async fn act(
        &self,
        resource: &str,
        wish: Wish,
        Subject { key, value }: &Subject,
    ) -> Result<Option<Value>, ProviderError> {
        let Some(identifier) = identifier_header(value.expose()) else { return Ok(None) };
        let body = wire::body(&Action::new(wish, *key))?;
        let request = Request::post(self.url(resource))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(IDENTIFIER_HEADER, identifier);
        self.call(resource, request, body).await
    }

    async fn call(
        &self,
        resource: &str,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<Option<Value>, ProviderError> {
        let request = request.body(body).map_err(|_| ProviderError::Unreachable {
            reason: "the URL cannot be used".to_owned(),
        })?;
        let send = |token| self.send(request.clone(), token);
        let is_refused = error::may_be_the_token_s;
        let answer = authorised(&*self.tokens, resource, send, is_refused).await?;
        error::data(&answer)
    }

    async fn send(
        &self,
        mut request: Request<Bytes>,
        token: Token,
    ) -> Result<Answer, ProviderError> {
        let headers = request.headers_mut();
        headers.insert(ACCESS_TOKEN_HEADER, sensitive(token.secret().expose_secret())?);
        headers.insert(TENANT_HASH_HEADER, self.tenant_hash.clone());
        Ok(vendor_http::send(&*self.transport, request, DEADLINE, MAX_BYTES).await?)
    }

    fn url(&self, resource: &str) -> String {
        format!("{}api/v1/gdpr/b2b/{resource}", self.base_url)
    }

    /// Whom the vendor can be asked about, by the linking keys. Each identifier is asked about, since each may be
    /// all that one of the vendor's records knows; but no kind of identifier twice.
    fn subjects(&self, who: &Identifiers) -> Vec<Subject> {
        let mut subjects = Vec::<Subject>::new();
        for linking_key in self.linking_keys.values_of(who) {
            let Some(key) = parameter_of(&linking_key.key) else { continue };
            let subject = Subject { key, value: Identifier::clone(&linking_key.value) };
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
        subjects
    }
}

#[async_trait]
impl Erasure for AlgonomyErasure {
    async fn register(&self, wish: Wish, subject: &Subject) -> Result<Registration, ProviderError> {
        let data = self.act(REGISTER, wish, subject).await?;
        let registered = |data: Value| Registration::Registered(wire::tracking_id(&data));
        Ok(data.map_or(Registration::Nobody, registered))
    }

    async fn progress(&self, id: &TrackingId) -> Result<Option<Progress>, ProviderError> {
        let request = Request::post(format!("{}?trackingId={id}", self.url(STATUS)))
            .header(TRACKING_ID_HEADER, id.as_str());
        let data = self.call(STATUS, request, Bytes::new()).await?;
        data.map(|data| wire::progress(data, id)).transpose()
    }

    async fn revoke(&self, wish: Wish, subject: &Subject) -> Result<bool, ProviderError> {
        Ok(self.act(REVOKE, wish, subject).await?.is_some())
    }

    async fn forget(&self, who: &Identifiers) -> Result<usize, ProviderError> {
        let mut registered = 0;
        for subject in self.subjects(who) {
            let outcome = self.register(Wish::Forget, &subject).await?;
            registered += usize::from(outcome != Registration::Nobody);
        }
        Ok(registered)
    }
}
