//! Signatures of a site's own servers: HMAC-SHA256 over a text that is good for one route only.
//!
//! `X-Timestamp` is seconds or milliseconds since 1970, `X-Signature` is `sha256=` and lower-case hex. A timestamp
//! counts for five minutes either way. Events are signed as Datafly's clients do it, `timestamp.body`; every other
//! text holds the route and the pipeline's key, so that what was signed for one opens no other.

use axum::http::HeaderMap;
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
    #[error("send `X-Timestamp: <since 1970>` and `X-Signature: sha256=<hex>`")]
    Malformed,
    /// The time is off.
    #[error("`X-Timestamp` is more than five minutes off: check the clock of the site's server")]
    Expired,
    /// Not signed by any of the keys, or not this text.
    #[error("the signature does not fit: sign `{0}`, with the body as it is sent")]
    Wrong(&'static str),
}

/// The keys a pipeline's servers sign with; all of them count, so that they can be rotated.
#[derive(Default)]
pub struct SignatureKeys(Vec<Hmac<Sha256>>);

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub enum Signed<'a> {
    /// A body of events.
    Events,
    /// The body of another route.
    Route {
        /// From `/v1`, whatever the base path.
        route: &'a str,
        /// The pipeline's key.
        pipeline: &'a str,
    },
}

impl Signed<'_> {
    /// What stands before the body.
    fn head(self, timestamp: &str) -> String {
        match self {
            Self::Events => format!("{timestamp}."),
            Self::Route { route, pipeline } => format!("{timestamp}\nPOST\n{route}\n{pipeline}\n"),
        }
    }

    const fn recipe(self) -> &'static str {
        match self {
            Self::Events => "timestamp.body",
            Self::Route { .. } => "timestamp\\nPOST\\n<route>\\nkey\\nbody",
        }
    }
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

    /// Checks the two headers.
    pub fn verify(
        &self,
        headers: &HeaderMap,
        signed: Signed<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        if self.0.is_empty() {
            return Err(SignatureError::NoKeys);
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let timestamp = text("x-timestamp").ok_or(SignatureError::Malformed)?;
        let at = time_of(timestamp).ok_or(SignatureError::Malformed)?;
        let hex = text("x-signature").and_then(|value| value.strip_prefix("sha256="));
        let mac = hex.and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok());
        let mac = mac.ok_or(SignatureError::Malformed)?;
        if now.duration_since(at).abs() > SKEW {
            return Err(SignatureError::Expired);
        }
        let head = signed.head(timestamp);
        // Compares in constant time.
        let fits = |key: &Hmac<Sha256>| {
            key.clone().chain_update(&head).chain_update(body).verify_slice(&mac).is_ok()
        };
        if self.0.iter().any(fits) { Ok(()) } else { Err(SignatureError::Wrong(signed.recipe())) }
    }
}

/// Of seconds, or of what can only be milliseconds.
fn time_of(text: &str) -> Option<Timestamp> {
    const FIRST_MILLISECONDS: i64 = 100_000_000_000;
    match text.parse::<i64>().ok()? {
        seconds if seconds < FIRST_MILLISECONDS => Timestamp::from_second(seconds).ok(),
        milliseconds => Timestamp::from_millisecond(milliseconds).ok(),
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

    fn verify(timestamp: &str, signature: &str, signed: Signed<'_>) -> Result<(), SignatureError> {
        let keys = SignatureKeys::new([SecretString::from("another"), SecretString::from(SECRET)]);
        keys.verify(&headers(timestamp, signature), signed, b"{}", NOW)
    }

    fn headers(timestamp: &str, signature: &str) -> HeaderMap {
        let pairs = [("x-timestamp", timestamp), ("x-signature", signature)];
        pairs
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .into_iter()
            .collect()
    }

    fn route(route: &str) -> Signed<'_> {
        Signed::Route { route, pipeline: "dk_test_shop" }
    }

    #[test]
    fn a_signature_is_good_for_its_route_its_time_and_its_body() {
        let bootstrap = route("/v1/bootstrap");
        let good = sign("1800000000\nPOST\n/v1/bootstrap\ndk_test_shop\n{}");
        assert_eq!(verify("1800000000", &good, bootstrap), Ok(()));
        for (timestamp, signature, signed) in [
            ("1800000001", &good, bootstrap),
            ("1800000000", &good, route("/v1/other")),
            ("1800000000", &good, Signed::Events),
            ("1800000000", &sign("1800000000.{}"), bootstrap),
            ("1800000000", &sign("1800000000\nPOST\n/v1/bootstrap\ndk_test_shop\n[]"), bootstrap),
        ] {
            let verified = verify(timestamp, signature, signed);
            assert!(matches!(verified, Err(SignatureError::Wrong(_))), "{timestamp} {signed:?}");
        }
        let old = sign("1799999699\nPOST\n/v1/bootstrap\ndk_test_shop\n{}");
        assert_eq!(verify("1799999699", &old, bootstrap), Err(SignatureError::Expired));
        for (timestamp, signature) in
            [("now", &*good), ("1800000000", "sha256"), ("1800000000", "sha256=zz"), ("", "")]
        {
            let verified = verify(timestamp, signature, bootstrap);
            assert_eq!(verified, Err(SignatureError::Malformed), "{timestamp} {signature}");
        }
        let none = SignatureKeys::default();
        let verified = none.verify(&headers("1800000000", &good), bootstrap, b"{}", NOW);
        assert_eq!(verified, Err(SignatureError::NoKeys));
    }

    #[test]
    fn events_are_signed_in_seconds_or_milliseconds() {
        for timestamp in ["1800000000", "1800000000123"] {
            let good = sign(&format!("{timestamp}.{{}}"));
            assert_eq!(verify(timestamp, &good, Signed::Events), Ok(()), "{timestamp}");
        }
        let old = sign("1799999699999.{}");
        assert_eq!(verify("1799999699999", &old, Signed::Events), Err(SignatureError::Expired));
    }
}
