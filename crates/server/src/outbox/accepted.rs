//! An accepted event, as the log keeps it: with what was known of its visitor at that moment, so that neither a
//! log-out nor somebody else's log-in afterwards changes whose it is.

use std::sync::Arc;

use bytes::Bytes;
use datafly_core::linking_key::Identifiers;
use datafly_core::visitor::Visitor;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Few events with what is known of their visitor are longer: one of these is written without growing.
const USUAL_BYTES: usize = 2 * 1024;

/// An accepted event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Accepted {
    /// The envelope, as [`datafly_core::event::Event::into_json`] writes it, with the request's address and user
    /// agent, and the visitor's consent, in its `context`.
    pub event: Value,
    /// What may look a profile up: proven, or believed by the owner's choice.
    pub usable: Identifiers,
    /// What is proven. Of the two, all that an identity field may ever be filled from.
    pub proven: Identifiers,
    /// Whether it is the first that is known of its visitor, or came in one request with that. No vendor can know
    /// the id yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_first: bool,
    /// The visitor's record; empty where there is none.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub visitor: Arc<Visitor>,
}

impl Accepted {
    /// As the log keeps it.
    pub fn to_bytes(&self) -> Bytes {
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        // Texts, numbers and maps by text: writing them to memory cannot fail.
        let _ = serde_json::to_writer(&mut bytes, self);
        bytes.into()
    }
}

fn is_empty(visitor: &Arc<Visitor>) -> bool {
    **visitor == Visitor::default()
}
