//! `GET /v1/enrich`: the visitor's allow-listed attributes of one provider.
//!
//! Unknown, not allowed and without a profile look the same: 200 with no attributes. An id made in this
//! request is not looked up, since nobody can know it yet.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use datafly_core::attributes::Attributes;
use datafly_core::v1::EnrichResponse;

use super::caller::{self, Caller};
use super::cookies::{self, Renewal};
use super::error::EdgeError;
use super::key::ForPipeline;
use super::query;
use crate::app::App;

/// Answers with the attributes.
pub(super) async fn enrich(
    State(app): State<Arc<App>>,
    ForPipeline(pipeline): ForPipeline,
    headers: HeaderMap,
    uri: Uri,
) -> Result<(HeaderMap, Json<EnrichResponse>), EdgeError> {
    let caller = caller::of_get(&headers, &pipeline)?;
    let name =
        query::parameter(&uri, "provider")?.ok_or(EdgeError::MissingParameter("provider"))?;
    let enrichment = pipeline
        .enrichments
        .iter()
        .find(|enrichment| enrichment.name == name)
        .ok_or(EdgeError::UnknownProvider)?;

    let answer = |attributes| Json(EnrichResponse { provider: name.clone(), attributes });
    if caller == Caller::Server {
        return Ok((HeaderMap::new(), answer(Attributes::new())));
    }
    let sent = cookies::credential(&headers, &app, &pipeline);
    let present = app.visitors.recognise(&pipeline.key, sent.as_ref()).await?;
    let cookies = cookies::due(&app, &pipeline, &present, sent.as_ref(), Renewal::Never);
    let attributes = if present.minted {
        Attributes::new()
    } else {
        let now = app.clock.now();
        let who = present.record.identifiers(present.id, pipeline.verification, now);
        enrichment.attributes(&who).await
    };
    Ok((cookies, answer(attributes)))
}
