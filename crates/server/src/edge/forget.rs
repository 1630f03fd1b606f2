//! `POST /v1/forget`: delete what is stored of this browser.
//!
//! The record becomes a tombstone, which holds a time and nothing else: without it an event that is still
//! under way would bring the id back. What vendors answered of the visitor leaves the caches, and the
//! answer takes both cookies away.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::accepted::accepted;
use super::caller::{self, Caller};
use super::client::Client;
use super::cookies;
use super::error::EdgeError;
use super::key::ForPipeline;
use super::visit::Visit;
use crate::app::App;

/// Forgets this browser.
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    site: ForPipeline,
    client: Client,
    headers: HeaderMap,
) -> Result<Response, EdgeError> {
    if caller::of_post(&headers, &site.pipeline)? == Caller::Server {
        return Ok(accepted(HeaderMap::new(), None, None));
    }
    let visit = Visit::recognise(&app, &site, client, &headers).await?;
    visit.work()?;
    visit.drop_profiles();
    app.decisions.forget(&site.pipeline.key, visit.present.id);
    app.visitors.reset(&site.pipeline.key, visit.present).await?;
    Ok(accepted(cookies::removal(&site.configured, &site.pipeline), None, None))
}
