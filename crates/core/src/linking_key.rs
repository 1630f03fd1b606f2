//! Linking keys: how an identifier of ours is sent to a provider as a key of theirs.
//!
//! Configured as the seed writes them, `[{"source": "email", "key": "email_sha256", "hash":
//! "sha256"}]`, either as that JSON text or as native TOML tables. The order is the order of trial.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserializer, SeqAccess, Visitor as DeVisitor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::{CanonicalId, Identifier};

/// Where the value of a linking key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The visitor's own id, from the credential cookie.
    CanonicalId,
    /// The id a client gave itself; the canonical id where it gave none or may not be believed.
    AnonymousId,
    /// The site's id of a logged-in person.
    UserId,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
}

/// How the value is turned before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hash {
    /// Trimmed, lower-cased, SHA-256, lower-case hex.
    Sha256,
}

/// One entry of an integration's `linking_keys`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkingKey {
    /// Where the value comes from.
    pub source: Source,
    /// The vendor's name of the key.
    pub key: Arc<str>,
    /// How to turn the value; absent sends it as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Hash>,
}

/// A linking key with its value: what a look-up asks for. The value is personal data.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyValue {
    /// The vendor's name of the key.
    pub key: Arc<str>,
    /// The value, hashed where the key asks for it.
    pub value: Identifier,
}

impl fmt::Debug for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyValue").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The identifiers that may be used for a look-up now: every one of them is proven, or the
/// pipeline's owner has chosen to believe claims.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Identifiers {
    /// The visitor's own id; absent where a site's server asks about a person without naming a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_id: Option<CanonicalId>,
    /// See [`Source::AnonymousId`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<Identifier>,
    /// See [`Source::UserId`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Identifier>,
    /// See [`Source::Email`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Identifier>,
    /// See [`Source::Phone`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Identifier>,
}

impl LinkingKey {
    /// The key with its value, or `None` when the visitor has no such identifier.
    pub fn value_of(&self, identifiers: &Identifiers) -> Option<KeyValue> {
        let canonical = || identifiers.canonical_id.map(Identifier::from);
        let value = match self.source {
            Source::CanonicalId => canonical(),
            Source::AnonymousId => identifiers.anonymous_id.clone().or_else(canonical),
            Source::UserId => identifiers.user_id.clone(),
            Source::Email => identifiers.email.clone(),
            Source::Phone => identifiers.phone.clone(),
        }?;
        let value = match self.hash {
            None => value,
            Some(Hash::Sha256) => Identifier::new(sha256_hex(value.expose())).ok()?,
        };
        Some(KeyValue { key: Arc::clone(&self.key), value })
    }
}

/// Trimmed, lower-cased, SHA-256, lower-case hex: the one form in which an identifier is hashed.
pub fn sha256_hex(text: &str) -> String {
    let normal = text.trim().to_lowercase();
    data_encoding::HEXLOWER.encode(&Sha256::digest(normal.as_bytes()))
}

/// An integration's `linking_keys`, in the order of trial.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkingKeys(Vec<LinkingKey>);

impl LinkingKeys {
    /// The keys in the order of trial.
    pub fn iter(&self) -> impl Iterator<Item = &LinkingKey> {
        self.0.iter()
    }

    /// The keys and values to try for a visitor, empty sources skipped.
    pub fn values_of(&self, identifiers: &Identifiers) -> impl Iterator<Item = KeyValue> {
        self.0.iter().filter_map(|key| key.value_of(identifiers))
    }
}

impl FromIterator<LinkingKey> for LinkingKeys {
    fn from_iter<I: IntoIterator<Item = LinkingKey>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for LinkingKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrTables;

        impl<'de> DeVisitor<'de> for TextOrTables {
            type Value = Vec<LinkingKey>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of {source, key, hash}, or that list as JSON text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                serde_json::from_str(text)
                    .map_err(|error| E::custom(format_args!("the JSON text does not fit: {error}")))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut keys = Vec::new();
                while let Some(key) = list.next_element()? {
                    keys.push(key);
                }
                Ok(keys)
            }
        }

        let keys = deserializer.deserialize_any(TextOrTables)?;
        if let Some(entry) = keys.iter().position(|key| key.key.trim().is_empty()) {
            return Err(de::Error::custom(format_args!(
                "entry {entry} has an empty `key`: write the name the vendor's collection gives it"
            )));
        }
        Ok(Self(keys))
    }
}

#[cfg(test)]
#[path = "linking_key_tests.rs"]
mod tests;
