//! `POST /v1/batch`, `/v1/b`, and signed `/v1/events`: several events at once.
//!
//! The batch is refused whole where it is too large or is none; an event of it that is refused is named in the
//! answer, with its position, and the others are accepted. All that are accepted go into the outbox in one
//! write.
//!
//! A page that went away does not know whether what it sent last has arrived. The next one says what that was in
//! `left`: its batch is taken only if all of that is there, so that events stay in their order and none is sent twice.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use datafly_core::event::{EventError, MAX_EVENT_BYTES, Submission};
use datafly_core::v1::{BatchAccepted, EventFailure};
use datafly_store::queue::MessageId;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer;
use super::asked::Asked;
use super::body;
use super::caller::{self, Caller};
use super::cookies::Renewal;
use super::error::EdgeError;
use super::headers::CORP_CROSS_ORIGIN;
use super::intake::{Intake, Sender};
use crate::signature::Signed;

/// Most events of a batch.
const MAX_EVENTS: usize = 500;

/// Largest batch in bytes.
pub(super) const MAX_BATCH_BYTES: usize = 5 * 1024 * 1024;

/// Several events, as Segment's clients send them. Other members are dropped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch<'b> {
    #[serde(borrow, rename = "batch")]
    events: Vec<&'b RawValue>,
    /// Ids of events that were sent before these, perhaps in vain.
    #[serde(default)]
    left: Vec<String>,
    /// Of all events that do not say it themselves.
    sent_at: Option<Value>,
    /// Likewise, member by member.
    #[serde(default)]
    context: Map<String, Value>,
}

/// Takes a batch of a page or a server.
pub(super) async fn batch(asked: &Asked<'_>, body: Body) -> Result<Response, EdgeError> {
    let sender = match caller::of_post(asked.headers, asked.pipeline)? {
        Caller::Page => Sender::Page,
        Caller::Server => Sender::Server,
    };
    let body = body::read(asked.headers, body, MAX_BATCH_BYTES).await?;
    take(asked, sender, &Batch::read(&body)?).await
}

/// Takes what the site's own server has signed: a batch, or one event.
pub(super) async fn signed(asked: &Asked<'_>, body: Body) -> Result<Response, EdgeError> {
    let Asked { pipeline, headers, .. } = *asked;
    // A browser has no business here, signed or not.
    if caller::of_post(headers, pipeline)? != Caller::Server {
        return Err(EdgeError::OriginNotAllowed);
    }
    let body = body::read(headers, body, MAX_BATCH_BYTES).await?;
    pipeline.server_keys.verify(headers, Signed::Events, &body, asked.app.clock.now())?;
    match Batch::read(&body) {
        Ok(batch) => take(asked, Sender::Site, &batch).await,
        Err(EdgeError::InvalidEvent(EventError::NoBatch)) => {
            let event = one(&body)?;
            let batch =
                Batch { events: vec![event], left: Vec::new(), sent_at: None, context: Map::new() };
            take(asked, Sender::Site, &batch).await
        }
        Err(error) => Err(error),
    }
}

fn one(body: &[u8]) -> Result<&RawValue, EventError> {
    serde_json::from_slice(body).map_err(|_| EventError::NotJson)
}

impl<'b> Batch<'b> {
    fn read(body: &'b [u8]) -> Result<Self, EdgeError> {
        let batch: Self = serde_json::from_slice(body).map_err(|error| {
            if error.is_data() { EventError::NoBatch } else { EventError::NotJson }
        })?;
        if batch.events.len().max(batch.left.len()) > MAX_EVENTS {
            return Err(EdgeError::TooManyEvents(MAX_EVENTS));
        }
        match batch.events.iter().position(|event| event.get().len() > MAX_EVENT_BYTES) {
            Some(index) => Err(EdgeError::EventTooLarge { index, limit: MAX_EVENT_BYTES }),
            None => Ok(batch),
        }
    }

    /// The event with what the batch says of all of them.
    fn event(&self, event: &RawValue) -> Result<Submission, EventError> {
        let mut event =
            serde_json::from_str::<Value>(event.get()).map_err(|_| EventError::NotJson)?;
        if let Value::Object(event) = &mut event {
            if let Some(sent_at) = &self.sent_at {
                event.entry("sentAt").or_insert_with(|| sent_at.clone());
            }
            if !self.context.is_empty() {
                let own = event.entry("context").or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(own) = own {
                    for (name, value) in &self.context {
                        own.entry(name.clone()).or_insert_with(|| value.clone());
                    }
                }
            }
        }
        Submission::read(event, None)
    }
}

/// The id of an event, if it has one.
fn id_of(event: &RawValue) -> Option<String> {
    let event = serde_json::from_str::<Value>(event.get()).ok()?;
    Some(event.get("messageId")?.as_str()?.to_owned())
}

/// Of what was left, the ids of what has not arrived.
async fn missing(asked: &Asked<'_>, left: &[String]) -> Result<Vec<String>, EdgeError> {
    if left.is_empty() {
        return Ok(Vec::new());
    }
    asked.work(None, asked.address)?;
    // What is no id of an event was never taken.
    let ids: Vec<MessageId> = left.iter().filter_map(|id| id.parse().ok()).collect();
    let Asked { app, pipeline, .. } = asked;
    let known = app.outbox.known(&pipeline.key, ids.clone(), app.clock.now()).await?;
    let known: Vec<_> = ids.iter().zip(known).filter(|(_, known)| *known).collect();
    let is_known = |id: &&String| known.iter().any(|(known, _)| known.as_str() == id.as_str());
    Ok(left.iter().filter(|id| !is_known(id)).cloned().collect())
}

async fn take(asked: &Asked<'_>, sender: Sender, batch: &Batch<'_>) -> Result<Response, EdgeError> {
    let missing = missing(asked, &batch.left).await?;
    if !missing.is_empty() {
        return Ok(answered(&BatchAccepted {
            success: true,
            accepted: 0,
            failures: Vec::new(),
            missing,
            handle: None,
        }));
    }
    let events = || batch.events.iter().map(|event| batch.event(event));
    let mut intake = Intake::accept(asked, sender, events).await?;
    let failure = |(index, error): (usize, EdgeError)| {
        let message_id = batch.events.get(index).and_then(|event| id_of(event));
        EventFailure { index, message_id, error: error.to_body() }
    };
    let failures: Vec<_> = intake.refused.drain(..).map(failure).collect();
    let visit = intake.visit();
    let accepted = BatchAccepted {
        success: true,
        accepted: batch.events.len() - failures.len(),
        failures,
        missing,
        handle: visit.map(|visit| visit.handle().to_owned()),
    };
    let cookies = visit.map_or_else(HeaderMap::new, |visit| visit.cookies(Renewal::Daily));
    let mut response = answered(&accepted);
    response.headers_mut().extend(cookies);
    Ok(response)
}

fn answered(accepted: &BatchAccepted) -> Response {
    let mut response = answer::json(serde_json::to_string(accepted).unwrap_or_default());
    response.headers_mut().extend([CORP_CROSS_ORIGIN]);
    response
}
