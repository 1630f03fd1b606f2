//! `POST /v1/forget`: delete what is stored of this browser.
//!
//! What vendors answered of the visitor leaves the caches, and the answer takes both cookies away.

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
    let mut visit = Visit::recognise(asked).await?;
    visit.work()?;
    visit.forget().await?;
    Ok(accepted(cookies::removal(asked), None, None))
}
