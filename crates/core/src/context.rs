//! Context values: what of the visitor's newest event a vendor is told when it is asked for
//! personalised attributes, and the hash that keys the answer in a cache.
//!
//! Every value has a declared type and a cap, so that a page can neither send a vendor free text of any
//! length nor open an endless space of hashes unseen. A value of another type, or over its cap, is
//! left out, as an absent one is.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::path::Path;

/// Longest text value that is passed on, in bytes, unless the mapping says otherwise.
pub const DEFAULT_MAX_BYTES: usize = 128;

/// The declared type of a context value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContextType {
    /// Text up to the mapping's `max_bytes`, without control characters.
    #[default]
    String,
    /// A finite number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// One entry of an integration's context mappings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextMapping {
    /// Where in the event the value is.
    pub source: Path,
    /// The vendor's name of the value.
    pub target: String,
    /// The declared type.
    #[serde(default, rename = "type")]
    pub kind: ContextType,
    /// Longest text, in bytes.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: usize,
}

fn default_max_bytes() -> usize {
    DEFAULT_MAX_BYTES
}

/// A value that may be told to a vendor.
#[derive(Debug, Clone, PartialEq)]
pub enum ContextValue {
    /// Text within its cap.
    String(String),
    /// A finite number.
    Number(f64),
    /// A truth value.
    Boolean(bool),
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

impl fmt::Debug for ContextHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0[..8]))
    }
}

/// The values of one event under one list of mappings, by target name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContextValues(BTreeMap<String, ContextValue>);

impl ContextValues {
    /// Takes from the event what the mappings name. A later mapping to the same target wins.
    pub fn of(mappings: &[ContextMapping], event: &Value) -> Self {
        let values = mappings.iter().filter_map(|mapping| {
            let value = mapping.accept(mapping.source.resolve(event)?)?;
            Some((mapping.target.clone(), value))
        });
        Self(values.collect())
    }

    /// Names and values in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ContextValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether the event held none of the mapped values.
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

impl ContextMapping {
    fn accept(&self, value: &Value) -> Option<ContextValue> {
        match (self.kind, value) {
            (ContextType::String, Value::String(text)) => (text.len() <= self.max_bytes
                && !text.chars().any(char::is_control))
            .then(|| ContextValue::String(text.clone())),
            (ContextType::Number, Value::Number(number)) => {
                // `+ 0.0` turns -0 into 0: one number, one hash.
                number.as_f64().filter(|n| n.is_finite()).map(|n| ContextValue::Number(n + 0.0))
            }
            (ContextType::Boolean, Value::Bool(truth)) => Some(ContextValue::Boolean(*truth)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::arbitrary::any_json;

    fn mappings(json: Value) -> Vec<ContextMapping> {
        serde_json::from_value(json).unwrap()
    }

    fn seed() -> Vec<ContextMapping> {
        mappings(json!([
            {"source": "properties.category", "target": "pageCategory"},
            {"source": "properties.value", "target": "cartValue", "type": "number"},
            {"source": "properties.sale", "target": "onSale", "type": "boolean"},
        ]))
    }

    #[test]
    fn values_of_the_declared_type_within_their_cap_pass() {
        let values = ContextValues::of(
            &seed(),
            &json!({"properties": {"category": "shoes", "value": 12.5, "sale": true, "x": 1}}),
        );
        let texts: Vec<_> = values.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(texts, ["cartValue=12.5", "onSale=true", "pageCategory=shoes"]);
    }

    #[test]
    fn other_types_long_texts_and_control_characters_do_not() {
        for event in [
            json!({"properties": {"category": 7, "value": "12", "sale": "true"}}),
            json!({"properties": {"category": "x".repeat(DEFAULT_MAX_BYTES + 1)}}),
            json!({"properties": {"category": "a\nb"}}),
            json!({"properties": {"category": {"a": 1}, "value": null}}),
            json!({}),
        ] {
            assert!(ContextValues::of(&seed(), &event).is_empty(), "{event}");
        }
    }

    #[test]
    fn an_unknown_field_in_a_mapping_is_refused() {
        let typo = json!([{"source": "a", "target": "b", "tpye": "number"}]);
        assert!(serde_json::from_value::<Vec<ContextMapping>>(typo).is_err());
    }

    #[test]
    fn type_is_part_of_the_hash() {
        let of = |value: ContextValue| ContextValues([("k".to_owned(), value)].into()).hash();
        assert_ne!(of(ContextValue::Boolean(true)), of(ContextValue::String("\u{1}".to_owned())));
        assert_eq!(
            ContextValues::of(&seed(), &json!({"properties": {"value": -0.0}})).hash(),
            ContextValues::of(&seed(), &json!({"properties": {"value": 0}})).hash()
        );
    }

    proptest! {
        #[test]
        fn equal_values_have_equal_hashes_and_others_do_not(a in any_json(), b in any_json()) {
            let of = |value: &Value| ContextValues::of(&seed(), &json!({"properties": {
                "category": value, "value": value, "sale": value}}));
            prop_assert_eq!(of(&a) == of(&b), of(&a).hash() == of(&b).hash());
        }

        #[test]
        fn moving_bytes_between_names_and_values_changes_the_hash(
            name in "[a-z]{1,6}", text in "[a-z]{1,6}", cut in 0_usize..12,
        ) {
            let joined = format!("{name}{text}");
            let cut = cut % joined.len();
            let (other_name, other_text) = joined.split_at(cut);
            let of = |name: &str, text: &str| ContextValues(
                [(name.to_owned(), ContextValue::String(text.to_owned()))].into()).hash();
            prop_assert_eq!(other_name == name, of(&name, &text) == of(other_name, other_text));
        }
    }
}
