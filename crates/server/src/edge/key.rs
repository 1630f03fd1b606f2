//! Which pipeline a request is for: `key=` in the query, else `Authorization: Bearer`, else the user
//! name of `Authorization: Basic`.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};
use data_encoding::BASE64;

use super::error::EdgeError;
use super::query::Query;

/// The pipeline's key, if the request carries one.
pub(super) fn of<'r>(
    query: &'r Query<'_>,
    headers: &'r HeaderMap,
) -> Result<Option<Cow<'r, str>>, EdgeError> {
    Ok(query.parameter("key")?.map(Cow::from).or_else(|| from_authorization(headers)))
}

fn from_authorization(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().into());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = String::from_utf8(BASE64.decode(rest.trim().as_bytes()).ok()?).ok()?;
        return decoded.split(':').next().map(|user| user.to_owned().into());
    }
    None
}
