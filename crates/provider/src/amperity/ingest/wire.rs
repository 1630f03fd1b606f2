//! The body of `POST /prof/events/{stream}`: one JSON object of at most 64 KB (domain facts 2.2).

use bytes::Bytes;
use serde_json::Value;

use crate::destination::{Delivery, Refusal, json};

/// Longest event that Amperity takes.
const MAX_BYTES: usize = 64 * 1024;

/// The event with the fields that no mapping may set.
pub(super) fn event(delivery: &Delivery, source: &str) -> Result<Bytes, Refusal> {
    let mut event = delivery.body.clone();
    event.insert("source".to_owned(), Value::from(source));
    event.insert("message_id".to_owned(), Value::from(&*delivery.message_id));
    let body = json(&event)?;
    if body.len() > MAX_BYTES {
        let length = body.len();
        let reason = format!("it is {length} bytes long, and Amperity takes {MAX_BYTES}");
        return Err(Refusal::Unfit(reason));
    }
    Ok(body)
}
