//! The expiry that a JWT states. Nothing is verified: the token is ours to use, not to judge.

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

#[derive(Deserialize)]
struct Claims {
    exp: serde_json::Number,
}

/// When the token expires, if it is a JWT that says so (RFC 7519, 4.1.4: seconds, perhaps with a fraction).
pub(crate) fn expiry(token: &SecretString) -> Option<Timestamp> {
    let mut parts = token.expose_secret().split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = BASE64URL_NOPAD.decode(claims.trim_end_matches('=').as_bytes()).ok()?;
    let Claims { exp } = serde_json::from_slice(&claims).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "a timestamp has a range of its own")]
    let seconds = exp.as_i64().or_else(|| exp.as_f64().map(|seconds| seconds as i64))?;
    Timestamp::from_second(seconds).ok()
}
