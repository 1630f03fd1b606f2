//! What Meta documents of an event. One that breaks a rule has the whole request refused.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const MAX_EVENTS: usize = 1_000;
const MAX_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How far a clock may be ahead.
const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Subcode of an event time that is out of range.
const OUT_OF_TIME: i64 = 2_804_003;
const SOURCES: [&str; 9] = [
    "email",
    "website",
    "app",
    "phone_call",
    "chat",
    "physical_store",
    "system_generated",
    "business_messaging",
    "other",
];
/// Fields of `user_data` that hold SHA-256 as lower-case hex, alone or in a list.
const HASHED: [&str; 10] = ["em", "ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country"];
const HASH_LENGTH: usize = 64;

/// A rule that was broken.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) subcode: Option<i64>,
    pub(super) message: String,
}

impl Broken {
    fn at(index: usize, what: &str) -> Self {
        Self { subcode: None, message: format!("(#100) param data[{index}]{what}") }
    }
}

/// `v24.0` and the like.
pub(super) fn is_version(text: &str) -> bool {
    let number = text.strip_prefix('v').and_then(|number| number.split_once('.'));
    number.is_some_and(|(major, minor)| major.parse::<u8>().is_ok() && minor.parse::<u8>().is_ok())
}

/// The request's events, if every one of them is good.
pub(super) fn events(request: &Value, now: Timestamp) -> Result<&Vec<Value>, Broken> {
    let refused = |message: &str| Broken { subcode: None, message: message.to_owned() };
    let events = request["data"].as_array().filter(|events| !events.is_empty());
    let events = events.ok_or_else(|| refused("(#100) the parameter data is required"))?;
    if events.len() > MAX_EVENTS {
        return Err(refused("(#100) too many events in data"));
    }
    for (index, event) in events.iter().enumerate() {
        check(index, event, now)?;
    }
    Ok(events)
}

fn check(index: usize, event: &Value, now: Timestamp) -> Result<(), Broken> {
    let broken = |what: &str| Err(Broken::at(index, what));
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    if !text(&event["event_name"]) {
        return broken("['event_name'] is required");
    }
    let Some(at) = event["event_time"].as_i64().and_then(|at| Timestamp::from_second(at).ok())
    else {
        return broken("['event_time'] must be a unix time in seconds");
    };
    let age = now.duration_since(at);
    if age > MAX_AGE || age < -MAX_AHEAD {
        let message = format!("data[{index}]['event_time'] is out of range");
        return Err(Broken { subcode: Some(OUT_OF_TIME), message });
    }
    if !event["event_id"].is_null() && !event["event_id"].is_string() {
        return broken("['event_id'] must be a string");
    }
    let Some(source) = event["action_source"].as_str().filter(|name| SOURCES.contains(name)) else {
        return broken("['action_source'] is none that is known");
    };
    let user = &event["user_data"];
    if user.as_object().is_none_or(serde_json::Map::is_empty) {
        return broken("['user_data'] needs at least one field");
    }
    if source == "website"
        && !(text(&event["event_source_url"]) && text(&user["client_user_agent"]))
    {
        return broken(" needs event_source_url and client_user_agent for a website");
    }
    if !HASHED.iter().all(|field| is_hashed(&user[*field])) {
        return broken("['user_data'] has a field that is not hashed");
    }
    let custom = &event["custom_data"];
    let priced = custom["value"].is_number() && text(&custom["currency"]);
    if event["event_name"] == "Purchase" && !priced {
        return broken("['custom_data'] needs currency and value for a Purchase");
    }
    Ok(())
}

/// Absent, a hash, or a list of hashes.
fn is_hashed(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(hash) => {
            let lower_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            hash.len() == HASH_LENGTH && hash.bytes().all(lower_hex)
        }
        Value::Array(list) => list.iter().all(|hash| hash.is_string() && is_hashed(hash)),
        _ => false,
    }
}
