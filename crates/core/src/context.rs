//! Context values: what of the visitor's newest event a vendor is told when it is asked for
//! personalised attributes, and the hash that keys the answer in a cache.
//!
//! Every value has a type and a cap, so that a page can neither send a vendor free text of any length
//! nor open an endless space of hashes unseen. A value of another type, or over its cap, is left out,
//! as an absent one is.
//!
//! Values come from two places at two times: from the event when it is accepted
//! ([`ContextMappings::of_event`]; these are stored with the visitor), and from the vendor's plain
//! attributes when the vendor is about to be asked ([`ContextMappings::complete`]). What an event itself
//! writes under `partner_attrs` is never read: those are the vendor's words, not the page's.

mod mappings;

use std::collections::BTreeMap;
use std::fmt;

pub use mappings::{
    ContextMapping, ContextMappings, ContextType, DEFAULT_MAX_BYTES, MAX_BYTES, MAX_MAPPINGS,
    MAX_TARGET_BYTES, MappingError,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A value that may be told to a vendor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ContextValue {
    /// Text within its cap.
    String(String),
    /// A finite number.
    Number(f64),
    /// A truth value.
    Boolean(bool),
}

impl ContextValue {
    /// A JSON scalar as it stands; `None` for anything else.
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::String(text.clone())),
            // `+ 0.0` turns -0 into 0: one number, one hash.
            Value::Number(number) => number.as_f64().map(|number| Self::Number(number + 0.0)),
            Value::Bool(truth) => Some(Self::Boolean(*truth)),
            _ => None,
        }
    }
}

impl fmt::Display for ContextValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Boolean(truth) => truth.fmt(f),
        }
    }
}

/// SHA-256 over names, types and values: equal for equal values, whatever their order in the event.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContextHash([u8; 32]);

impl ContextHash {
    /// The hash as bytes, for cache keys.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ContextHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0[..8]))
    }
}

/// Values by target name. Stored as a plain JSON object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContextValues(BTreeMap<String, ContextValue>);

impl ContextValues {
    /// Names and values in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ContextValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The hash that keys an answer for these values.
    pub fn hash(&self) -> ContextHash {
        let mut hasher = Sha256::new();
        let mut part = |tag: u8, bytes: &[u8]| {
            // Tag and length make the encoding unambiguous: no two different maps share bytes.
            hasher.update([tag]);
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        };
        for (name, value) in &self.0 {
            part(b'k', name.as_bytes());
            match value {
                ContextValue::String(text) => part(b's', text.as_bytes()),
                ContextValue::Number(number) => part(b'n', &number.to_bits().to_be_bytes()),
                ContextValue::Boolean(truth) => part(b'b', &[u8::from(*truth)]),
            }
        }
        ContextHash(hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests;
