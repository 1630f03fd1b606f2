//! What is said of files with mistakes, and how layers lie on each other.

use datafly_core::visitor::Verification;
use serde_json::{Map, Value, json};

use crate::{Blueprint, Contract, Dropped, Input, Mistakes, Outcome, Visitor};

fn said(text: &str) -> Vec<String> {
    let mistakes = Blueprint::parse(text, "b.yaml").err();
    mistakes.iter().flat_map(Mistakes::iter).map(ToString::to_string).collect()
}

fn outcome<T>(blueprint: &Blueprint, event: &Value, read: impl FnOnce(Outcome<'_>) -> T) -> T {
    let (visitor, attributes) = (Visitor::default(), Map::new());
    let input = Input { event, visitor: &visitor, partner_attrs: &attributes };
    read(blueprint.apply(&input, &Contract::new(Verification::Off)))
}

fn body(text: &str, event: &Value) -> Value {
    let blueprint = Blueprint::parse(text, "b").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    outcome(&blueprint, event, |outcome| match outcome {
        Outcome::Mapped { body, .. } => body.into_map().into(),
        Outcome::Dropped(reason) => panic!("{reason}"),
    })
}

#[test]
fn every_mistake_is_found_with_its_place_and_what_to_write() {
    let text = "\
version: 1
delivery_mode: client_side
extends: retial
parameters: {list: [1]}
globals: {}
global:
  enrichments: [geo]
  mappings:
    - {sorce: properties.a, target: a}
    - {source: propertys.a, target: b}
    - {source: properties.a, target: c..d}
    - {source: properties.a, transform: sha265, target: e}
    - {source: properties.a, format: epoch_seconds, target: f}
    - {source: properties.a, transform: date_format, target: g}
    - {source: properties.a, transform: date_format, format: epoch, target: h}
    - {source: properties.a, value: 1, target: i}
    - {value: 1, transform: trim, target: j}
    - {source: properties.a}
    - {source: [properties.b, properties.b], target: k}
    - {source: properties.c, target: k}
    - {source: parameters.lits, target: l}
    - {source: properties.l, target: m, each: {source: item.a, target: n}, transform: trim}
    - {source: properties.l, target: o, each: [{source: item.a, target: p, each: []}]}
    - {source: properties.a, target: q, value_map: {x: [1]}}
    - text
defaults:
  action: passthrough
events:
  a: {aliases: [b], enabled: maybe}
  b: {vendor_event_nam: x}
";
    let expected = [
        "line 1, column 10: `version`: this language is `version: 2`",
        "line 2, column 16: `delivery_mode`: only `server_side` is supported",
        "line 3, column 10: `extends`: no blueprint of that name is shipped: did you mean `retail`?",
        "line 4, column 20: `parameters.list`: a parameter is a text",
        "line 5, column 1: `globals`: unknown key: did you mean `global`?",
        "line 7, column 16: `global.enrichments`: the server attaches the profiles",
        "line 9, column 7: `global.mappings[0].source`: it has neither",
        "line 9, column 8: `global.mappings[0].sorce`: unknown key: did you mean `source`?",
        "line 10, column 16: `global.mappings[1].source`: no source begins with `propertys`: did you mean `properties`?",
        "line 11, column 38: `global.mappings[2].target`: a name is missing",
        "line 12, column 41: `global.mappings[3].transform`: there is no such transform: did you mean `sha256`?",
        "line 13, column 38: `global.mappings[4].format`: only a time has a format",
        "line 14, column 7: `global.mappings[5].format`: `date_format` needs it",
        "line 15, column 62: `global.mappings[6].format`: there is no such format",
        "line 16, column 16: `global.mappings[7].source`: it has both",
        "line 17, column 29: `global.mappings[8].transform`: a constant is sent as it is",
        "line 18, column 7: `global.mappings[9].target`: it is missing",
        "line 19, column 31: `global.mappings[10].source[1]`: it is already named",
        "line 20, column 7: `global.mappings[11]`: `k` is already written in line 19",
        "line 21, column 7: there is no parameter `lits`: write it under `parameters`",
        "line 22, column 72: `global.mappings[13].each.target`: a single mapping makes a list of values",
        "line 22, column 87: `global.mappings[13].transform`: not beside `each`",
        "line 23, column 82: `global.mappings[14].each[0].each`: a list inside of a list",
        "line 24, column 56: `global.mappings[15].value_map.x`: a value map maps to",
        "line 25, column 7: `global.mappings[16]`: it must be a section",
        "line 27, column 11: `defaults.action`: did you mean `pass_through`?",
        "line 29, column 30: `events.a.enabled`: write `true` or `false`",
        "line 30, column 3: `events.b`: `b` already has a section, by line 29",
        "line 30, column 7: `events.b.vendor_event_nam`: unknown key: did you mean `vendor_event_name`?",
    ];
    let said = said(text);
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.starts_with(expected), "{said}\ninstead of\n{expected}");
    }
    assert_eq!(said.len(), expected.len(), "{said:#?}");
}

#[test]
fn what_the_language_needs_is_said_when_it_is_missing() {
    assert!(said("events: {}")[0].contains("`version`: it is missing: write `version: 2`"));
    assert!(said("- a")[0].contains("it must be a section"));
    assert!(
        said("version: 2\ndefaults: {mappings: [{value: 1, target: a}]}")[0]
            .contains("`defaults.mappings`: these are for events without a section")
    );
    let many = (0..300).fold(String::new(), |text, n| text + &format!("k{n}: 1\n"));
    let mistakes = Blueprint::parse(&many, "b.yaml").unwrap_err().to_string();
    assert!(mistakes.ends_with("b.yaml: and 201 more"), "{mistakes}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let mapping = |mapping: &str| said(&format!("version: 2\nglobal: {{mappings: [{mapping}]}}"));
    let many: Vec<_> = (0..17).map(|n| format!("properties.p{n}")).collect();
    for (written, expected) in [
        ("{source: [], target: a}".to_owned(), "name 1 to 16 paths"),
        (format!("{{source: [{}], target: a}}", many.join(", ")), "name 1 to 16 paths"),
        (
            "{source: properties.l, target: l, default: [], each: {source: item}}".to_owned(),
            "`global.mappings[0].default`: not beside `each`",
        ),
        (
            "{value: 1, target: a, each: {source: item}}".to_owned(),
            "`global.mappings[0].value`: not beside",
        ),
    ] {
        let said = mapping(&written);
        assert!(said.len() == 1 && said[0].contains(expected), "{written}: {said:?}");
    }
}

#[test]
fn documented_but_empty_stages_and_sections_may_stay() {
    let text = "version: 2\ndelivery_mode: server_side\nparameters: {}\n\
                global: {mappings: [], enrichments: [], transforms: []}\n\
                defaults: {action: drop, mappings: []}\nevents:\n  x: {enrichments: [], transforms: []}\n  y:\n";
    assert_eq!(body(text, &json!({"event": "x"})), json!({}));
    assert_eq!(body(text, &json!({"event": "y"})), json!({}));
}

#[test]
fn an_event_is_found_by_its_name_its_aliases_or_its_kind() {
    let text = "version: 2\nevents: {page: {}, Order Completed: {aliases: [purchase], vendor_event_name: Purchase}, \
                off: {enabled: false}}";
    let blueprint = Blueprint::parse(text, "b").unwrap();
    for (event, expected) in [
        (json!({"type": "page", "event": "x"}), Ok("page")),
        (json!({"type": "track", "event": "Order Completed"}), Ok("Purchase")),
        (json!({"event": "purchase"}), Ok("Purchase")),
        (json!({"event": "Purchase"}), Err(Dropped::NotListed)),
        (json!({"event": "off"}), Err(Dropped::Disabled)),
        (json!({"type": "track"}), Err(Dropped::Nameless)),
        (json!([1]), Err(Dropped::Nameless)),
    ] {
        let name = outcome(&blueprint, &event, |outcome| match outcome {
            Outcome::Mapped { event_name, .. } => Ok(event_name.to_owned()),
            Outcome::Dropped(reason) => Err(reason),
        });
        assert_eq!(name, expected.map(str::to_owned), "{event}");
    }
}

#[test]
fn a_file_lies_on_top_of_the_one_it_extends() {
    let text = "version: 2\nextends: retail\nparameters: {source_value: MINE, own: 5}\n\
                global: {mappings: [{source: parameters.own, target: own}, {value: fixed, target: page_path}]}\n\
                events:\n  Product Viewed: {mappings: [{value: mine, target: item_name}]}\n  \
                purchase: {enabled: false}\n  gift: {vendor_event_name: gift_card}\n";
    let viewed =
        json!({"event": "Product Viewed", "properties": {"name": "Boot", "product_id": "1"}});
    assert_eq!(
        body(text, &viewed),
        json!({"source": "MINE", "type": "view_item", "event": "Product Viewed", "own": 5, "page_path": "fixed",
               "item_name": "mine", "item_id": "1"})
    );
    // The section names one of the event's names, so the others are as they were.
    assert_eq!(
        body(text, &json!({"event": "view_item", "properties": {"name": "Boot"}}))["item_name"],
        "Boot"
    );
    assert_eq!(body(text, &json!({"event": "gift"}))["type"], "gift_card");
    let blueprint = Blueprint::parse(text, "b").unwrap();
    let dropped = |event: &str| {
        outcome(&blueprint, &json!({ "event": event }), |outcome| match outcome {
            Outcome::Mapped { .. } => None,
            Outcome::Dropped(reason) => Some(reason),
        })
    };
    assert_eq!(dropped("purchase"), Some(Dropped::Disabled));
    assert_eq!(dropped("Order Completed"), None);
}

#[test]
fn a_parameter_is_set_by_its_name() {
    let mut blueprint = Blueprint::shipped("retail").unwrap().unwrap();
    blueprint.set("source_value", json!("DATAFLY")).unwrap();
    let error = blueprint.set("sourcevalue", json!(1)).unwrap_err().to_string();
    assert!(error.contains("did you mean `source_value`?"), "{error}");
    let mut bare = Blueprint::parse("version: 2", "b").unwrap();
    assert!(bare.set("a", json!(1)).unwrap_err().to_string().contains("it has none"));
}
