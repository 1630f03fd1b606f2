//! Tokens of the two APIs: created for named resources and some minutes, and widened when a call needs a resource
//! that the token lacks.
//!
//! The answer says nothing of an expiry, so it is counted from before the request was sent, and an update is not
//! taken to prolong it: the seed says that it extends the scope. Whether an update keeps the token's text or
//! answers another is the vendor's business; what it answers is used from then on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

use super::config::{Config, OAUTH_KEY_SECRET, RESOURCES, TENANT_HASH, Tenant};
use super::wire::{self, Create, Update};
use super::{NAME, TENANT_HASH_HEADER};
use crate::http::{self as vendor_http, Answer, Transport};
use crate::surroundings::Surroundings;
use crate::token::{Asked, Grant, Issued, Issuer, Margin, TokenError, TokenSource};

/// Carries the secret of tenants that have B2B OAuth on.
const OAUTH_KEY_SECRET_HEADER: HeaderName = HeaderName::from_static("oauth_key_secret");

/// Three minutes of the default fifteen.
pub(super) const MARGIN: Margin =
    Margin { part: 5, least: Duration::from_secs(30), most: Duration::from_mins(10) };

/// How long a request for a token may take: a page may be waiting behind it.
const DEADLINE: Duration = Duration::from_secs(1);

/// A token is a line of text.
const MAX_BYTES: usize = 16 * 1024;

/// Which API a token is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Api {
    /// Customer profiles.
    Profile,
    /// GDPR requests.
    Gdpr,
}

impl Api {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Gdpr => "gdpr",
        }
    }
}

/// The tokens for an API of the tenant's at that address, the same ones after a reload. Where the owner wants other
/// resources they are other ones: a source asks for all that was ever needed of it, and one resource that the tenant
/// does not have would keep it from the others for good.
pub(super) fn source(
    api: Api,
    base_url: &Url,
    config: &Config,
    around: &Surroundings,
) -> Arc<dyn TokenSource> {
    let Config { tenant, token_minutes, resources, .. } = config;
    let identity = format!(
        "{NAME} {} {base_url} {token_minutes} {} {}",
        api.as_str(),
        resources.join(" "),
        digest(tenant),
    );
    around.tokens.of(identity, || {
        let issuer = TokenApi {
            transport: Arc::clone(&around.transport),
            api,
            base_url: base_url.clone(),
            tenant: tenant.clone(),
            minutes: *token_minutes,
        };
        Arc::new(Issued::new(TENANT_HASH, issuer, MARGIN, Arc::clone(&around.clock)))
    })
}

/// Tells one tenant's secrets from another's, and shows neither.
fn digest(Tenant { hash, oauth_key_secret }: &Tenant) -> String {
    let mut digest = Sha256::new();
    digest.update(hash.as_bytes());
    // No header's value holds one.
    digest.update(b"\n");
    digest.update(oauth_key_secret.as_ref().map_or(&[][..], HeaderValue::as_bytes));
    HEXLOWER.encode(&digest.finalize())
}

/// `{base}secureApi/token/{profile|gdpr}/{create|update}`.
struct TokenApi {
    transport: Arc<dyn Transport>,
    api: Api,
    base_url: Url,
    tenant: Tenant,
    minutes: u32,
}

#[async_trait]
impl Issuer for TokenApi {
    async fn issue(&self, asked: &Asked) -> Result<Grant, TokenError> {
        if let Some((token, end)) = &asked.to_widen
            && let Some(widened) = self.widen(asked, token, *end).await?
        {
            return Ok(widened);
        }
        self.create(asked).await
    }
}

impl TokenApi {
    async fn create(&self, asked: &Asked) -> Result<Grant, TokenError> {
        let body = Create { resource: &asked.scopes, validity: self.minutes };
        let answer = self.ask("create", wire::body(&body)?).await?;
        if let Some(error) = of_answer(&answer) {
            return Err(error);
        }
        let life = SignedDuration::from_mins(self.minutes.into());
        grant(&answer, asked.now + life, &asked.scopes)
    }

    /// The same token with more resources, or `None` where only a new one helps: the vendor may have dropped it.
    async fn widen(
        &self,
        asked: &Asked,
        token: &SecretString,
        end: Timestamp,
    ) -> Result<Option<Grant>, TokenError> {
        let body = Update { resource: &asked.scopes, token: token.expose_secret() };
        let answer = self.ask("update", wire::body(&body)?).await?;
        if answer.status.is_client_error() && answer.status != StatusCode::TOO_MANY_REQUESTS {
            return Ok(None);
        }
        if let Some(error) = of_answer(&answer) {
            return Err(error);
        }
        Ok(grant(&answer, end, &asked.scopes).ok())
    }

    async fn ask(&self, what: &str, body: Bytes) -> Result<Answer, TokenError> {
        let url = format!("{}secureApi/token/{}/{what}", self.base_url, self.api.as_str());
        let mut request = Request::post(url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(TENANT_HASH_HEADER, self.tenant.hash.clone());
        if let Some(secret) = &self.tenant.oauth_key_secret {
            request = request.header(OAUTH_KEY_SECRET_HEADER, secret.clone());
        }
        let request = request.body(body).map_err(|_| unavailable("the URL cannot be used"))?;
        let sent = vendor_http::send(&*self.transport, request, DEADLINE, MAX_BYTES);
        sent.await.map_err(|error| unavailable(&error.to_string()))
    }
}

fn grant(
    answer: &Answer,
    expires_at: Timestamp,
    scopes: &BTreeSet<String>,
) -> Result<Grant, TokenError> {
    let secret = wire::token(&answer.body)
        .ok_or_else(|| unavailable("the issuer's answer holds no token"))?;
    Ok(Grant { secret, expires_at, scopes: Some(scopes.clone()) })
}

fn of_answer(answer: &Answer) -> Option<TokenError> {
    let status = answer.status;
    let refused = |key, advice: &str| TokenError::Refused {
        key,
        reason: format!("the issuer answered status {}: {advice}", status.as_u16()),
    };
    match status {
        StatusCode::OK => None,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            let advice = format!(
                "compare it, and `{OAUTH_KEY_SECRET}` where the tenant has B2B OAuth on, with what Algonomy's \
                 support gave you"
            );
            Some(refused(TENANT_HASH, &advice))
        }
        StatusCode::BAD_REQUEST => {
            Some(refused(RESOURCES, "one of them may be no resource, or none that the tenant has"))
        }
        status => Some(unavailable(&format!("the issuer answered status {}", status.as_u16()))),
    }
}

fn unavailable(reason: &str) -> TokenError {
    TokenError::Unavailable { reason: reason.to_owned() }
}
