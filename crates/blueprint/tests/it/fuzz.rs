//! Random blueprints, structured and raw: none breaks the parser, every refusal has a place in the file, and what is
//! accepted can be applied to any event. 3,000 of them, or as many as `DATAFLY_FUZZ_REQUESTS` says.

use datafly_blueprint::{Blueprint, Contract, Coverage, Input, Visitor, shipped};
use datafly_core::visitor::Verification;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    prop::sample::select(texts).prop_map(str::to_owned)
}

/// A value as YAML in one line: words of the language where they belong and where they do not.
fn yaml() -> impl Strategy<Value = String> {
    let key = one_of(&[
        "version",
        "extends",
        "parameters",
        "global",
        "defaults",
        "events",
        "mappings",
        "source",
        "target",
        "value",
        "default",
        "transform",
        "format",
        "value_map",
        "each",
        "aliases",
        "enabled",
        "action",
        "vendor_event_name",
        "'*'",
        "purchase",
        "? [a]",
        "\"\\u0000\"",
        "*a",
        "&a b",
        "<<",
    ]);
    let leaf = prop_oneof![
        6 => one_of(&[
            "2", "retail", "shared", "drop", "pass_through", "properties.a", "visitor.email", "traits.email",
            "partner_attrs.amperity.Tier", "item.a", "parameters.p", "event_name", "email", "user.email",
            "date_format", "sha256", "epoch_seconds", "true", "null", "", "~", "1e999", "'x'", "*a", "&a x", "!!str 1",
            "properties.items", "a.b.c", "__proto__", "count", "list", "join",
        ]),
        1 => "[ -~]{0,12}",
        1 => any::<String>(),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..5).prop_map(|list| format!("[{}]", list.join(", "))),
            3 => prop::collection::vec((key.clone(), inner), 0..6).prop_map(|fields| {
                let fields: Vec<_> = fields.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", fields.join(", "))
            }),
        ]
    })
}

/// A file that is near enough to a blueprint to be accepted now and then.
fn near() -> impl Strategy<Value = String> {
    let source = one_of(&[
        "properties.a",
        "[visitor.email, traits.email]",
        "properties.items",
        "user_id",
        "partner_attrs.amperity.Tier",
        "properties",
        "event_name",
        "context.consent",
        "parameters.p",
        "visitor.canonical_id",
        "traits",
        "visitor.mail",
    ]);
    let target = one_of(&[
        "a",
        "email",
        "user.email",
        "consent",
        "type",
        "a.b.c",
        "b",
        "user",
        "EMAIL",
        "__proto__",
    ]);
    let rest = one_of(&[
        "",
        ", transform: [trim, sha256]",
        ", transform: date_format, format: epoch_micros",
        ", transform: [list, count]",
        ", value_map: {a: 1, '*': null}",
        ", default: {email: x}",
        ", each: [{source: item.a, target: email}]",
        ", each: {source: item}",
        ", eech: 1",
    ]);
    let mapping = (source, target, rest).prop_map(|(source, target, rest)| {
        format!("  - {{source: {source}, target: '{target}'{rest}}}\n")
    });
    let mappings = prop::collection::vec(mapping, 0..4);
    let extends =
        one_of(&["", "", "extends: retail\n", "extends: ga4/retail\n", "extends: retial\n"]);
    let action = one_of(&["drop", "pass_through", "pass_through", "pass"]);
    (extends, action, mappings.clone(), mappings).prop_map(|(extends, action, global, own)| {
        format!(
            "version: 2\n{extends}parameters: {{p: 1}}\ndefaults: {{action: {action}}}\nglobal:\n  mappings:\n{}\
             events:\n  purchase:\n    aliases: [x]\n    mappings:\n{}",
            global.concat().replace("  - ", "    - "),
            own.concat().replace("  - ", "    - "),
        )
    })
}

fn file() -> impl Strategy<Value = String> {
    // A shipped file with a piece cut out or put in.
    let torn = (
        prop::sample::select(shipped::names().collect::<Vec<_>>()),
        any::<[u16; 2]>(),
        "[ -~\n\t]{0,6}",
    )
        .prop_map(|(name, [from, length], put)| {
            let text: Vec<char> = shipped::text(name).unwrap().chars().collect();
            let from = usize::from(from) % text.len();
            let to = (from + usize::from(length % 40)).min(text.len());
            text[..from].iter().collect::<String>() + &put + &text[to..].iter().collect::<String>()
        });
    prop_oneof![
        4 => near(),
        3 => yaml(),
        2 => torn,
        1 => "[ -~\n\t]{0,300}",
        1 => any::<String>(),
    ]
}

#[test]
fn random_blueprints_never_break_the_parser() {
    let count = option_env!("DATAFLY_FUZZ_REQUESTS").and_then(|n| n.parse().ok()).unwrap_or(3_000);
    let mut runner = TestRunner::deterministic();
    let files = file();
    let event = json!({
        "type": "track", "event": "purchase", "userId": "u",
        "properties": {"a": "1", "items": [{"a": 1}, 2, [3]], "email": "e", "__proto__": {}},
        "traits": {"email": "e"}, "context": {"consent": {"analytics": true}},
    });
    let (visitor, attributes) = (Visitor::default(), Map::<String, Value>::new());
    let input = Input { event: &event, visitor: &visitor, partner_attrs: &attributes };
    let contract = Contract::new(Verification::Required).identity(["email", "user.email"]);
    let (mut accepted, mut refused) = (0, 0);
    for n in 0..count {
        let text = files.new_tree(&mut runner).unwrap().current();
        match Blueprint::parse(&text, "fuzz") {
            Ok(blueprint) => {
                accepted += 1;
                let (_, trace) = blueprint.apply_traced(&input, &contract);
                Coverage::new(&blueprint).add(&trace);
                let _ = blueprint.explain("user.email", &contract).to_string();
            }
            Err(mistakes) => {
                refused += 1;
                let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count();
                assert!(mistakes.iter().count() > 0, "file {n}: {text:?}");
                for mistake in mistakes.iter() {
                    let place = mistake.place;
                    assert!((1..=lines + 1).contains(&place.line), "file {n}: {mistake}\n{text:?}");
                    assert!(place.column >= 1 && !mistake.text.is_empty(), "file {n}: {mistake}");
                }
            }
        }
    }
    // The generator reaches both sides.
    assert!(
        accepted * 20 > count && refused * 20 > count,
        "{accepted} accepted, {refused} refused"
    );
}
