//! `POST /v1/reset`: log out. The old id is dead at once, everywhere; the answer's cookie is somebody new.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::accepted::accepted;
use super::caller::{self, Caller};
use super::client::Client;
use super::cookies::Renewal;
use super::error::EdgeError;
use super::key::ForPipeline;
use super::visit::Visit;
use crate::app::App;

/// Makes this browser a new visitor.
pub(super) async fn reset(
    State(app): State<Arc<App>>,
    site: ForPipeline,
    client: Client,
    headers: HeaderMap,
) -> Result<Response, EdgeError> {
    if caller::of_post(&headers, &site.pipeline)? == Caller::Server {
        return Ok(accepted(HeaderMap::new(), None, None));
    }
    let mut visit = Visit::recognise(&app, &site, client, &headers).await?;
    visit.work()?;
    visit.present = app.visitors.reset(&site.pipeline.key, visit.present).await?;
    Ok(accepted(visit.cookies(Renewal::Daily), Some(&visit.handle()), None))
}
