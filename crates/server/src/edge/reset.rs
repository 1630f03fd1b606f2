//! `POST /v1/reset`: log out. The old id is dead at once, everywhere; the answer's cookie is somebody new.

use axum::response::Response;

use super::answer::accepted;
use super::asked::Asked;
use super::caller::{self, Caller};
use super::cookies::Renewal;
use super::error::EdgeError;
use super::visit::Visit;

/// Makes this browser a new visitor.
pub(super) async fn reset(asked: &Asked<'_>) -> Result<Response, EdgeError> {
    if caller::of_post(asked.headers, asked.pipeline)? == Caller::Server {
        return Err(EdgeError::NoBrowser);
    }
    let mut visit = Visit::recognise(asked).await?;
    visit.work()?;
    visit.present = asked.app.visitors.reset(&asked.pipeline.key, visit.present).await?;
    Ok(accepted(visit.cookies(Renewal::Daily), Some(visit.handle()), None))
}
