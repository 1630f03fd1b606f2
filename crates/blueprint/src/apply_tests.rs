//! What a mapping does with an event.

use datafly_core::visitor::Verification;
use serde_json::{Map, Value, json};

use crate::{Blueprint, Contract, Input, Outcome, Trace, Visitor};

fn event() -> Value {
    json!({
        "type": "track", "event": "x", "userId": "u", "messageId": "m",
        "properties": {
            "price": "12.5", "flag": true, "empty": "", "nothing": null, "word": "Ja", "one": {"id": 7},
            "items": [{"id": 1, "name": "a"}, {"name": "b"}, "c", {"other": 1}], "email": "eve@x",
        },
        "traits": {"email": "eve@x", "tier": "gold"},
        "context": {"page": {"path": "/a"}, "consent": {"analytics": true, "vendor": "x"}},
    })
}

fn traced(mappings: &str, action: &str, contract: &Contract) -> (Value, Trace) {
    let text = format!(
        "version: 2\nparameters: {{unset: null}}\ndefaults: {{action: {action}}}\nevents: {{x: {{mappings: [{mappings}]}}}}"
    );
    let blueprint = Blueprint::parse(&text, "b").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let event = event();
    let attributes = json!({"amperity": {"Tier": "Gold", "Other": "x"}});
    let visitor = Visitor { canonical_id: Some("c"), ..Visitor::default() };
    let input =
        Input { event: &event, visitor: &visitor, partner_attrs: attributes.as_object().unwrap() };
    let (outcome, trace) = blueprint.apply_traced(&input, contract);
    let Outcome::Mapped { body, .. } = outcome else { panic!("{outcome:?}") };
    (body.into_map().into(), trace)
}

fn body(mappings: &str) -> Value {
    traced(mappings, "drop", &Contract::default()).0
}

#[test]
fn what_is_not_there_leaves_its_target_out() {
    for source in [
        "properties.none",
        "properties.empty",
        "properties.nothing",
        "parameters.unset",
        "visitor.email",
    ] {
        assert_eq!(body(&format!("{{source: {source}, target: a}}")), json!({}), "{source}");
        let default = format!("{{source: {source}, target: a, default: {{b: [1]}}}}");
        assert_eq!(body(&default), json!({"a": {"b": [1]}}), "{source}");
    }
}

#[test]
fn sources_are_tried_in_order_and_later_mappings_win() {
    assert_eq!(
        body("{source: [properties.none, properties.empty, userId, properties.word], target: a.b}"),
        json!({"a": {"b": "u"}})
    );
    let events = "version: 2\nglobal: {mappings: [{value: 1, target: a}, {value: 2, target: b}]}\n\
                  events: {x: {mappings: [{source: properties.none, target: a}, {value: 3, target: b}]}}";
    let blueprint = Blueprint::parse(events, "b").unwrap();
    let (event, visitor, attributes) = (event(), Visitor::default(), Map::new());
    let input = Input { event: &event, visitor: &visitor, partner_attrs: &attributes };
    let outcome = blueprint.apply(&input, &Contract::default());
    let Outcome::Mapped { body, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(json!(body), json!({"a": 1, "b": 3}));
}

#[test]
fn values_are_turned_in_order_and_then_mapped() {
    assert_eq!(
        body(
            "{source: properties.word, target: a, transform: [lowercase], value_map: {ja: yes, Ja: never}},\
             {source: properties.flag, target: b, value_map: {'true': GRANTED, 'false': DENIED}},\
             {source: properties.price, target: c, value_map: {'*': other}},\
             {source: properties.price, target: d, transform: number, value_map: {x: y}},\
             {source: properties.word, target: e, value_map: {Ja: null}},\
             {source: properties.word, target: z, value_map: {Ja: null}, default: 1},\
             {source: properties.word, target: f, transform: number},\
             {source: properties.word, target: g, transform: number, default: 0},\
             {source: properties.one, target: h, value_map: {'*': object}}"
        ),
        json!({"a": "yes", "b": "GRANTED", "c": "other", "d": 12.5, "g": 0, "h": "object"})
    );
}

#[test]
fn every_entry_of_a_list_is_mapped() {
    assert_eq!(
        body(
            "{source: properties.items, target: i, each: [{source: item.id, target: id}, {source: item.name, target: n.x},\
             {source: properties.price, target: p}, {value: 1, target: one}]},\
             {source: properties.items, target: names, each: {source: [item.name, item.other], transform: string}},\
             {source: properties.one, target: one, each: [{source: item.id, target: id}]},\
             {source: properties.word, target: none, each: [{source: item.id, target: id}]},\
             {source: properties.items, target: nothing, each: [{source: item.zzz, target: z}, {value: 1, target: o}]}"
        ),
        json!({
            "i": [{"id": 1, "n": {"x": "a"}, "p": "12.5", "one": 1}, {"n": {"x": "b"}, "p": "12.5", "one": 1}],
            "names": ["a", "b", "1"],
            "one": [{"id": 7}],
        })
    );
}

#[test]
fn a_list_is_mapped_as_far_as_its_limit() {
    let text = "version: 2\nevents: {x: {mappings: [{source: properties.l, target: l, each: {source: item}}]}}";
    let blueprint = Blueprint::parse(text, "b").unwrap();
    let event = json!({"event": "x", "properties": {"l": vec![1; 5_000]}});
    let (visitor, attributes) = (Visitor::default(), Map::new());
    let input = Input { event: &event, visitor: &visitor, partner_attrs: &attributes };
    let outcome = blueprint.apply(&input, &Contract::default());
    let Outcome::Mapped { body, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(body.into_map()["l"].as_array().unwrap().len(), super::MAX_ENTRIES);
}

#[test]
fn a_profile_s_attribute_leaves_where_it_is_named() {
    assert_eq!(
        body(
            "{source: partner_attrs.amperity.Tier, target: tier}, {source: partner_attrs.ansira.Tier, target: t}"
        ),
        json!({"tier": "Gold"})
    );
}

#[test]
fn pass_through_sends_what_no_mapping_names() {
    let contract = Contract::new(Verification::Required).identity(["email", "user_id"]);
    let mappings = "{source: properties.price, target: value}, {source: properties.one.id, target: items},\
                    {source: messageId, target: id}, {source: traits.tier, target: tier}";
    let (body, _) = traced(mappings, "pass_through", &contract);
    assert_eq!(
        body,
        json!({
            "value": "12.5", "items": 7, "id": "m", "tier": "gold", "flag": true, "empty": "", "word": "Ja",
            "one": {"id": 7}, "unverified_email": "eve@x", "unverified_user_id": "u",
        })
    );
}

#[test]
fn consent_is_forwarded_whatever_is_mapped_there() {
    let contract = Contract::new(Verification::Required).forwarding_consent();
    for mappings in
        ["", "{value: all, target: consent}", "{value: true, target: consent.marketing}"]
    {
        let (body, _) = traced(mappings, "drop", &contract);
        assert_eq!(body, json!({"consent": {"analytics": true}}), "{mappings}");
    }
    assert_eq!(traced("", "drop", &Contract::default()).0, json!({}));
}

#[test]
fn a_trace_tells_all_of_it_and_no_value() {
    let contract =
        Contract::new(Verification::Required).identity(["email", "o.id"]).forwarding_consent();
    let mappings = "{source: [visitor.email, traits.email], target: email}, {source: properties.none, target: n},\
                    {source: properties.word, target: w, transform: number}, {source: properties.one, target: o},\
                    {source: properties.items, target: i, each: [{source: item.id, target: id}]},\
                    {value: 1, target: constant}, {value: x, target: flag}";
    let (_, trace) = traced(mappings, "pass_through", &contract);
    let told: Vec<_> = trace.steps().iter().map(ToString::to_string).collect();
    let expected = [
        "traits.email -> email: written as `unverified_email`, because it is not verified",
        "n: left out: no source is there",
        "w: left out: `number` can make nothing of the value",
        "properties.one -> o.id: written as `o.unverified_id`, because it is not verified",
        "properties.one -> o: written",
        "item.id -> i[].id: written",
        "i[].id: left out: no source is there",
        "properties.items -> i: written",
        "constant: written",
        "flag: written",
        "properties.email (passed through) -> email: left out: a mapping has written that name",
        "properties.empty (passed through) -> empty: written",
        "properties.flag (passed through) -> flag: left out: a mapping has written that name",
        "properties.price (passed through) -> price: written",
        "traits.tier (passed through) -> tier: written",
        "user_id (passed through) -> user_id: written",
        "message_id (passed through) -> message_id: written",
        "context.consent (passed through) -> consent: written",
    ];
    assert_eq!(told, expected);
}
