//! Faults on request: what a vendor does on a bad day, scripted per route.
//!
//! A script entry fires for the next `times` requests of its route, or until it is cleared. Entries
//! of one route fire in the order in which they were added, one per request. A fault replaces the
//! handler, so nothing is stored, with two exceptions: a bare delay goes on to the handler, and a cut
//! body cuts the handler's own answer (the vendor did the work, the client cannot know).

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::journal::Route;

/// One fault. Every kind can come after a delay, see [`Fault::after`].
///
/// As JSON: `delay_ms`, and at most one of `status` (with `retry_after` and `body`), `cut_body: true`,
/// `garbage: true`, `huge_body_bytes`, `body` (sent with 200).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Wire")]
pub struct Fault {
    pub(crate) delay: Duration,
    pub(crate) effect: Effect,
}

/// What happens after the delay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    Reply { status: u16, retry_after: Option<String>, body: Option<String> },
    CutBody,
    Garbage,
    HugeBody { bytes: u64 },
}

impl Fault {
    fn new(effect: Effect) -> Self {
        Self { delay: Duration::ZERO, effect }
    }

    /// Answers as usual, but late.
    pub fn delay(delay: Duration) -> Self {
        Self { delay, effect: Effect::None }
    }

    /// Answers with a status and the vendor's error body.
    pub fn status(status: u16) -> Self {
        Self::new(Effect::Reply { status, retry_after: None, body: None })
    }

    /// Answers 200 with this body, declared to be JSON whatever it is.
    pub fn body(body: impl Into<String>) -> Self {
        Self::new(Effect::Reply { status: 200, retry_after: None, body: Some(body.into()) })
    }

    /// Closes the connection half-way through the body that was declared.
    pub fn cut_body() -> Self {
        Self::new(Effect::CutBody)
    }

    /// Answers 200 with bytes that are neither JSON nor UTF-8.
    pub fn garbage() -> Self {
        Self::new(Effect::Garbage)
    }

    /// Answers 200 with an undeclared number of bytes, made while they are sent.
    pub fn huge_body(bytes: u64) -> Self {
        Self::new(Effect::HugeBody { bytes })
    }

    /// The same fault with a `Retry-After` header; only answers with a status carry one.
    #[must_use]
    pub fn retry_after(mut self, value: impl Into<String>) -> Self {
        if let Effect::Reply { retry_after, .. } = &mut self.effect {
            *retry_after = Some(value.into());
        }
        self
    }

    /// The same fault after a delay.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

impl Serialize for Fault {
    /// As it is read, without what is absent.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut wire = Map::new();
        let mut set = |name: &str, value: Value| drop(wire.insert(name.to_owned(), value));
        match &self.effect {
            Effect::None => {}
            Effect::Reply { status, retry_after, body } => {
                set("status", (*status).into());
                if let Some(text) = retry_after {
                    set(
                        "retry_after",
                        text.parse::<u64>().map_or(text.as_str().into(), Value::from),
                    );
                }
                if let Some(body) = body {
                    set("body", body.as_str().into());
                }
            }
            Effect::CutBody => set("cut_body", true.into()),
            Effect::Garbage => set("garbage", true.into()),
            Effect::HugeBody { bytes } => set("huge_body_bytes", (*bytes).into()),
        }
        if !self.delay.is_zero() {
            let delay = u64::try_from(self.delay.as_millis()).unwrap_or(u64::MAX);
            set("delay_ms", delay.into());
        }
        wire.serialize(serializer)
    }
}

/// A fault still to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultRecord {
    /// Label of the route.
    pub route: &'static str,
    /// For how many requests more; none for all of them.
    pub times: Option<u32>,
    /// What happens to them.
    pub fault: Fault,
}

/// A fault that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidFault {
    /// The object asks for nothing.
    #[error("a fault needs one of delay_ms, status, cut_body, garbage, huge_body_bytes, body")]
    Empty,
    /// The object asks for two answers.
    #[error("a fault has one effect beside its delay; retry_after goes with a status only")]
    Conflicting,
    /// Not a status of a final response.
    #[error("status {0} is outside 200 to 599")]
    Status(u16),
    /// Neither a number of seconds nor a string.
    #[error("retry_after is a number of seconds or an HTTP date")]
    RetryAfter,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    delay_ms: Option<u64>,
    status: Option<u16>,
    retry_after: Option<Value>,
    #[serde(default)]
    cut_body: bool,
    #[serde(default)]
    garbage: bool,
    huge_body_bytes: Option<u64>,
    body: Option<String>,
}

impl TryFrom<Wire> for Fault {
    type Error = InvalidFault;

    fn try_from(wire: Wire) -> Result<Self, InvalidFault> {
        let reply = wire.status.is_some() || wire.body.is_some();
        let effects = [reply, wire.cut_body, wire.garbage, wire.huge_body_bytes.is_some()];
        let asked = effects.iter().filter(|asked| **asked).count();
        if asked > 1 || (wire.retry_after.is_some() && wire.status.is_none()) {
            return Err(InvalidFault::Conflicting);
        }
        if asked == 0 && wire.delay_ms.is_none() {
            return Err(InvalidFault::Empty);
        }
        let effect = if reply {
            let status = wire.status.unwrap_or(200);
            if !(200..600).contains(&status) {
                return Err(InvalidFault::Status(status));
            }
            let retry_after = wire.retry_after.as_ref().map(retry_after_text).transpose()?;
            Effect::Reply { status, retry_after, body: wire.body }
        } else if wire.cut_body {
            Effect::CutBody
        } else if wire.garbage {
            Effect::Garbage
        } else {
            wire.huge_body_bytes.map_or(Effect::None, |bytes| Effect::HugeBody { bytes })
        };
        Ok(Self { delay: Duration::from_millis(wire.delay_ms.unwrap_or(0)), effect })
    }
}

fn retry_after_text(value: &Value) -> Result<String, InvalidFault> {
    match value {
        Value::Number(seconds) => Ok(seconds.to_string()),
        Value::String(text) => Ok(text.clone()),
        _ => Err(InvalidFault::RetryAfter),
    }
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(crate) struct FaultScript {
    entries: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    route: Route,
    /// None: for ever.
    left: Option<u32>,
    fault: Fault,
}

impl FaultScript {
    pub(crate) fn add(&mut self, route: Route, times: Option<u32>, fault: Fault) {
        if times != Some(0) {
            self.entries.push_back(Entry { route, left: times, fault });
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn clear_route(&mut self, route: Route) {
        self.entries.retain(|entry| entry.route != route);
    }

    pub(crate) fn records(&self) -> Vec<FaultRecord> {
        let record = |entry: &Entry| FaultRecord {
            route: entry.route.label(),
            times: entry.left,
            fault: entry.fault.clone(),
        };
        self.entries.iter().map(record).collect()
    }

    /// The fault for the request that has just arrived, if any.
    pub(crate) fn take(&mut self, route: Route) -> Option<Fault> {
        let at = self.entries.iter().position(|entry| entry.route == route)?;
        let entry = self.entries.get_mut(at)?;
        let fault = entry.fault.clone();
        if let Some(left) = &mut entry.left {
            *left -= 1;
            if *left == 0 {
                self.entries.remove(at);
            }
        }
        Some(fault)
    }
}

#[cfg(test)]
mod tests;
