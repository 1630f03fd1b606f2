//! Generators for property tests: JSON as a hostile vendor or page would send it.

use proptest::prelude::*;
use serde_json::Value;

use crate::attributes::Attributes;

/// Attribute names: plausible, look-alike by case, reserved, unicode, empty.
pub(crate) fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "Persona",
            "persona",
            "PERSONA",
            "FavoriteBrand",
            "favoriteBrand",
            "Email",
            "links",
            "attributes",
            "__proto__",
            "constructor",
            "toString",
            "\u{2028}",
            "Pérsona",
            "a.b",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

/// Any JSON value, nested a few levels.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        (0_usize..20_000).prop_map(|n| Value::from("x".repeat(n))),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any_name(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A vendor's attribute map.
pub(crate) fn any_attributes() -> impl Strategy<Value = Attributes> {
    prop::collection::btree_map(any_name(), any_json(), 0..12)
        .prop_map(|map| map.into_iter().collect())
}
