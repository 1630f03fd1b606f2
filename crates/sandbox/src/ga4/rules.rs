//! What Google documents of a request and of an event.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

const MAX_BODY_BYTES: usize = 130_000;
const MAX_EVENTS: usize = 25;
const MAX_PARAMS: usize = 25;
const MAX_AGE: SignedDuration = SignedDuration::from_hours(72);
/// Names that only Google's own libraries send.
const RESERVED: [&str; 6] =
    ["ad_click", "error", "first_open", "first_visit", "session_start", "user_engagement"];

/// One rule that was broken, in the validator's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    field_path: String,
    description: String,
    validation_code: &'static str,
}

fn message(path: impl Into<String>, code: &'static str, description: &str) -> Message {
    Message { field_path: path.into(), description: description.into(), validation_code: code }
}

pub(super) fn not_json() -> Message {
    message("", "VALUE_INVALID", "Unable to parse the Measurement Protocol JSON payload.")
}

/// Everything that is wrong with the request and its events.
pub(super) fn all(request: &Value, bytes: usize) -> Vec<Message> {
    let mut broken = of_request(request, bytes);
    for (index, event) in events(request).iter().enumerate() {
        broken.extend(of_event(event, &format!("events[{index}]")));
    }
    broken
}

/// What has the request thrown away as a whole.
pub(super) fn of_request(request: &Value, bytes: usize) -> Vec<Message> {
    let mut broken = Vec::new();
    if bytes >= MAX_BODY_BYTES {
        broken.push(message("", "EXCEEDED_MAX_ENTITIES", "The body must be under 130 kB."));
    }
    if request["client_id"].as_str().is_none_or(str::is_empty) {
        broken.push(message("client_id", "VALUE_REQUIRED", "A client_id is required."));
    }
    if !(1..=MAX_EVENTS).contains(&events(request).len()) {
        broken.push(message("events", "EXCEEDED_MAX_ENTITIES", "1 to 25 events are required."));
    }
    if let Some(properties) = request["user_properties"].as_object() {
        if properties.len() > 25 {
            let rule = "At most 25 user properties are allowed.";
            broken.push(message("user_properties", "EXCEEDED_MAX_ENTITIES", rule));
        }
        for (name, property) in properties {
            let path = format!("user_properties.{name}");
            if !is_name(name, 24) {
                broken.push(message(&path, "NAME_INVALID", "The name is not allowed."));
            }
            if !fits(&property["value"], 36) {
                broken.push(message(path, "VALUE_INVALID", "The value is not allowed."));
            }
        }
    }
    if let Some(consent) = request["consent"].as_object() {
        for (name, state) in consent {
            if !matches!(state.as_str(), Some("GRANTED" | "DENIED")) {
                let path = format!("consent.{name}");
                broken.push(message(path, "VALUE_INVALID", "It is GRANTED or DENIED."));
            }
        }
    }
    broken
}

/// The events that are kept: good ones, not too old.
pub(super) fn kept_events(request: &Value, now: Timestamp) -> impl Iterator<Item = &Value> {
    events(request).iter().filter(move |event| {
        let micros = [&event["timestamp_micros"], &request["timestamp_micros"]]
            .into_iter()
            .find_map(Value::as_i64);
        let at = micros.map_or(Ok(now), Timestamp::from_microsecond);
        let recent = at.is_ok_and(|at| now.duration_since(at) <= MAX_AGE);
        recent && of_event(event, "").is_empty()
    })
}

fn events(request: &Value) -> &[Value] {
    request["events"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn of_event(event: &Value, path: &str) -> Vec<Message> {
    let mut broken = Vec::new();
    let name = event["name"].as_str().unwrap_or_default();
    if !is_name(name, 40) {
        broken.push(message(format!("{path}.name"), "NAME_INVALID", "The name is not allowed."));
    }
    if RESERVED.contains(&name)
        || ["ga_", "google_", "firebase_"].iter().any(|p| name.starts_with(p))
    {
        broken.push(message(format!("{path}.name"), "NAME_RESERVED", "The name is reserved."));
    }
    let Some(params) = event["params"].as_object() else { return broken };
    if params.len() > MAX_PARAMS {
        let rule = "At most 25 parameters are allowed.";
        broken.push(message(format!("{path}.params"), "EXCEEDED_MAX_ENTITIES", rule));
    }
    for (name, value) in params {
        let path = format!("{path}.params.{name}");
        if !is_name(name, 40) {
            broken.push(message(&path, "NAME_INVALID", "The name is not allowed."));
        }
        let longest = match name.as_str() {
            "page_location" => 1_000,
            "page_referrer" => 420,
            "page_title" => 300,
            _ => 100,
        };
        let good = if name == "items" { are_items(value) } else { fits(value, longest) };
        if !good {
            broken.push(message(path, "VALUE_INVALID", "The value is not allowed."));
        }
    }
    broken
}

fn are_items(value: &Value) -> bool {
    value.as_array().is_some_and(|items| {
        items.iter().all(|item| {
            item.as_object().is_some_and(|item| item.values().all(|value| fits(value, 100)))
        })
    })
}

fn is_name(name: &str, longest: usize) -> bool {
    name.len() <= longest
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A scalar that is not too long; null, lists and objects are no values.
fn fits(value: &Value, longest: usize) -> bool {
    match value {
        Value::String(text) => text.chars().count() <= longest,
        Value::Bool(_) | Value::Number(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}
