//! Access tokens: JWTs, signed by the vendor (HS256), written out by hand like the shop's.
//!
//! That tokens are JWTs and that a key's internal secret is in their claims is documented, the claims' names are
//! not. The secret is there by its version, so that a token shows which one it was and not what.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const SIGNING_KEY: &[u8] = b"sandbox-amperity-signing-key-of-all-access-tokens";
const HEADER: &[u8] = br#"{"alg":"HS256","typ":"JWT"}"#;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    /// Id of the API key that issued it.
    #[serde(rename = "sub")]
    pub(super) key: String,
    /// Version of the key's internal secret.
    pub(super) secret: u32,
    /// When it was issued, in seconds.
    pub(super) iat: i64,
    /// When it expires, in seconds; tokens without an expiry have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exp: Option<i64>,
    /// Tells it from all others.
    pub(super) jti: u64,
}

impl Claims {
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.exp.is_some_and(|exp| exp <= now.as_second())
    }
}

/// The token. Empty only if JSON or HMAC failed, which they never do here.
pub(super) fn sign(claims: &Claims) -> String {
    let claims = serde_json::to_vec(claims).unwrap_or_default();
    let part = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let signed = format!("{}.{}", part(HEADER), part(&claims));
    let signature = mac(signed.as_bytes()).map(|mac| part(&mac.finalize().into_bytes()));
    signature.map(|signature| format!("{signed}.{signature}")).unwrap_or_default()
}

/// The claims of a token that we have signed.
pub(super) fn read(token: &str) -> Option<Claims> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
    mac(signed.as_bytes())?.verify_slice(&signature).ok()?;
    let (_, claims) = signed.split_once('.')?;
    serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).ok()?).ok()
}

fn mac(text: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_KEY).ok()?;
    mac.update(text);
    Some(mac)
}
