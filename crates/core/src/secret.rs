//! References to secrets: configuration names a secret, it never holds one.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use thiserror::Error;

/// Where a secret is: `{ env = "NAME" }` or `{ file = "/path" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// An environment variable's name.
    Env(String),
    /// A file's path; surrounding white space in the file does not count.
    File(String),
}

// By hand, because a derived error shows the value that does not fit: the secret itself, where somebody
// pasted it.
impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "a reference to a secret, `{ env = \"NAME\" }` or `{ file = \"/path\" }`; the \
                                secret itself never stands in a configuration";

        struct Reference;

        impl<'de> Visitor<'de> for Reference {
            type Value = SecretRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretRef, A::Error> {
                let wrong = || de::Error::custom(format_args!("expected {EXPECTED}"));
                let reference = match map.next_entry::<String, String>().map_err(|_| wrong())? {
                    Some((key, name)) if key == "env" => SecretRef::Env(name),
                    Some((key, path)) if key == "file" => SecretRef::File(path),
                    _ => return Err(wrong()),
                };
                match map.next_key::<IgnoredAny>()? {
                    None => Ok(reference),
                    Some(_) => Err(wrong()),
                }
            }

            fn visit_str<E: de::Error>(self, _: &str) -> Result<SecretRef, E> {
                Err(E::custom(format_args!("expected {EXPECTED}")))
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<SecretRef, E> {
                self.visit_str("")
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<SecretRef, E> {
                self.visit_str("")
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<SecretRef, E> {
                self.visit_str("")
            }
        }

        deserializer.deserialize_any(Reference)
    }
}

/// Why a secret could not be had. Names the place, never the content.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SecretError {
    /// The variable is unset or blank.
    #[error("the environment variable `{0}` is not set: set it, or name another secret")]
    EnvUnset(String),
    /// The file cannot be read or is blank.
    #[error("the file `{path}` cannot be used: {reason}")]
    File {
        /// The path as configured.
        path: String,
        /// What the operating system says.
        reason: String,
    },
}
