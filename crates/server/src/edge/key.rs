//! Which pipeline a request is for: `key=` in the query, else `Authorization: Bearer`, else the user
//! name of `Authorization: Basic`.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use data_encoding::BASE64;

use super::error::EdgeError;
use super::query;
use crate::app::{App, Configured, Pipeline};

/// The pipeline whose key the request carries, and the configuration it is of: one request sees one
/// configuration from its start to its end.
pub(super) struct ForPipeline {
    pub(super) configured: Arc<Configured>,
    pub(super) pipeline: Arc<Pipeline>,
}

impl FromRequestParts<Arc<App>> for ForPipeline {
    type Rejection = EdgeError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, EdgeError> {
        let key = query::parameter(&parts.uri, "key")?
            .or_else(|| from_authorization(&parts.headers))
            .ok_or(EdgeError::NoKey)?;
        let configured = app.configured();
        let pipeline = configured.pipelines.get(&key).cloned().ok_or(EdgeError::InvalidKey)?;
        Ok(Self { configured, pipeline })
    }
}

fn from_authorization(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = String::from_utf8(BASE64.decode(rest.trim().as_bytes()).ok()?).ok()?;
        return decoded.split(':').next().map(str::to_owned);
    }
    None
}
