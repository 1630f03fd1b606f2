use proptest::prelude::*;

use super::*;

fn nobody() -> Identifiers {
    Identifiers {
        canonical_id: Some(CanonicalId::from_random_bytes([1; 16])),
        anonymous_id: None,
        user_id: None,
        email: None,
        phone: None,
    }
}

fn key(source: Source, hash: Option<Hash>) -> LinkingKey {
    LinkingKey { source, key: "k".into(), hash }
}

#[test]
fn the_seed_s_json_and_native_tables_read_the_same() {
    let seed = r#"[
      {"source": "email", "key": "email_sha256", "hash": "sha256"},
      {"source": "canonical_id", "key": "device_cookie"},
      {"source": "user_id", "key": "customer_id"}
    ]"#;
    let native: LinkingKeys = serde_json::from_str(seed).unwrap();
    let text: LinkingKeys = serde_json::from_value(serde_json::Value::from(seed)).unwrap();
    assert_eq!(native, text);
    assert_eq!(
        native.iter().map(|key| &*key.key).collect::<Vec<_>>(),
        ["email_sha256", "device_cookie", "customer_id"]
    );
}

#[test]
fn mistakes_are_named() {
    for (json, part) in [
        (r#"[{"source":"mail","key":"k"}]"#, "unknown variant `mail`"),
        (r#"[{"source":"email","key":"k","hsah":"sha256"}]"#, "unknown field `hsah`"),
        (r#"[{"source":"email","key":" "}]"#, "entry 0 has an empty `key`"),
        (r#""[{""#, "the JSON text does not fit"),
        ("7", "a list of {source, key, hash}"),
    ] {
        let error = serde_json::from_str::<LinkingKeys>(json).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn sha256_is_of_the_trimmed_lower_cased_value() {
    let mut who = nobody();
    who.email = Some(Identifier::new("  John_Smith@Gmail.com ").unwrap());
    let sent = key(Source::Email, Some(Hash::Sha256)).value_of(&who).unwrap();
    // The vector of Meta's documentation for john_smith@gmail.com (domain facts 6.1).
    assert_eq!(
        sent.value.expose(),
        "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
    );
}

#[test]
fn every_source_is_read_and_empty_ones_are_skipped() {
    let who = Identifiers {
        anonymous_id: Some(Identifier::new("a").unwrap()),
        user_id: Some(Identifier::new("u").unwrap()),
        email: Some(Identifier::new("e").unwrap()),
        phone: Some(Identifier::new("p").unwrap()),
        ..nobody()
    };
    let canonical = who.canonical_id.unwrap().to_string();
    let sources = [
        (Source::CanonicalId, canonical.as_str(), true),
        (Source::AnonymousId, "a", true),
        (Source::UserId, "u", false),
        (Source::Email, "e", false),
        (Source::Phone, "p", false),
    ];
    for (source, value, always) in sources {
        assert_eq!(key(source, None).value_of(&who).unwrap().value.expose(), value);
        assert_eq!(key(source, None).value_of(&nobody()).is_some(), always, "{source:?}");
    }
    let keys: LinkingKeys = sources.map(|(source, ..)| key(source, None)).into_iter().collect();
    assert_eq!(keys.values_of(&nobody()).count(), 2);
}

#[test]
fn a_key_s_value_is_not_printed() {
    let mut who = nobody();
    who.email = Some(Identifier::new("jane@example.com").unwrap());
    let sent = key(Source::Email, None).value_of(&who).unwrap();
    assert!(!format!("{sent:?} {who:?}").contains("jane"));
}

proptest! {
    #[test]
    fn hashing_forgets_case_and_surrounding_space(text in "[a-zA-Z0-9@.+]{1,40}") {
        let hashed = |text: String| {
            let mut who = nobody();
            who.email = Some(Identifier::new(text).unwrap());
            key(Source::Email, Some(Hash::Sha256)).value_of(&who).unwrap().value
        };
        prop_assert_eq!(hashed(text.clone()), hashed(format!("  {} ", text.to_uppercase())));
        prop_assert_eq!(hashed(text).expose().len(), 64);
    }
}
