//! Which pipeline a request is for: `key=` in the query, or what other people's clients call it there, else
//! `Authorization: Bearer`, else the user name of `Authorization: Basic`, else `X-Write-Key`, else `writeKey`
//! in the body.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderName, header};
use data_encoding::BASE64;
use serde::Deserialize;

use super::error::EdgeError;
use super::query::Query;

/// Where Jitsu's client has its key; in the body it writes asterisks instead.
const X_WRITE_KEY: HeaderName = HeaderName::from_static("x-write-key");

/// The pipeline's key, if the request carries one.
pub(super) fn of<'r>(
    query: &'r Query<'_>,
    headers: &'r HeaderMap,
) -> Result<Option<Cow<'r, str>>, EdgeError> {
    for name in ["key", "writeKey", "wk"] {
        if let Some(key) = query.parameter(name)? {
            return Ok(Some(key.into()));
        }
    }
    Ok(from_authorization(headers).or_else(|| from_write_key(headers)))
}

/// Whether it comes as code written for us sends it: no other client does.
pub(super) fn is_a_bearer_s(headers: &HeaderMap) -> bool {
    authorization(headers).is_some_and(|(scheme, _)| is_bearer(scheme))
}

/// The key in a body, if it has one.
pub(super) fn in_body(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Keyed {
        write_key: String,
    }
    serde_json::from_slice(body).ok().map(|Keyed { write_key }| write_key)
}

fn from_authorization(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let (scheme, value) = authorization(headers)?;
    if is_bearer(scheme) {
        return Some(value.into());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = String::from_utf8(BASE64.decode(value.as_bytes()).ok()?).ok()?;
        return decoded.split(':').next().map(|user| user.to_owned().into());
    }
    None
}

/// Jitsu's client takes no key without a colon: what follows it is nothing to us.
fn from_write_key(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let value = headers.get(X_WRITE_KEY)?.to_str().ok()?;
    value.split(':').next().map(Cow::from)
}

/// Scheme and value.
fn authorization(headers: &HeaderMap) -> Option<(&str, &str)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.split_once(' ').map(|(scheme, value)| (scheme, value.trim()))
}

fn is_bearer(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("bearer")
}
