//! The access token, in TikTok's own `Access-Token` header.

use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::token::{TokenError, sensitive};

/// Configuration key of the credential that writes events.
pub(super) const ACCESS_TOKEN: &str = "access_token";

/// Carries the token.
pub(super) const HEADER: HeaderName = HeaderName::from_static("access-token");

/// The header's value.
pub(super) fn header(token: &SecretString) -> Result<HeaderValue, TokenError> {
    sensitive(token.expose_secret())
}
