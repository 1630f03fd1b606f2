//! Signatures of a site's own servers: HMAC-SHA256 over a text that names the one route it is good for.
//!
//! `X-Timestamp` is seconds since 1970, `X-Signature` is `sha256=` and lower-case hex. A timestamp counts
//! for five minutes either way. The text holds the route and the pipeline's key, so that what was signed for
//! one route or one pipeline opens no other.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How far the site's clock may be off, and how long a captured request stays good.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The pipeline has no keys.
    #[error("this pipeline has no server keys: configure `server_keys`")]
    NoKeys,
    /// A header is missing or is not of its form.
    #[error("send `X-Timestamp: <seconds since 1970>` and `X-Signature: sha256=<hex>`")]
    Malformed,
    /// The time is off.
    #[error("`X-Timestamp` is more than five minutes off: check the clock of the site's server")]
    Expired,
    /// Not signed by any of the keys, or not this text.
    #[error("the signature does not fit: sign `timestamp\\nPOST\\n<route>\\nkey\\nbody`")]
    Wrong,
}

/// The keys a pipeline's servers sign with; all of them count, so that they can be rotated.
#[derive(Default)]
pub struct SignatureKeys(Vec<Hmac<Sha256>>);

/// What is signed.
pub struct Signed<'a> {
    /// The route, from `/v1`, whatever the base path.
    pub route: &'a str,
    /// The pipeline's key.
    pub pipeline: &'a str,
    /// The body as it is sent.
    pub body: &'a [u8],
}

impl SignatureKeys {
    /// Takes the secrets; HMAC takes any length, the configuration checks for a sensible one.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let keys = secrets.into_iter();
        Self(
            keys.filter_map(|key| Hmac::new_from_slice(key.expose_secret().as_bytes()).ok())
                .collect(),
        )
    }

    /// Checks the two headers' values.
    pub fn verify(
        &self,
        timestamp: Option<&str>,
        signature: Option<&str>,
        signed: &Signed<'_>,
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        if self.0.is_empty() {
            return Err(SignatureError::NoKeys);
        }
        let timestamp = timestamp.ok_or(SignatureError::Malformed)?;
        let at = timestamp.parse().map_err(|_| SignatureError::Malformed)?;
        let at = Timestamp::from_second(at).map_err(|_| SignatureError::Malformed)?;
        let hex = signature.and_then(|value| value.strip_prefix("sha256="));
        let mac = hex.and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok());
        let mac = mac.ok_or(SignatureError::Malformed)?;
        if now.duration_since(at).abs() > SKEW {
            return Err(SignatureError::Expired);
        }
        let Signed { route, pipeline, body } = signed;
        let head = format!("{timestamp}\nPOST\n{route}\n{pipeline}\n");
        // Compares in constant time.
        let fits = |key: &Hmac<Sha256>| {
            key.clone().chain_update(&head).chain_update(body).verify_slice(&mac).is_ok()
        };
        if self.0.iter().any(fits) { Ok(()) } else { Err(SignatureError::Wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
    const SECRET: &str = "secret-of-the-site-s-server-0123456789";

    fn sign(text: &str) -> String {
        let key = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        let mac = key.chain_update(text).finalize().into_bytes();
        format!("sha256={}", HEXLOWER.encode(&mac))
    }

    fn verify(timestamp: &str, signature: &str, route: &str) -> Result<(), SignatureError> {
        let keys = SignatureKeys::new([SecretString::from("another"), SecretString::from(SECRET)]);
        let signed = Signed { route, pipeline: "dk_test_shop", body: b"{}" };
        keys.verify(Some(timestamp), Some(signature), &signed, NOW)
    }

    #[test]
    fn a_signature_is_good_for_its_route_its_time_and_its_body() {
        let route = "/v1/bootstrap";
        let good = sign("1800000000\nPOST\n/v1/bootstrap\ndk_test_shop\n{}");
        assert_eq!(verify("1800000000", &good, route), Ok(()));
        assert_eq!(verify("1800000001", &good, route), Err(SignatureError::Wrong));
        assert_eq!(verify("1800000000", &good, "/v1/events"), Err(SignatureError::Wrong));
        // What `POST /v1/events` signs.
        let events = sign("1800000000.{}");
        assert_eq!(verify("1800000000", &events, route), Err(SignatureError::Wrong));
        let old = sign("1799999699\nPOST\n/v1/bootstrap\ndk_test_shop\n{}");
        assert_eq!(verify("1799999699", &old, route), Err(SignatureError::Expired));
        for (timestamp, signature) in
            [("now", &*good), ("1800000000", "sha256="), ("1800000000", "sha256=zz"), ("", "")]
        {
            let verified = verify(timestamp, signature, route);
            assert!(verified.is_err(), "{timestamp} {signature}");
        }
        let none = SignatureKeys::default();
        let signed = Signed { route, pipeline: "dk_test_shop", body: b"{}" };
        assert_eq!(
            none.verify(Some("1800000000"), Some(&good), &signed, NOW),
            Err(SignatureError::NoKeys)
        );
    }
}
