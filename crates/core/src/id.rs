//! Names of things: parsed once at the edge, valid ever after.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdError {
    /// Not the lower-case hyphenated form of a version 4 UUID.
    #[error("not a visitor id")]
    CanonicalId,
    /// Not `dk_live_…` or `dk_test_…`.
    #[error(
        "not a pipeline key: it must be `dk_live_` or `dk_test_` and then 4 to 64 letters, digits or `_`"
    )]
    PipelineKey,
    /// Empty, too long, or with control characters.
    #[error("must be 1 to {limit} bytes without control characters")]
    Text {
        /// Longest allowed, in bytes.
        limit: usize,
    },
}

/// The id of a visitor, that is, of one browser: a version 4 UUID.
///
/// It goes to vendors as the device cookie and is no secret; what names a visitor to the server is
/// the credential cookie that carries it under a MAC.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CanonicalId(uuid::Uuid);

impl CanonicalId {
    /// Makes an id of 16 random bytes (6 bits are overwritten with the UUID's version and variant).
    pub fn from_random_bytes(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The id as 16 bytes, for storage keys.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl FromStr for CanonicalId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let id = uuid::Uuid::try_parse(text).map_err(|_| IdError::CanonicalId)?;
        // One spelling only, so that two cookies cannot name one visitor.
        let mut spelling = uuid::Uuid::encode_buffer();
        if id.get_version_num() != 4 || id.hyphenated().encode_lower(&mut spelling) != text {
            return Err(IdError::CanonicalId);
        }
        Ok(Self(id))
    }
}

impl fmt::Display for CanonicalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for CanonicalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CanonicalId({self})")
    }
}

impl From<CanonicalId> for String {
    fn from(id: CanonicalId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for CanonicalId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

/// The public name of a pipeline, `dk_live_…` or `dk_test_…`. Not a secret: it is in every page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PipelineKey(Arc<str>);

impl PipelineKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same text, not a copy.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl FromStr for PipelineKey {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let rest = text.strip_prefix("dk_live_").or_else(|| text.strip_prefix("dk_test_"));
        match rest {
            Some(rest)
                if (4..=64).contains(&rest.len())
                    && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') =>
            {
                Ok(Self(text.into()))
            }
            _ => Err(IdError::PipelineKey),
        }
    }
}

impl fmt::Display for PipelineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<PipelineKey> for String {
    fn from(key: PipelineKey) -> Self {
        key.as_str().to_owned()
    }
}

impl TryFrom<String> for PipelineKey {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

/// What a person is known by: a user id, an e-mail, a phone number. Personal data, so `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Identifier(String);

impl Identifier {
    /// Longest identifier in bytes: the longest e-mail address of RFC 5321 is 254, its parts 64 + 1 + 255.
    pub const MAX_BYTES: usize = 320;

    /// Takes the text as it is, trimmed only for the emptiness check.
    ///
    /// # Errors
    /// When it is blank, longer than [`Self::MAX_BYTES`], or holds control characters.
    pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
        let text = text.into();
        if text.trim().is_empty()
            || text.len() > Self::MAX_BYTES
            || text.chars().any(char::is_control)
        {
            return Err(IdError::Text { limit: Self::MAX_BYTES });
        }
        Ok(Self(text))
    }

    /// The identifier in the clear: for a vendor's request or a comparison, never for a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<CanonicalId> for Identifier {
    fn from(id: CanonicalId) -> Self {
        Self(id.to_string())
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identifier([REDACTED])")
    }
}

impl From<Identifier> for String {
    fn from(identifier: Identifier) -> Self {
        identifier.0
    }
}

impl TryFrom<String> for Identifier {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_visitor_id_has_one_spelling() {
        let id = CanonicalId::from_random_bytes([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for other in [
            id.to_string().to_uppercase(),
            format!("{{{id}}}"),
            id.to_string().replace('-', ""),
            "00000000-0000-0000-0000-000000000000".to_owned(),
            String::new(),
        ] {
            assert_eq!(other.parse::<CanonicalId>(), Err(IdError::CanonicalId), "{other}");
        }
    }

    #[test]
    fn pipeline_keys_are_live_or_test() {
        assert!("dk_live_shop".parse::<PipelineKey>().is_ok());
        assert!("dk_test_0123_abc".parse::<PipelineKey>().is_ok());
        for bad in
            ["", "dk_live_", "dk_prod_shop", "dk_live_a b c d", "sk_live_shop", "dk_live_ä123"]
        {
            assert_eq!(bad.parse::<PipelineKey>(), Err(IdError::PipelineKey), "{bad}");
        }
    }

    #[test]
    fn identifiers_are_not_printed() {
        let identifier = Identifier::new("jane@example.com").unwrap();
        assert_eq!(format!("{identifier:?}"), "Identifier([REDACTED])");
    }

    proptest! {
        #[test]
        fn no_control_character_survives_in_an_identifier(text in any::<String>()) {
            if let Ok(identifier) = Identifier::new(text) {
                prop_assert!(!identifier.expose().chars().any(char::is_control));
                prop_assert!(!identifier.expose().trim().is_empty());
            }
        }
    }
}
