//! Access tokens by the assertion flow (RFC 7523, as the seed describes it).
//!
//! The assertion is a file that a person downloads from Ansira's portal, which invalidates every token issued before.
//! It is read anew for each token, so that whoever puts a new file there has done everything: the next 403 brings a
//! token of the new assertion. A token's life counts from its issue, so it is reckoned from before the request.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use datafly_core::secret::SecretRef;
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::NAME;
use super::config::Config;
use super::wire::{TokenRefusal, TokenResponse};
use crate::http::{self as vendor_http, Transport};
use crate::profile::{Credential, Scheme, basic};
use crate::surroundings::{Secrets, Surroundings};
use crate::token::{
    Asked, Grant, Issued, Issuer, Margin, TokenError, TokenKind, TokenSource, TokenStatus, expiry,
};

/// Configuration key of the assertion.
pub(super) const ASSERTION_FILE: &str = "assertion_file";

/// Configuration key of the client's secret.
pub(super) const CLIENT_SECRET: &str = "client_secret";

/// Configuration key of what the endpoint needs.
pub(super) const SCOPES: &str = "scopes";

/// The grant of RFC 7523, 2.1.
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A token that lives five minutes, as Ansira recommends, is renewed a minute before its end.
const MARGIN: Margin =
    Margin { part: 5, least: Duration::from_secs(30), most: Duration::from_hours(1) };

/// How long a request for a token may take. Look-ups do not wait that long; the token is there for the next.
const DEADLINE: Duration = Duration::from_secs(10);

/// Longest answer of the token endpoint.
const MAX_BYTES: usize = 64 * 1024;

/// The credential for the listing. Integrations of one API client with the same scopes share its tokens.
pub(super) fn credential(config: &Config, around: &Surroundings) -> Credential {
    let flow = AssertionFlow {
        transport: Arc::clone(&around.transport),
        secrets: Arc::clone(&around.secrets),
        config: config.clone(),
    };
    let scope = flow.scope();
    let clock = Arc::clone(&around.clock);
    let make =
        || Arc::new(Issued::new(ASSERTION_FILE, flow, MARGIN, clock)) as Arc<dyn TokenSource>;
    let tokens = around.tokens.of(identity(config), make);
    Credential { tokens, scope, scheme: Scheme::Bearer, refused: StatusCode::FORBIDDEN }
}

fn identity(config: &Config) -> String {
    let Config { token_url, client_id, client_secret, assertion_file, .. } = config;
    let secret = HEXLOWER.encode(&Sha256::digest(client_secret.expose_secret().as_bytes()));
    let scopes = config.scopes.join(&config.scope_separator);
    format!("{NAME}\n{token_url}\n{client_id}\n{secret}\n{assertion_file}\n{scopes}")
}

struct AssertionFlow {
    transport: Arc<dyn Transport>,
    secrets: Secrets,
    config: Config,
}

impl AssertionFlow {
    /// All that a token is asked for, as one text.
    fn scope(&self) -> String {
        self.config.scopes.join(&self.config.scope_separator)
    }

    fn assertion(&self) -> Result<SecretString, TokenError> {
        let file = SecretRef::File(self.config.assertion_file.clone());
        (self.secrets)(&file).map_err(|error| TokenError::Refused {
            key: ASSERTION_FILE,
            reason: format!("{error}: download an assertion from Ansira's portal to there"),
        })
    }

    fn request(&self, assertion: &SecretString) -> Result<Request<Bytes>, TokenError> {
        let Config { token_url, client_id, client_secret, .. } = &self.config;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", GRANT_TYPE)
            .append_pair("scope", &self.scope())
            .append_pair("assertion", assertion.expose_secret())
            .finish();
        Request::post(token_url.as_str())
            .header(AUTHORIZATION, basic(client_id, client_secret)?)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .header(CACHE_CONTROL, "no-cache")
            .header(CONTENT_LENGTH, HeaderValue::from(form.len()))
            .body(form.into())
            .map_err(|_| unavailable("the URL cannot be used"))
    }

    /// What the token serves: everything, or nothing of what was asked for.
    fn granted(&self, response: &TokenResponse) -> Option<BTreeSet<String>> {
        let granted = response.scopes()?;
        let is_whole = self.config.scopes.iter().all(|scope| granted.contains(scope.as_str()));
        Some(is_whole.then(|| self.scope()).into_iter().collect())
    }
}

#[async_trait]
impl Issuer for AssertionFlow {
    async fn issue(&self, asked: &Asked) -> Result<Grant, TokenError> {
        let request = self.request(&self.assertion()?)?;
        let answer = vendor_http::send(&*self.transport, request, DEADLINE, MAX_BYTES)
            .await
            .map_err(|error| unavailable(&error.to_string()))?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => {
                return Err(refusal(answer.status, &answer.body));
            }
            status => return Err(unavailable(&format!("the issuer answered status {status}"))),
        }
        let response: TokenResponse = serde_json::from_slice(&answer.body).map_err(|_| {
            unavailable("the issuer's answer has no `access_token` with its `expires_in`")
        })?;
        let life = SignedDuration::from_secs(response.expires_in.into());
        let expires_at = asked.now.checked_add(life);
        let expires_at = expires_at.map_err(|_| unavailable("`expires_in` is no time"))?;
        let scopes = self.granted(&response);
        Ok(Grant { secret: response.secret(), expires_at, scopes })
    }

    fn status(&self) -> Vec<TokenStatus> {
        let expires_at = self.assertion().ok().as_ref().and_then(expiry);
        let assertion = TokenStatus {
            key: ASSERTION_FILE.to_owned(),
            kind: TokenKind::Issuing,
            expires_at,
            issued: 0,
            failed: 0,
            refused: 0,
        };
        vec![assertion]
    }
}

/// What a refusal means, and which key mends it (RFC 6749, 5.2; RFC 7523, 3.1).
fn refusal(status: StatusCode, body: &[u8]) -> TokenError {
    let refusal: Option<TokenRefusal> = serde_json::from_slice(body).ok();
    let (key, reason) = match refusal.as_ref().map(|refusal| &*refusal.error) {
        Some("invalid_grant") => (
            ASSERTION_FILE,
            "it has expired, or a newer one was generated: download an assertion from Ansira's portal to there",
        ),
        Some("invalid_client" | "unauthorized_client") => (
            CLIENT_SECRET,
            "it is not the secret of `client_id`: generate a new one in Ansira's portal",
        ),
        Some("invalid_scope") => {
            (SCOPES, "the API client has not all of them: write those that it was set up with")
        }
        _ => return unavailable(&format!("the issuer answered status {status}")),
    };
    TokenError::Refused { key, reason: reason.to_owned() }
}

fn unavailable(reason: &str) -> TokenError {
    TokenError::Unavailable { reason: reason.to_owned() }
}
