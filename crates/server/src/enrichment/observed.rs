//! Which JSON types the attributes that browsers may see have had: for whoever writes types for a page.
//!
//! Kept are names that are on an allowlist and sets of types, never a value. Noted is what is shown, so personalised
//! attributes are among them, and attributes over their cap are not.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use datafly_core::attributes::Attributes;
use serde::ser::{Serialize, SerializeSeq, Serializer};
use serde_json::Value;

use super::caches::Identity;

/// Names that are kept of all vendors together. Allowlists are far shorter; what a reload takes off one stays.
const MOST: usize = 10_000;

/// A set of JSON's types.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JsonTypes(u8);

/// Their names, by their bits.
const NAMES: [&str; 6] = ["null", "boolean", "number", "string", "array", "object"];

impl JsonTypes {
    fn of(value: &Value) -> Self {
        let bit = match value {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Number(_) => 2,
            Value::String(_) => 3,
            Value::Array(_) => 4,
            Value::Object(_) => 5,
        };
        Self(1 << bit)
    }

    fn add(&mut self, more: Self) {
        self.0 |= more.0;
    }
}

impl Serialize for JsonTypes {
    /// As a list of names.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for (bit, name) in NAMES.iter().enumerate() {
            if self.0 & (1 << bit) != 0 {
                list.serialize_element(name)?;
            }
        }
        list.end()
    }
}

/// What an attribute has been.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Shape {
    /// Its own types; none where it was never seen.
    pub types: JsonTypes,
    /// Those of the elements of its lists.
    pub elements: JsonTypes,
}

impl Shape {
    fn add(&mut self, value: &Value) {
        self.types.add(JsonTypes::of(value));
        for element in value.as_array().into_iter().flatten() {
            self.elements.add(JsonTypes::of(element));
        }
    }
}

/// Of all vendors. Outlives a reload.
#[derive(Debug, Default)]
pub(super) struct Observed(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    shapes: HashMap<Identity, BTreeMap<String, Shape>>,
    names: usize,
}

impl Observed {
    /// Notes what browsers are shown of a vendor's attributes.
    pub(super) fn note(&self, vendor: Identity, shown: &Attributes) {
        let mut seen = self.seen();
        let Seen { shapes, names } = &mut *seen;
        let shapes = shapes.entry(vendor).or_default();
        for (name, value) in shown {
            if let Some(shape) = shapes.get_mut(name) {
                shape.add(value);
            } else if *names < MOST {
                *names += 1;
                shapes.entry(name.clone()).or_default().add(value);
            }
        }
    }

    /// What an attribute of a vendor's has been.
    pub(super) fn of(&self, vendor: Identity, name: &str) -> Shape {
        let seen = self.seen();
        seen.shapes.get(&vendor).and_then(|shapes| shapes.get(name)).copied().unwrap_or_default()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn note(observed: &Observed, value: Value) {
        let Value::Object(attributes) = value else { panic!("no object") };
        observed.note(Identity::of("a"), &attributes);
    }

    fn of(observed: &Observed, name: &str) -> Value {
        serde_json::to_value(observed.of(Identity::of("a"), name)).unwrap()
    }

    #[test]
    fn types_are_collected_and_values_are_not() {
        let observed = Observed::default();
        note(&observed, json!({"tier": "gold", "brands": ["canary", null], "score": 1}));
        note(
            &observed,
            json!({"tier": null, "brands": [], "score": 1.5, "vip": true, "home": {"a": 1}}),
        );
        assert_eq!(of(&observed, "tier"), json!({"types": ["null", "string"], "elements": []}));
        let brands = json!({"types": ["array"], "elements": ["null", "string"]});
        assert_eq!(of(&observed, "brands"), brands);
        assert_eq!(of(&observed, "score")["types"], json!(["number"]));
        assert_eq!(of(&observed, "home")["types"], json!(["object"]));
        assert_eq!(of(&observed, "nothing"), json!({"types": [], "elements": []}));
        assert_eq!(observed.of(Identity::of("b"), "tier"), Shape::default());
        assert!(!format!("{observed:?}").contains("canary"));
    }

    #[test]
    fn there_is_an_end_to_it() {
        let observed = Observed::default();
        for n in 0..MOST + 5 {
            note(&observed, json!({ n.to_string(): 1 }));
        }
        assert_eq!(observed.seen().names, MOST);
        assert_eq!(of(&observed, &(MOST + 1).to_string())["types"], json!([]));
        note(&observed, json!({"0": "x"}));
        assert_eq!(of(&observed, "0")["types"], json!(["number", "string"]));
    }
}
