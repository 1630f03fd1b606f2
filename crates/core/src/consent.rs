//! Consent: what a visitor has allowed, as the page's consent platform says it.
//!
//! The canonical categories are fixed; `categories` holds the platform's own codes verbatim, and `google` the
//! values of Google's Consent Mode. What was never answered is absent, and absent is not granted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// Most codes of a platform, and of Consent Mode, that are kept.
pub const MAX_CODES: usize = 64;

/// Longest name of a code and longest value, in bytes.
pub const MAX_CODE_BYTES: usize = 64;

/// The category that needs no consent.
const ESSENTIAL: &str = "essential";

/// Why a value is no consent state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConsentError {
    /// Not an object, or a field of another type.
    #[error("`{field}` must be {expected}")]
    WrongType {
        /// The field, as a path; `consent` for the whole.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// Too many codes, or one too long.
    #[error("`{field}` may have {MAX_CODES} entries of {MAX_CODE_BYTES} bytes each")]
    TooLong {
        /// The field.
        field: &'static str,
    },
}

/// What a visitor has allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Consent {
    /// Measuring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analytics: Option<bool>,
    /// Advertising.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marketing: Option<bool>,
    /// Preferences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub functional: Option<bool>,
    /// A page that fits its visitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personalization: Option<bool>,
    /// The platform's own codes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub categories: BTreeMap<String, bool>,
    /// Google Consent Mode v2, for example `ad_storage`: `granted`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub google: BTreeMap<String, String>,
}

impl Consent {
    /// Reads what a page sends. Unknown fields are dropped: platforms have their own.
    pub fn parse(value: &Value) -> Result<Self, ConsentError> {
        let Value::Object(fields) = value else {
            return Err(ConsentError::WrongType { field: "consent", expected: "an object" });
        };
        let boolean = |field: &'static str| match fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(granted)) => Ok(Some(*granted)),
            Some(_) => Err(ConsentError::WrongType { field, expected: "true or false" }),
        };
        Ok(Self {
            analytics: boolean("analytics")?,
            marketing: boolean("marketing")?,
            functional: boolean("functional")?,
            personalization: boolean("personalization")?,
            categories: codes(fields.get("categories"), "categories", "true or false", |value| {
                value.as_bool()
            })?,
            google: codes(fields.get("google"), "google", "texts such as `granted`", |value| {
                let text = value.as_str()?;
                (text.len() <= MAX_CODE_BYTES).then(|| text.to_owned())
            })?,
        })
    }

    /// Whether a canonical category, or else a code of the platform, is granted. What is unknown is not.
    pub fn grants(&self, category: &str) -> bool {
        let canonical = match category {
            ESSENTIAL => Some(true),
            "analytics" => self.analytics,
            "marketing" => self.marketing,
            "functional" => self.functional,
            "personalization" => self.personalization,
            _ => None,
        };
        canonical.or_else(|| self.categories.get(category).copied()).unwrap_or(false)
    }
}

fn codes<T>(
    value: Option<&Value>,
    field: &'static str,
    expected: &'static str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<BTreeMap<String, T>, ConsentError> {
    let map = match value {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(map)) => map,
        Some(_) => return Err(ConsentError::WrongType { field, expected: "an object" }),
    };
    if map.len() > MAX_CODES || map.keys().any(|code| code.len() > MAX_CODE_BYTES) {
        return Err(ConsentError::TooLong { field });
    }
    map.iter()
        .map(|(code, value)| match read(value) {
            Some(value) => Ok((code.clone(), value)),
            None => Err(ConsentError::WrongType { field, expected }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_never_answered_is_not_granted() {
        let consent = Consent::parse(&json!({
            "analytics": true, "marketing": false, "categories": {"C0001": true, "C0004": false},
            "google": {"ad_storage": "denied"}, "vendor": "OneTrust"
        }))
        .unwrap();
        assert!(consent.grants("analytics") && consent.grants("C0001"));
        for denied in ["marketing", "functional", "personalization", "C0004", "C0003", ""] {
            assert!(!consent.grants(denied), "{denied}");
        }
        assert!(Consent::default().grants("essential"));
    }

    #[test]
    fn other_shapes_are_refused_by_field() {
        for (value, field) in [
            (json!(true), "consent"),
            (json!({"analytics": "yes"}), "analytics"),
            (json!({"categories": []}), "categories"),
            (json!({"categories": {"C0001": 1}}), "categories"),
            (json!({"google": {"ad_storage": true}}), "google"),
        ] {
            let error = Consent::parse(&value).unwrap_err();
            assert!(error.to_string().contains(field), "{error}");
        }
        let many: serde_json::Map<_, _> = (0..65).map(|n| (n.to_string(), json!(true))).collect();
        assert_eq!(
            Consent::parse(&json!({"categories": many})),
            Err(ConsentError::TooLong { field: "categories" })
        );
    }
}
