//! Transforms of texts.

use std::borrow::Cow;

use datafly_core::linking_key::sha256_hex;
use serde_json::Value;

/// Most digits of a phone number, by E.164.
const MAX_PHONE_DIGITS: usize = 15;

/// A scalar as text; `None` for null, lists and objects.
pub(crate) fn of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(true) => Some("true".into()),
        Value::Bool(false) => Some("false".into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An empty text says nothing, and vendors take its hash for a person.
fn unless_empty(text: String) -> Option<Value> {
    (!text.is_empty()).then(|| text.into())
}

fn letters(value: &Value, keep: impl Fn(char) -> bool) -> Option<Value> {
    unless_empty(of(value)?.chars().filter(|letter| keep(*letter)).collect())
}

pub(super) fn string(value: &Value) -> Option<Value> {
    Some(of(value)?.into_owned().into())
}

pub(super) fn trim(value: &Value) -> Option<Value> {
    unless_empty(of(value)?.trim().to_owned())
}

pub(super) fn lowercase(value: &Value) -> Option<Value> {
    unless_empty(of(value)?.to_lowercase())
}

pub(super) fn uppercase(value: &Value) -> Option<Value> {
    unless_empty(of(value)?.to_uppercase())
}

pub(super) fn alphanumeric(value: &Value) -> Option<Value> {
    letters(value, char::is_alphanumeric)
}

pub(super) fn digits(value: &Value) -> Option<Value> {
    letters(value, |letter| letter.is_ascii_digit())
}

fn phone_digits(value: &Value) -> Option<String> {
    // The zero that is dialled only inside of the country.
    let text = of(value)?.replace("(0)", "");
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    (!digits.is_empty()).then(|| digits.to_owned())
}

pub(super) fn phone(value: &Value) -> Option<Value> {
    Some(phone_digits(value)?.into())
}

pub(super) fn phone_e164(value: &Value) -> Option<Value> {
    let digits = phone_digits(value).filter(|digits| digits.len() <= MAX_PHONE_DIGITS)?;
    Some(format!("+{digits}").into())
}

pub(super) fn sha256(value: &Value) -> Option<Value> {
    let text = of(value)?;
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    // Hashed by the site: hashing it again would match nobody.
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(text.to_ascii_lowercase().into());
    }
    Some(sha256_hex(text).into())
}

pub(super) fn ga_client_id(value: &Value) -> Option<Value> {
    let text = of(value)?;
    let parts: Vec<&str> = text.split('.').collect();
    match parts.as_slice() {
        [version, _, random, time] if version.starts_with("GA") => {
            Some(format!("{random}.{time}").into())
        }
        _ => Some(text.into_owned().into()),
    }
}

pub(super) fn join(value: &Value) -> Option<Value> {
    let list = value.as_array()?;
    let texts: Vec<_> = list.iter().filter_map(of).collect();
    unless_empty(texts.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Meta's own test vectors.
    #[test]
    fn hashes_are_the_ones_the_vendors_document() {
        let hash = |value: Option<Value>| sha256(&value.unwrap()).unwrap();
        assert_eq!(
            hash(Some(json!("john_smith@gmail.com"))),
            json!("62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f")
        );
        assert_eq!(
            hash(phone(&json!("+1 (650) 555-1212"))),
            json!("e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176")
        );
        assert_eq!(
            hash(Some(json!(" Mary "))),
            json!("6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec")
        );
    }

    #[test]
    fn a_hash_is_not_hashed_again_and_is_written_small() {
        let hash = "62A14E44F765419D10FEA99367361A727C12365E2520F32218D505ED9AA0F62F";
        assert_eq!(sha256(&json!(hash)), Some(hash.to_lowercase().into()));
        assert_ne!(sha256(&json!(&hash[1..])), Some(hash[1..].into()));
    }

    #[test]
    fn what_is_no_ga_cookie_is_a_client_id_already() {
        for text in ["1234567890.1700000000", "0a8f4f6e-9b1c-4c3e-8d59-1f0e0e0e0e0e"] {
            assert_eq!(ga_client_id(&json!(text)), Some(json!(text)));
        }
    }
}
