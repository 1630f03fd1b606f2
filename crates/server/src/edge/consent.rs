//! `POST /v1/consent`: what the visitor allows, from here on.
//!
//! A withdrawal takes effect with this answer: where the owner asks for consent before look-ups, what is
//! cached of the visitor's profiles is dropped, and the next enrich is empty; where for consent before cookies, the
//! visitor is forgotten.

use axum::body::Body;
use axum::response::Response;
use datafly_core::consent::Consent;
use datafly_core::event::MAX_EVENT_BYTES;

use super::answer::accepted;
use super::asked::Asked;
use super::body;
use super::caller::{self, Caller};
use super::cookies::Renewal;
use super::error::EdgeError;
use super::visit::Visit;

/// Takes the consent state of this visitor.
pub(super) async fn consent(asked: &Asked<'_>, body: Body) -> Result<Response, EdgeError> {
    if caller::of_post(asked.headers, asked.pipeline)? == Caller::Server {
        return Err(EdgeError::NoBrowser);
    }
    let body = body::read(asked.headers, body, MAX_EVENT_BYTES).await?;
    // What is no JSON is no state either, and is refused as one.
    let state = serde_json::from_slice(&body).unwrap_or_default();
    let consent = Consent::parse(&state)?;
    let mut visit = Visit::recognise(asked).await?;
    visit.work()?;
    let Asked { app, pipeline, .. } = *asked;
    if pipeline.consent.may_keep(Some(&consent)) {
        let present = visit.present.clone();
        visit.present = app.visitors.consent(&pipeline.key, present, consent).await?;
        if !visit.consents() {
            visit.drop_profiles();
        }
    } else if visit.is_kept() {
        visit.forget().await?;
    }
    Ok(accepted(visit.cookies(Renewal::Daily), Some(visit.handle()), None))
}
