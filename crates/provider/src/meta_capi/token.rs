//! The access token, in the `Authorization` header: Meta also takes it in the query, where it would end up in
//! access logs.

use http::HeaderValue;
use secrecy::SecretString;

use crate::token::{TokenError, bearer};

/// Configuration key of the credential that writes events.
pub(super) const ACCESS_TOKEN: &str = "access_token";

/// The value of the `Authorization` header.
pub(super) fn authorization(token: &SecretString) -> Result<HeaderValue, TokenError> {
    bearer(token)
}
