//! An event as destinations read it: written once by the enrich stage.

use bytes::Bytes;
use datafly_core::linking_key::Identifiers;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An enriched event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Enriched {
    /// The envelope. Everything in it is a claim.
    pub event: Value,
    /// What is known of its visitor.
    pub visitor: Known,
    /// `<provider>` and `<provider>_personalized`: the visitor's attributes when the event was enriched.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub partner_attrs: Map<String, Value>,
    /// The providers whose answer did not come in time, so that their attributes are missing here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unenriched: Vec<String>,
}

/// What identity fields may be filled from: what is proven, or, where verification is `off`, believed by the
/// owner's choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Known {
    /// The identifiers.
    pub identifiers: Identifiers,
    /// Provider, and the id of the profile that these identifiers led to there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profile_ids: Vec<(String, String)>,
}

impl Enriched {
    /// As the log keeps it.
    pub fn to_bytes(&self) -> Bytes {
        // Texts, numbers and maps by text: writing them cannot fail.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}
