//! How an event names its person, and under which linking keys.

use data_encoding::HEXLOWER;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

pub(crate) const EMAIL: &str = "email";
pub(crate) const EMAIL_SHA256: &str = "email_sha256";
pub(crate) const PHONE: &str = "phone";
pub(crate) const PHONE_SHA256: &str = "phone_sha256";
pub(crate) const CUSTOMER_ID: &str = "customer_id";
pub(crate) const DEVICE_COOKIE: &str = "device_cookie";

/// One linking key and its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identifier {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Identifier {
    pub(crate) fn new(key: &str, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }

    /// True for what names a browser rather than a person.
    pub(crate) fn is_device(&self) -> bool {
        self.key == DEVICE_COOKIE
    }
}

/// SHA-256 of the value in lower case without surrounding space, as lower-case hex.
pub(crate) fn normalised_sha256(value: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(value.trim().to_lowercase().as_bytes()))
}

/// The identifiers of an event, strongest first: customer id, email, phone, device cookie.
///
/// Email and phone link under their own key and their hashed one. A value that already is a SHA-256
/// links under the hashed key alone. A field that is named like a linking key links under that key.
pub(crate) fn of_event(event: &Map<String, Value>) -> Vec<Identifier> {
    let text = |name: &str| {
        event.get(name).and_then(Value::as_str).filter(|value| !value.trim().is_empty())
    };
    let mut found = Vec::new();
    for field in ["user_id", CUSTOMER_ID] {
        found.extend(text(field).map(|value| Identifier::new(CUSTOMER_ID, value)));
    }
    for (plain, hashed) in [(EMAIL, EMAIL_SHA256), (PHONE, PHONE_SHA256)] {
        if let Some(value) = text(plain) {
            if is_sha256(value) {
                found.push(Identifier::new(hashed, value));
            } else {
                found.push(Identifier::new(plain, value));
                found.push(Identifier::new(hashed, normalised_sha256(value)));
            }
        }
        found.extend(text(hashed).map(|value| Identifier::new(hashed, value)));
    }
    for field in ["cookieid", DEVICE_COOKIE] {
        found.extend(text(field).map(|value| Identifier::new(DEVICE_COOKIE, value)));
    }
    found
}

fn is_sha256(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(event: Value) -> Vec<(String, String)> {
        let Value::Object(event) = event else { panic!("not an object") };
        of_event(&event).into_iter().map(|id| (id.key, id.value)).collect()
    }

    #[test]
    fn hashes_ignore_case_and_surrounding_space() {
        assert_eq!(normalised_sha256(" Vera@Example.COM "), normalised_sha256("vera@example.com"));
        assert_eq!(
            normalised_sha256(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn an_email_links_plain_and_hashed() {
        let hash = normalised_sha256("a@b.c");
        assert_eq!(
            keys(json!({"email": "A@b.c", "cookieid": "c1", "user_id": "u"})),
            [
                ("customer_id".into(), "u".into()),
                ("email".into(), "A@b.c".into()),
                ("email_sha256".into(), hash.clone()),
                ("device_cookie".into(), "c1".into()),
            ]
        );
        assert_eq!(keys(json!({"email": hash})), [("email_sha256".to_owned(), hash.clone())]);
    }

    #[test]
    fn empty_and_non_text_values_name_nobody() {
        assert!(keys(json!({"email": " ", "user_id": 5, "cookieid": null})).is_empty());
    }
}
