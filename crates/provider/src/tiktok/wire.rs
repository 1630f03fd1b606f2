//! TikTok's shapes (domain facts 6.3).

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::config::Config;
use crate::destination::{Delivery, Refusal, json};

#[derive(Serialize)]
struct Request<'a> {
    event_source: &'static str,
    event_source_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_event_code: Option<&'a str>,
    data: &'a [Map<String, Value>],
}

/// One element of `data`, with what the mapping left open.
pub(super) fn event(delivery: &Delivery) -> Map<String, Value> {
    let mut event = delivery.body.clone();
    // Unix seconds.
    event.entry("event_time").or_insert_with(|| delivery.at.as_second().into());
    event.entry("event_id").or_insert_with(|| Value::from(&*delivery.message_id));
    event
}

/// The body of `POST /open_api/v1.3/event/track/`.
pub(super) fn body(events: &[Map<String, Value>], config: &Config) -> Result<Bytes, Refusal> {
    json(&Request {
        event_source: "web",
        event_source_id: &config.pixel_code,
        test_event_code: config.test_event_code.as_deref(),
        data: events,
    })
}

#[derive(Deserialize)]
struct Response {
    code: i64,
}

/// The code in an answer's body, if it is one of TikTok's. The message beside it is for people, who find it in
/// the excerpt.
pub(super) fn code(body: &[u8]) -> Option<i64> {
    serde_json::from_slice(body).ok().map(|Response { code }| code)
}
