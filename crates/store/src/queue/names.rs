//! What names an event and who reads it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use datafly_core::event::MAX_NAME_BYTES;
use datafly_core::id::PipelineKey;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A text is empty or too long to be a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 1 to {limit} bytes")]
pub struct NameError {
    /// Longest allowed, in bytes.
    pub limit: usize,
}

fn bounded(text: &str, limit: usize) -> Result<Arc<str>, NameError> {
    if (1..=limit).contains(&text.len()) { Ok(text.into()) } else { Err(NameError { limit }) }
}

/// The sender's id of an event, the same in each of its retries.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(Arc<str>);

impl MessageId {
    /// Longest id, in bytes; as long as the event envelope allows.
    pub const MAX_BYTES: usize = MAX_NAME_BYTES;

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MessageId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        bounded(text, Self::MAX_BYTES).map(Self)
    }
}

/// A destination as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct DestinationName(Arc<str>);

impl DestinationName {
    /// Longest name, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DestinationName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        bounded(text, Self::MAX_BYTES).map(Self)
    }
}

impl From<DestinationName> for String {
    fn from(name: DestinationName) -> Self {
        name.as_str().to_owned()
    }
}

impl TryFrom<String> for DestinationName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl fmt::Display for DestinationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who reads a pipeline's events: one of its destinations.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Consumer {
    /// The pipeline.
    pub pipeline: PipelineKey,
    /// The destination.
    pub destination: DestinationName,
}
