//! `GET /v1/enrich`: the visitor's allow-listed attributes of one provider.
//!
//! Unknown, not allowed and without a profile look the same: 200 with no attributes. An id made in this
//! request is not looked up, since nobody can know it yet.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use bytes::Bytes;

use super::caller::{self, Caller};
use super::client::Client;
use super::cookies::Renewal;
use super::error::EdgeError;
use super::key::ForPipeline;
use super::visit::Visit;
use super::{profile, query};
use crate::app::App;
use crate::enrichment::DEADLINE;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Answers with the attributes.
pub(super) async fn enrich(
    State(app): State<Arc<App>>,
    site: ForPipeline,
    client: Client,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, EdgeError> {
    let caller = caller::of_get(&headers, &site.pipeline)?;
    let name =
        query::parameter(&uri, "provider")?.ok_or(EdgeError::MissingParameter("provider"))?;
    let enrichment = site.pipeline.enrichment(&name).ok_or(EdgeError::UnknownProvider)?;
    let refresh = query::parameter(&uri, "refresh")?.is_some_and(|refresh| refresh == "1");
    if caller == Caller::Server {
        return Ok(answer(&name, "{}", None));
    }
    let visit = Visit::recognise(&app, &site, client, &headers).await?;
    let attributes = profile::of(&visit, enrichment, DEADLINE, refresh).await.attributes;
    let mut response = answer(&name, &attributes, Some(&visit.handle()));
    response.headers_mut().extend(visit.cookies(Renewal::Never));
    Ok(response)
}

/// A `v1::EnrichResponse`, written around attributes that are JSON already. Names and handles are of plain
/// letters.
fn answer(provider: &str, attributes: &str, handle: Option<&str>) -> Response {
    let mut json = Vec::with_capacity(provider.len() + attributes.len() + 120);
    json.extend_from_slice(br#"{"provider":""#);
    json.extend_from_slice(provider.as_bytes());
    json.extend_from_slice(br#"","attributes":"#);
    json.extend_from_slice(attributes.as_bytes());
    if let Some(handle) = handle {
        json.extend_from_slice(br#","handle":""#);
        json.extend_from_slice(handle.as_bytes());
        json.push(b'"');
    }
    json.push(b'}');
    let mut response = Response::new(Body::from(Bytes::from(json)));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}
