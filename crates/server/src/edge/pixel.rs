//! `GET /v1/pixel/{kind}`: an event as an image, for mails and pages without scripts.
//!
//! It says nothing about who somebody is: only page, screen and track events come so, no cookie is set, and nothing
//! about the visitor changes. Parameters: `wk` (or `key`) the pipeline, `e` the event, `uid` and `aid` ids, `p.*`
//! properties, `t.*` traits, `ts` milliseconds since 1970, `mid` the event's id.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use datafly_core::event::{EventError, EventKind, Submission};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::asked::Asked;
use super::error::EdgeError;
use super::headers::CORP_CROSS_ORIGIN;
use super::intake::{Intake, Sender};

/// One transparent point.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("image/gif")),
    (header::PRAGMA, HeaderValue::from_static("no-cache")),
    (header::EXPIRES, HeaderValue::from_static("0")),
];

/// Takes the event of an image.
pub(super) async fn pixel(kind: EventKind, asked: &Asked<'_>) -> Result<Response, EdgeError> {
    let event = event(asked)?;
    let event = || Submission::read(event.clone(), Some(kind));
    Intake::accept_one(asked, Sender::Pixel, event).await?;
    let mut response = Response::new(GIF.into());
    response.headers_mut().extend(HEADERS);
    response.headers_mut().extend([CORP_CROSS_ORIGIN]);
    Ok(response)
}

/// The kinds that come as an image.
pub(super) fn kind(name: &str) -> Option<EventKind> {
    EventKind::of(name)
        .filter(|kind| matches!(kind, EventKind::Page | EventKind::Screen | EventKind::Track))
}

fn event(asked: &Asked<'_>) -> Result<Value, EdgeError> {
    let mut event = Map::new();
    for (parameter, field) in
        [("e", "event"), ("uid", "userId"), ("aid", "anonymousId"), ("mid", "messageId")]
    {
        if let Some(value) = asked.query.parameter(parameter)? {
            event.insert(field.to_owned(), value.into());
        }
    }
    if let Some(ts) = asked.query.parameter("ts")? {
        let at = ts.parse().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let expected = "milliseconds since 1970";
        let at = at.ok_or(EventError::WrongType { field: "ts", expected })?;
        event.insert("timestamp".to_owned(), at.to_string().into());
    }
    for (prefix, field) in [("p.", "properties"), ("t.", "traits")] {
        let members = asked.query.all().filter_map(|(name, value)| {
            Some((name.strip_prefix(prefix)?.to_owned(), Value::from(value)))
        });
        event.insert(field.to_owned(), Value::Object(members.collect()));
    }
    // A page's name is where a track's event is.
    if let Some(name) = event.get("event").cloned() {
        event.insert("name".to_owned(), name);
    }
    Ok(Value::Object(event))
}
