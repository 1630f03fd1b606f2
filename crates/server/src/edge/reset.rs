//! `POST /v1/reset`: log out. The old id is dead at once, everywhere; the answer's cookie is somebody new.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;

use super::caller::{self, Caller};
use super::collect::{AcceptedAnswer, accepted};
use super::cookies::{self, Renewal};
use super::error::EdgeError;
use super::key::ForPipeline;
use crate::app::App;

/// Makes this browser a new visitor.
pub(super) async fn reset(
    State(app): State<Arc<App>>,
    ForPipeline(pipeline): ForPipeline,
    headers: HeaderMap,
) -> Result<AcceptedAnswer, EdgeError> {
    if caller::of_post(&headers, &pipeline)? == Caller::Server {
        return Ok(accepted(HeaderMap::new()));
    }
    let sent = cookies::credential(&headers, &app, &pipeline);
    let present = app.visitors.recognise(&pipeline.key, sent.as_ref()).await?;
    let present = app.visitors.reset(&pipeline.key, present).await?;
    let cookies = cookies::due(&app, &pipeline, &present, sent.as_ref(), Renewal::Daily);
    Ok(accepted(cookies))
}
