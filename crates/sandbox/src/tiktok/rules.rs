//! What TikTok documents of a request and of an event.

use serde_json::Value;

const MAX_EVENTS: usize = 1_000;
/// Fields of `user` that hold SHA-256 as hex, alone or in a list.
const HASHED: [&str; 6] = ["email", "phone", "external_id", "first_name", "last_name", "zip_code"];
const HASH_LENGTH: usize = 64;

/// The request's events, if it is one.
pub(super) fn events(request: &Value) -> Result<&Vec<Value>, &'static str> {
    if request["event_source"] != "web" || !request["event_source_id"].is_string() {
        return Err("event_source: web and an event_source_id are required");
    }
    match request["data"].as_array() {
        Some(events) if (1..=MAX_EVENTS).contains(&events.len()) => Ok(events),
        _ => Err("data: a list of 1 to 1000 events is required"),
    }
}

/// Whether an event keeps all rules.
pub(super) fn is_good(event: &Value) -> bool {
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let optional_text = |value: &Value| value.is_null() || text(value);
    let user = &event["user"];
    text(&event["event"])
        // Seconds: milliseconds would be thousands of years ahead.
        && event["event_time"].as_i64().is_some_and(|at| (0..10_000_000_000).contains(&at))
        && optional_text(&event["event_id"])
        && user.is_object()
        && HASHED.iter().all(|field| is_hashed(&user[*field]))
        && text(&event["page"]["url"])
}

/// Absent, a hash, or a list of hashes.
fn is_hashed(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(hash) => {
            hash.len() == HASH_LENGTH && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        Value::Array(list) => list.iter().all(|hash| hash.is_string() && is_hashed(hash)),
        _ => false,
    }
}
