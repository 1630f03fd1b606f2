use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::arbitrary::{any_attributes, any_json};
use crate::attributes::Attributes;

/// The seed's example, as it writes it.
const SEED: &str = r#"[
  {"source": "properties.category", "target": "pageCategory"},
  {"source": "properties.value",    "target": "cartValue"},
  {"source": "context.page.path",   "target": "pagePath"},
  {"source": "partner_attrs.amperity.LifetimeTier", "target": "tierHint"}
]"#;

fn seed() -> ContextMappings {
    serde_json::from_value(json!(SEED)).unwrap()
}

fn mappings(json: Value) -> ContextMappings {
    serde_json::from_value(json).unwrap()
}

fn typed() -> ContextMappings {
    mappings(json!([
        {"source": "properties.category", "target": "pageCategory", "type": "string"},
        {"source": "properties.value", "target": "cartValue", "type": "number"},
        {"source": "properties.sale", "target": "onSale", "type": "boolean"},
    ]))
}

fn attributes(json: Value) -> Attributes {
    serde_json::from_value(json).unwrap()
}

fn texts(values: &ContextValues) -> Vec<String> {
    values.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[test]
fn the_seed_s_mappings_take_what_the_event_has() {
    let event = json!({
        "properties": {"category": "shoes", "value": 120.0},
        "context": {"page": {"path": "/sale"}},
    });
    let values = seed().of_event(&event);
    assert_eq!(texts(&values), ["cartValue=120", "pageCategory=shoes", "pagePath=/sale"]);
}

#[test]
fn values_of_the_declared_type_within_their_cap_pass() {
    let values = typed().of_event(
        &json!({"properties": {"category": "shoes", "value": 12.5, "sale": true, "x": 1}}),
    );
    assert_eq!(texts(&values), ["cartValue=12.5", "onSale=true", "pageCategory=shoes"]);
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
        assert!(typed().of_event(&event).is_empty(), "{event}");
        if event["properties"]["category"] != 7 {
            assert!(seed().of_event(&event).is_empty(), "{event}");
        }
    }
}

#[test]
fn what_a_page_writes_under_partner_attrs_is_never_read() {
    let event = json!({"partner_attrs": {"amperity": {"LifetimeTier": "Gold"}}});
    assert!(seed().of_event(&event).is_empty());
    // Nor is it where it came in by the record.
    let planted: ContextValues = serde_json::from_value(json!({"tierHint": "Gold"})).unwrap();
    assert!(seed().complete(&planted, "amperity", &Attributes::new()).is_empty());
}

#[test]
fn the_vendor_s_attributes_complete_the_event_s_values() {
    let from_event = seed().of_event(&json!({"properties": {"category": "shoes"}}));
    let attributes = attributes(json!({"LifetimeTier": "Silver", "Persona": "x"}));
    let complete = |provider: &str| seed().complete(&from_event, provider, &attributes);
    assert_eq!(texts(&complete("amperity")), ["pageCategory=shoes", "tierHint=Silver"]);
    assert_eq!(texts(&complete("algonomy")), ["pageCategory=shoes"]);
}

#[test]
fn nested_attributes_are_reached_and_caps_hold_for_them() {
    let mappings = mappings(json!([
        {"source": "partner_attrs.amperity.Tiers[1].name", "target": "tier", "max_bytes": 4},
    ]));
    let tier = |name: &str| {
        let attributes = attributes(json!({"Tiers": [{}, {"name": name}]}));
        mappings.complete(&ContextValues::default(), "amperity", &attributes)
    };
    assert_eq!(texts(&tier("Gold")), ["tier=Gold"]);
    assert!(tier("Silver").is_empty());
}

#[test]
fn kept_values_count_only_while_they_are_mapped_and_fit() {
    let kept = json!({"pageCategory": "shoes", "cartValue": "12", "old": 1, "onSale": true});
    let kept: ContextValues = serde_json::from_value(kept).unwrap();
    let complete = typed().complete(&kept, "amperity", &Attributes::new());
    assert_eq!(texts(&complete), ["onSale=true", "pageCategory=shoes"]);
}

#[test]
fn sources_of_many_values_are_told_by_their_last_name() {
    let looks = |source: &str| {
        let one = mappings(json!([{"source": source, "target": "t"}]));
        one.iter().all(ContextMapping::looks_high_entropy)
    };
    for source in [
        "context.page.url",
        "context.page.search",
        "properties.query",
        "context.page.referrer",
        "timestamp",
        "messageId",
        "message_id",
        "properties.products[0].id",
        "context.sessionId",
        "user_id",
        "context.user_agent",
        "traits.email",
        "properties.id[0]",
    ] {
        assert!(looks(source), "{source}");
    }
    for source in
        ["context.page.path", "properties.category", "properties.value", "properties.category_id"]
    {
        assert!(!looks(source), "{source}");
    }
}

#[test]
fn sources_of_vendors_are_told_from_names_that_begin_alike() {
    for (source, partner, attribute) in [
        ("partner_attrs.amperity.Tier", true, Some("Tier")),
        ("partner_attrs.amperity.Tiers[0].name", true, Some("Tiers")),
        ("partner_attrs.amperity_personalized.Tier", true, None),
        ("partner_attrs.amperity", true, None),
        ("partner_attrs", true, None),
        ("partner_attrs[0].amperity.Tier", true, None),
        ("partner_attrs_x.amperity.Tier", false, None),
        ("properties.partner_attrs.amperity.Tier", false, None),
    ] {
        let list = mappings(json!([{"source": source, "target": "t"}]));
        let mapping = list.iter().next().unwrap();
        assert_eq!(mapping.reads_partner_attrs(), partner, "{source}");
        assert_eq!(mapping.attribute_of("amperity").as_deref(), attribute, "{source}");
    }
}

#[test]
fn mistakes_say_what_to_write() {
    let entry = |target: &str| json!({"source": "a", "target": target});
    let many: Vec<_> = (0..=MAX_MAPPINGS).map(|n| entry(&n.to_string())).collect();
    for (written, part) in [
        (json!(many), "there are 17 entries: write at most 16"),
        (json!([entry("a"), entry(" ")]), "entry 1 has an empty `target`"),
        (json!([entry("a\nb")]), "control characters"),
        (json!([entry(&"a".repeat(MAX_TARGET_BYTES + 1))]), "over 128 bytes"),
        (json!([entry("a"), entry("a")]), "two entries have the target `a`"),
        (json!([{"source": "a", "target": "b", "max_bytes": 1025}]), "write 1 to 1024"),
        (json!([{"source": "a", "target": "b", "max_bytes": 0}]), "write 1 to 1024"),
        (json!([{"source": "a", "target": "b", "tpye": "number"}]), "tpye"),
        (json!([{"source": "a..b", "target": "b"}]), "a name is missing at byte 2"),
        (json!("[{]"), "the JSON text does not fit"),
        (json!(7), "a list of {source, target, type, max_bytes}"),
    ] {
        let error = serde_json::from_value::<ContextMappings>(written).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn type_is_part_of_the_hash() {
    let of = |value: ContextValue| ContextValues([("k".to_owned(), value)].into()).hash();
    assert_ne!(of(ContextValue::Boolean(true)), of(ContextValue::String("\u{1}".to_owned())));
    assert_eq!(
        seed().of_event(&json!({"properties": {"value": -0.0}})).hash(),
        seed().of_event(&json!({"properties": {"value": 0}})).hash()
    );
}

#[test]
fn values_are_stored_as_a_plain_object() {
    let values = typed()
        .of_event(&json!({"properties": {"category": "shoes", "value": 12.5, "sale": true}}));
    let stored = serde_json::to_string(&values).unwrap();
    assert_eq!(stored, r#"{"cartValue":12.5,"onSale":true,"pageCategory":"shoes"}"#);
    let read: ContextValues = serde_json::from_str(&stored).unwrap();
    assert_eq!((read.hash(), &read), (values.hash(), &values));
    assert!(serde_json::from_str::<ContextValues>(r#"{"a":null}"#).is_err());
}

proptest! {
    #[test]
    fn equal_values_have_equal_hashes_and_others_do_not(a in any_json(), b in any_json()) {
        let of = |value: &Value| typed().of_event(&json!({"properties": {
            "category": value, "value": value, "sale": value}}));
        prop_assert_eq!(of(&a) == of(&b), of(&a).hash() == of(&b).hash());
    }

    #[test]
    fn any_event_and_any_profile_give_values_within_their_caps(
        value in any_json(), attributes in any_attributes(),
    ) {
        let mappings = mappings(json!([
            {"source": "properties.a", "target": "a", "max_bytes": 16},
            {"source": "partner_attrs.amperity.Persona", "target": "p", "max_bytes": 16},
        ]));
        let from_event = mappings.of_event(&json!({"properties": {"a": value}}));
        let complete = mappings.complete(&from_event, "amperity", &attributes);
        for (name, value) in complete.iter() {
            prop_assert!(["a", "p"].contains(&name));
            if let ContextValue::String(text) = value {
                prop_assert!(text.len() <= 16 && !text.chars().any(char::is_control));
            }
        }
        // Nothing of the event is lost on the way.
        let kept = from_event.iter().all(|value| complete.iter().any(|other| other == value));
        prop_assert!(kept);
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
