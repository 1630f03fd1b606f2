//! A dead letter's details: how the event was mapped, what was sent and what was answered.

use bytes::Bytes;
use datafly_blueprint::Trace;
use datafly_provider::Exchange;
use serde::{Deserialize, Serialize};

/// What is kept of a dead letter beside its event. Personal data: for the owner who asks, never for a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Letter {
    /// Why, in words.
    pub message: String,
    /// Each step of the mapping.
    pub trace: Vec<String>,
    /// The request's address, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The start of the request's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The answer's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The start of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

impl Letter {
    pub(super) fn new(message: String, trace: &Trace, exchange: Option<&Exchange>) -> Self {
        Self {
            message,
            trace: steps(trace),
            url: exchange.map(|exchange| exchange.url.clone()),
            request: exchange.map(|it| String::from_utf8_lossy(&it.body).into_owned()),
            status: exchange.and_then(|exchange| exchange.status),
            answer: exchange.map(|exchange| exchange.answer.clone()),
        }
    }

    /// From what the store kept. What does not read back is as good as nothing: the event is there all the same.
    pub fn read(details: &[u8]) -> Self {
        serde_json::from_slice(details).unwrap_or_default()
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

/// A trace in words.
pub(super) fn steps(trace: &Trace) -> Vec<String> {
    trace.steps().iter().map(ToString::to_string).collect()
}
