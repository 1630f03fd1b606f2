use serde_json::json;

use super::*;

/// Compiled by tsc beside it: `npm run types` in crates/browser.
const COMPILED: &str = include_str!("../../../../browser/js/profile/datafly-profile.d.ts");

fn key() -> PipelineKey {
    "dk_live_shop".parse().unwrap()
}

fn shape(types: &[&str], elements: &[&str]) -> Value {
    json!({ "types": types, "elements": elements })
}

#[test]
fn what_was_seen_is_written_as_it_is_compiled() {
    let answer = json!({ "providers": {
        "loyalty-club": { "Tier": shape(&["string"], &[]) },
        "ansira": {},
        "amperity": {
            "Persona": shape(&["string"], &[]),
            "LifetimeTier": shape(&["null", "string"], &[]),
            "Orders": shape(&["number"], &[]),
            "IsMember": shape(&["boolean"], &[]),
            "Brands": shape(&["array"], &["string"]),
            "Mixed": shape(&["array", "null"], &["null", "number", "array", "object"]),
            "Nothing": shape(&["array"], &[]),
            "Home": shape(&["object"], &[]),
            "Last Seen": shape(&[], &[]),
            "2nd \"best\"": shape(&["number", "string"], &[]),
        },
    }});
    let text = declarations(&key(), &providers(&answer)) + "\n";
    assert_eq!(text, COMPILED, "write this into the file:\n{text}");
}

#[test]
fn the_order_of_what_comes_in_changes_nothing() {
    let one = Provider {
        name: "b".to_owned(),
        attributes: BTreeMap::from([("x".to_owned(), Shape::default())]),
    };
    let two = Provider { name: "a".to_owned(), attributes: BTreeMap::new() };
    let text = declarations(&key(), &[one.clone(), two.clone()]);
    assert_eq!(text, declarations(&key(), &[two, one]));
    assert!(text.find("readonly a?").unwrap() < text.find("readonly b?").unwrap());
    assert!(text.contains("      readonly x?: Unseen;\n") && text.contains("type Unseen ="));
}

#[test]
fn an_answer_of_another_shape_has_no_providers() {
    assert!(providers(&json!(null)).is_empty());
    assert!(providers(&json!({"providers": []})).is_empty());
}
