//! Signing keys: the webhook's credential is what it proves, not what it sends.

use std::fmt;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

/// How Standard Webhooks marks a secret.
const PREFIX: &str = "whsec_";

/// Lengths of a key in bytes, by Standard Webhooks.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// A key that requests are signed with.
#[derive(Clone)]
pub(super) struct SigningKey(SecretSlice<u8>);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey([REDACTED])")
    }
}

impl SigningKey {
    /// Reads `whsec_` and base64, the mark being optional. `None` for anything else.
    pub(super) fn decode(secret: &SecretString) -> Option<Self> {
        let text = secret.expose_secret().trim();
        let key = BASE64.decode(text.strip_prefix(PREFIX).unwrap_or(text).as_bytes()).ok()?;
        LENGTHS.contains(&key.len()).then(|| Self(key.into()))
    }

    /// One entry of the signature header.
    pub(super) fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).ok()?;
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        Some(format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes())))
    }
}
