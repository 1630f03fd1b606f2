//! Meta's shapes (domain facts 6.1).

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::destination::{Delivery, Refusal, json};

#[derive(Serialize)]
struct Request<'a> {
    data: &'a [Map<String, Value>],
    #[serde(skip_serializing_if = "Option::is_none")]
    test_event_code: Option<&'a str>,
}

/// One element of `data`, with what the mapping left open.
pub(super) fn event(delivery: &Delivery) -> Map<String, Value> {
    let mut event = delivery.body.clone();
    // Seconds: milliseconds would be a date in the far future.
    event.entry("event_time").or_insert_with(|| delivery.at.as_second().into());
    event.entry("event_id").or_insert_with(|| Value::from(&*delivery.message_id));
    event
}

/// The body of `POST /v{N}/{pixel}/events`.
pub(super) fn body(
    events: &[Map<String, Value>],
    test_event_code: Option<&str>,
) -> Result<Bytes, Refusal> {
    json(&Request { data: events, test_event_code })
}

/// What Meta answers, with 200 or not. `messages` and `fbtrace_id` are for people, who find them in the
/// excerpt.
#[derive(Deserialize)]
pub(super) struct Response {
    pub(super) events_received: Option<usize>,
    pub(super) error: Option<GraphError>,
}

/// The Graph API's error. Its texts may repeat what was sent.
#[derive(Deserialize)]
pub(super) struct GraphError {
    pub(super) code: Option<i64>,
    pub(super) error_subcode: Option<i64>,
    #[serde(default)]
    pub(super) is_transient: bool,
}

/// Reads an answer's body, if it is one of Meta's.
pub(super) fn response(body: &[u8]) -> Option<Response> {
    serde_json::from_slice(body).ok()
}
