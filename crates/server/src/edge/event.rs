//! `POST /v1/p`, `/v1/t`, `/v1/i` and so on: one event.
//!
//! 200 means the visitor's state and its version are durable, the next enrich of the same browser sees them, and the
//! event is in the outbox. With `?enrich=<provider>,…` the answer carries the profiles as this very event left
//! them, so that a first page is personalised by its own context in one request.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use datafly_core::event::{EventKind, MAX_EVENT_BYTES, Submission};

use super::answer::accepted;
use super::asked::Asked;
use super::body;
use super::caller::{self, Caller};
use super::cookies::Renewal;
use super::error::EdgeError;
use super::intake::{Intake, Sender};
use super::profile::{self, Purpose};
use crate::enrichment::Enrichment;

/// Takes an event of any kind.
pub(super) async fn event(
    kind: EventKind,
    asked: &Asked<'_>,
    body: Body,
) -> Result<Response, EdgeError> {
    let sender = match caller::of_post(asked.headers, asked.pipeline)? {
        Caller::Page => Sender::Page,
        Caller::Server => Sender::Server,
    };
    let wanted = wanted(asked)?;
    let body = body::read(asked.headers, body, MAX_EVENT_BYTES).await?;
    let event = || Submission::parse(&body, kind);
    let intake = Intake::accept_one(asked, sender, event).await?;
    let Some(visit) = intake.visit() else {
        return Ok(accepted(HeaderMap::new(), None, None));
    };
    // Before the vendor is waited for: a cookie that comes late could undo a log-out.
    let cookies = visit.cookies(Renewal::Daily);
    let Some(wanted) = wanted else {
        return Ok(accepted(cookies, Some(visit.handle()), None));
    };
    let profiles = profile::object_of(visit, wanted.into_iter(), Purpose::Event).await;
    Ok(accepted(cookies, Some(visit.handle()), Some(&profiles)))
}

/// The providers whose profiles the answer is to carry.
fn wanted<'r>(asked: &Asked<'r>) -> Result<Option<Vec<&'r Enrichment>>, EdgeError> {
    let Some(list) = asked.query.parameter("enrich")? else { return Ok(None) };
    profile::wanted(asked.pipeline, list.split(',').map(str::trim)).map(Some)
}
