//! `POST /v1/forget`: delete what is stored of this browser.
//!
//! The record becomes a tombstone, which holds a time and nothing else: without it an event that is still
//! under way would bring the id back. What vendors answered of the visitor leaves the caches, and the
//! answer takes both cookies away.

use axum::http::HeaderMap;
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
        return Ok(accepted(HeaderMap::new(), None, None));
    }
    let visit = Visit::recognise(asked).await?;
    visit.work()?;
    visit.drop_profiles();
    asked.app.decisions.forget(&asked.pipeline.key, visit.present.id);
    asked.app.visitors.reset(&asked.pipeline.key, visit.present).await?;
    Ok(accepted(cookies::removal(asked), None, None))
}
