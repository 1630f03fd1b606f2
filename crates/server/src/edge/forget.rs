//! `POST /v1/forget`: delete what is stored of this browser.
//!
//! The record becomes a tombstone, which holds a time and nothing else: without it an event that is still
//! under way would bring the id back. What vendors answered of the visitor leaves the caches, and the
//! answer takes both cookies away.

use axum::response::Response;

use super::answer::accepted;
use super::asked::Asked;
use super::caller::{self, Caller};
use super::cookies;
use super::error::EdgeError;
use super::visit::Visit;

/// Forgets this browser.
pub(super) async fn forget(asked: &Asked<'_>) -> Result<Response, EdgeError> {
    if caller::of_post(asked.headers, asked.pipeline)? == Caller::Server {
        return Err(EdgeError::NoBrowser);
    }
    let visit = Visit::recognise(asked).await?;
    visit.work()?;
    let Asked { app, pipeline, .. } = *asked;
    app.visitors.reset(&pipeline.key, visit.present.clone()).await?;
    // Only now: while the id was alive another tab would have filled them again.
    visit.drop_profiles();
    app.decisions.forget(&pipeline.key, visit.present.id);
    Ok(accepted(cookies::removal(asked), None, None))
}
