//! `GET /v1/enrich`: the visitor's allow-listed attributes of one provider.
//!
//! Unknown, not allowed and without a profile look the same: 200 with no attributes. An id made in this
//! request is not looked up, since nobody can know it yet.

use axum::response::Response;

use super::answer;
use super::asked::Asked;
use super::caller::{self, Caller};
use super::cookies::Renewal;
use super::error::EdgeError;
use super::profile::{self, Purpose};
use super::visit::Visit;
use crate::enrichment::Source;

/// Answers with the attributes.
pub(super) async fn enrich(asked: &Asked<'_>) -> Result<Response, EdgeError> {
    let caller = caller::of_get(asked.headers, asked.pipeline)?;
    let name = asked.query.parameter("provider")?.ok_or(EdgeError::MissingParameter("provider"))?;
    let enrichment = asked.pipeline.enrichment(name).ok_or(EdgeError::UnknownProvider)?;
    let refresh = asked.query.parameter("refresh")?.is_some_and(|refresh| refresh == "1");
    if caller == Caller::Server {
        // No cookie, so nobody.
        let nobody = enrichment.without(Source::NoIdentifier, asked.app.clock.now());
        asked.app.metrics.decided(&asked.pipeline.key, &nobody.decision);
        return Ok(answer::json(body(name, &nobody.attributes, None)));
    }
    let visit = Visit::recognise(asked).await?;
    let attributes = profile::of(&visit, enrichment, Purpose::Enrich { refresh }).await.attributes;
    let mut response = answer::json(body(name, &attributes, Some(visit.handle())));
    response.headers_mut().extend(visit.cookies(Renewal::Never));
    Ok(response)
}

/// A `v1::EnrichResponse`, written around attributes that are JSON already. Names and handles are of plain
/// letters.
fn body(provider: &str, attributes: &str, handle: Option<&str>) -> String {
    let mut json = String::with_capacity(provider.len() + attributes.len() + 120);
    json.push_str(r#"{"provider":""#);
    json.push_str(provider);
    json.push_str(r#"","attributes":"#);
    json.push_str(attributes);
    if let Some(handle) = handle {
        json.push_str(r#","handle":""#);
        json.push_str(handle);
        json.push('"');
    }
    json.push('}');
    json
}
