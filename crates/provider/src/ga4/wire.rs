//! The Measurement Protocol's shapes (domain facts 6.2).

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::limits;
use crate::destination::{self, Delivery, Refusal};

/// One event and the client it is of, within the protocol's rules.
#[derive(Debug)]
pub(super) struct Fitted {
    /// The request's own fields: who the client is, and what holds for all of its events.
    pub(super) client: Map<String, Value>,
    /// One element of `events`.
    pub(super) event: Value,
    /// Length of the event as JSON.
    pub(super) bytes: usize,
}

/// Takes a mapped body apart.
pub(super) fn fit(delivery: &Delivery) -> Result<Fitted, Refusal> {
    let unfit = |rule: &str| Refusal::Unfit(rule.to_owned());
    let mut client = delivery.body.clone();
    let Some(Value::String(name)) = client.remove("name") else {
        return Err(unfit("it has no `name`, which is the event's"));
    };
    limits::check_event_name(&name)?;
    let mut params = match client.remove("params") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(unfit("`params` must be an object")),
    };
    limits::fit_params(&mut params)?;
    if client.contains_key("events") {
        return Err(unfit("it has `events`: map the event's own `name` and `params`"));
    }
    if client.get("client_id").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(unfit("it has no `client_id`, without which GA4 counts nothing"));
    }
    for (field, fit) in [
        ("user_properties", limits::fit_user_properties as fn(&mut _) -> _),
        ("consent", limits::fit_consent),
    ] {
        match client.get_mut(field) {
            None => {}
            Some(Value::Object(map)) => fit(map)?,
            Some(_) => return Err(Refusal::Unfit(format!("`{field}` must be an object"))),
        }
    }
    let at = client.remove("timestamp_micros").filter(|at| !at.is_null());
    // On the event, not the request: events that travel together happened at different times.
    let event = json!({
        "name": name,
        "params": params,
        "timestamp_micros": at.unwrap_or_else(|| delivery.at.as_microsecond().into()),
    });
    let bytes = event.to_string().len();
    if bytes + bytes_of_client(&client) > limits::MAX_BODY_BYTES {
        let longest = limits::MAX_BODY_BYTES;
        return Err(Refusal::Unfit(format!("it is longer than the {longest} bytes GA4 takes")));
    }
    Ok(Fitted { client, event, bytes })
}

/// Bytes of a request around its client's fields and its events: `,"events":[` and `]`.
const ENVELOPE: usize = 12;

/// Bytes of a request without its events.
pub(super) fn bytes_of_client(client: &Map<String, Value>) -> usize {
    Value::from(client.clone()).to_string().len() + ENVELOPE
}

#[derive(Serialize)]
struct Request<'a> {
    #[serde(flatten)]
    client: &'a Map<String, Value>,
    events: &'a [Value],
}

/// The body of `POST /mp/collect`.
pub(super) fn body(client: &Map<String, Value>, events: &[Value]) -> Result<Bytes, Refusal> {
    destination::json(&Request { client, events })
}
