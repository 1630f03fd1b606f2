//! `POST /v1/consent`: what the visitor allows, from here on.
//!
//! A withdrawal takes effect with this answer: where the owner asks for consent before look-ups, what is
//! cached of the visitor's profiles is dropped, and the next enrich is empty.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use datafly_core::consent::Consent;
use datafly_core::event::EventError;

use super::accepted::accepted;
use super::body;
use super::caller::{self, Caller};
use super::client::Client;
use super::cookies::Renewal;
use super::error::EdgeError;
use super::key::ForPipeline;
use super::visit::Visit;
use crate::app::App;

/// Takes the consent state of this visitor.
pub(super) async fn consent(
    State(app): State<Arc<App>>,
    site: ForPipeline,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, EdgeError> {
    let caller = caller::of_post(&headers, &site.pipeline)?;
    let body = body::read_event(&headers, body).await?;
    let state = serde_json::from_slice(&body).map_err(|_| EventError::NotJson)?;
    let consent = Consent::parse(&state)?;
    if caller == Caller::Server {
        return Ok(accepted(HeaderMap::new(), None, None));
    }
    let mut visit = Visit::recognise(&app, &site, client, &headers).await?;
    visit.work()?;
    let (present, key) = (visit.present.clone(), &site.pipeline.key);
    visit.present = app.visitors.consent(key, present, consent).await?;
    if !visit.consents() {
        visit.drop_profiles();
    }
    Ok(accepted(visit.cookies(Renewal::Daily), Some(&visit.handle()), None))
}
