//! The rule of identity, over arbitrary events, blueprints and destinations: an identity field holds nothing but what
//! is verified, a page never says an owned field, and no attribute of a profile leaves unless a mapping names it.
//!
//! Every text says where it is from, so that a body tells by itself what got into it.

use datafly_blueprint::{Blueprint, Contract, Input, Outcome, Visitor};
use datafly_core::visitor::Verification;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Names that meet each other: identity fields, what lies around and in them, what looks like them.
const NAMES: &[&str] = &[
    "email",
    "Email",
    " email",
    "em",
    "user",
    "user.em",
    "user[0]",
    "unverified_email",
    "type",
    "a",
    "b",
    "id",
    "consent",
    "partner_attrs",
    "visitor",
    "__proto__",
];

const IDENTITY: &[&str] =
    &["email", "user.em", "user.b", "a", "a.id", "id", "unverified_email", "consent.em"];

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(NAMES).prop_map(str::to_owned)
}

/// What a page sends: every text in it is `claim`.
fn claims() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(json!("claim")), Just(json!(["claim"])), Just(json!({"em": "claim"}))];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn members() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(name(), claims(), 0..8).prop_map(|map| map.into_iter().collect())
}

fn target() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "email",
        "EMAIL",
        "user",
        "em",
        "unverified_email",
        "a",
        "b",
        "id",
        "type",
    ]);
    prop::collection::vec(part, 1..3).prop_map(|parts| parts.join("."))
}

fn source() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "properties.email",
        "properties.user",
        "properties.a",
        "properties",
        "traits",
        "traits.email",
        "user_id",
        "anonymous_id",
        "context.a",
        "context",
        "event",
        "event_name",
        "visitor.email",
        "visitor.user_id",
        "visitor.profile_ids.amperity",
        "partner_attrs.amperity.Named",
        "vendor_ids.a",
        "parameters.p",
    ])
    .prop_map(str::to_owned)
}

fn mapping() -> impl Strategy<Value = String> {
    let turned = prop::sample::select(vec![
        "",
        "",
        ", transform: lowercase",
        ", transform: list",
        ", value_map: {x: owner}",
        ", default: owner",
        ", each: [{source: item, target: em}, {source: item.email, target: id}, {source: visitor.email, target: b}]",
        ", each: {source: [item.email, item]}",
    ]);
    let value = (prop::collection::vec(source(), 1..3), target(), turned).prop_map(
        |(mut sources, target, turned)| {
            sources.sort();
            sources.dedup();
            format!("{{source: [{}], target: {target}{turned}}}", sources.join(", "))
        },
    );
    prop_oneof![6 => value, 1 => target().prop_map(|target| format!("{{value: owner, target: {target}}}"))]
}

/// No two mappings of one list may have one target.
fn mappings() -> impl Strategy<Value = String> {
    prop::collection::vec(mapping(), 0..8).prop_map(|mappings| {
        let mut targets = std::collections::BTreeSet::new();
        let first = |mapping: &String| {
            let target = mapping.split("target: ").nth(1).unwrap_or_default();
            let target = target.split([',', '}']).next().unwrap_or_default();
            targets.insert(target.to_owned())
        };
        mappings.into_iter().filter(first).collect::<Vec<_>>().join(", ")
    })
}

fn blueprint() -> impl Strategy<Value = String> {
    let action = prop::sample::select(vec!["drop", "pass_through"]);
    (action, mappings(), mappings(), any::<bool>()).prop_map(|(action, global, own, named)| {
        let vendor = if named { "vendor_event_name: owner, " } else { "" };
        format!(
            "version: 2\nparameters: {{p: owner}}\ndefaults: {{action: {action}}}\nglobal: {{mappings: [{global}]}}\n\
             events: {{happened: {{{vendor}mappings: [{own}]}}}}\n"
        )
    })
}

/// Every text of a value, with its path: names in small letters, dots and brackets of names taken as a vendor could.
fn texts(path: &[String], value: &Value, found: &mut Vec<(Vec<String>, String)>) {
    match value {
        Value::String(text) => found.push((path.to_vec(), text.clone())),
        Value::Array(list) => list.iter().for_each(|entry| texts(path, entry, found)),
        Value::Object(map) => {
            for (name, value) in map {
                let mut path = path.to_vec();
                let parts = name
                    .split('.')
                    .map(|part| part.split('[').next().unwrap().trim().to_lowercase());
                path.extend(parts);
                texts(&path, value, found);
            }
        }
        _ => {}
    }
}

fn lies_in(path: &[String], field: &str) -> bool {
    let field: Vec<&str> = field.split('.').collect();
    path.len() >= field.len() && field.iter().zip(path).all(|(name, part)| name == part)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn identity_fields_hold_what_is_verified_and_profiles_stay(
        text in blueprint(),
        identity in prop::sample::subsequence(IDENTITY, 0..IDENTITY.len()),
        (properties, traits, context) in (members(), members(), members()),
        verified in any::<bool>(),
        verification in prop::sample::select(vec![Verification::Required, Verification::Optional, Verification::Off]),
    ) {
        let blueprint = Blueprint::parse(&text, "any").map_err(|mistakes| {
            TestCaseError::fail(format!("{mistakes}\n{text}"))
        })?;
        let event = json!({
            "type": "track", "event": "happened", "userId": "claim", "anonymousId": "claim", "name": "claim",
            "properties": properties, "traits": traits, "context": context, "vendor_ids": {"a": "claim"},
            "visitor": {"email": "claim"}, "partner_attrs": {"amperity": {"Named": "claim"}},
        });
        let visitor = Visitor {
            user_id: verified.then_some("verified"),
            email: verified.then_some("verified"),
            profile_ids: if verified { &[("amperity", "verified")] } else { &[] },
            ..Visitor::default()
        };
        let profiles = json!({
            "amperity": {"Named": "named", "Other": "secret", "email": "secret"},
            "amperity_personalized": {"Named": "secret"},
        });
        let partner_attrs = profiles.as_object().unwrap();
        let input = Input { event: &event, visitor: &visitor, partner_attrs };
        let contract =
            Contract::new(verification).identity(identity.iter().copied()).owned(["type"]);
        let outcome = blueprint.apply(&input, &contract);
        prop_assert_eq!(&blueprint.apply_traced(&input, &contract).0, &outcome);
        let Outcome::Mapped { body, .. } = outcome else {
            return Err(TestCaseError::fail("dropped"));
        };

        let mut found = Vec::new();
        let written = json!(body);
        texts(&[], &written, &mut found);
        prop_assert_eq!(&body.into_map(), written.as_object().unwrap());
        for (path, text) in found {
            prop_assert_ne!(&text, "secret", "{:?}", &path);
            if verification != Verification::Off && identity.iter().any(|field| lies_in(&path, field)) {
                prop_assert!(text == "verified" || text == "owner", "{:?} is {} in {}", path, text, written);
            }
            // The event's own name may be a type, under whatever verification.
            if lies_in(&path, "type") {
                prop_assert!(text == "owner" || text == "happened", "{:?} is {} in {}", path, text, written);
            }
        }
    }
}
