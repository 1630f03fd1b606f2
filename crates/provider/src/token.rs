//! The `TokenSource` port: the credential for the next call.

use async_trait::async_trait;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// Why there is no credential.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct TokenError {
    /// What failed, without the token.
    pub reason: String,
}

/// Gives the credential for the next call.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that is valid now, as far as the source can know.
    async fn token(&self) -> Result<SecretString, TokenError>;
}

/// A token that the owner configured.
#[derive(Debug, Clone)]
pub(crate) struct StaticToken(SecretString);

impl StaticToken {
    /// Keeps the token for as long as the integration lives.
    pub(crate) fn new(token: SecretString) -> Self {
        Self(token)
    }
}

#[async_trait]
impl TokenSource for StaticToken {
    async fn token(&self) -> Result<SecretString, TokenError> {
        Ok(self.0.clone())
    }
}

/// The value of an `Authorization` header, which nothing below shows in a log.
pub(crate) fn bearer(token: &SecretString) -> Result<HeaderValue, TokenError> {
    sensitive(&format!("Bearer {}", token.expose_secret()))
}

/// A header's value that is a credential, which nothing below shows in a log.
pub(crate) fn sensitive(value: &str) -> Result<HeaderValue, TokenError> {
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| TokenError { reason: "the token has characters no header can".into() })?;
    value.set_sensitive(true);
    Ok(value)
}
