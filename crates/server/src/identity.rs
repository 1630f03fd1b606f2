//! Signed identity: the JWT that a site's own backend makes when a person has logged in.
//!
//! Accepted is exactly: a key this pipeline configured, by its `kid`; that key's own algorithm and no
//! other; `aud` this pipeline's key; `iat` and `exp` at most an hour apart and around now, 60 seconds of
//! clock skew allowed; a `sub`. `email` and `phone` count only with `email_verified` and
//! `phone_verified`. Time is an argument, so the library's own clock is switched off.

use datafly_core::event::{Event, EventError, IdentityToken};
use datafly_core::id::{Identifier, PipelineKey};
use datafly_core::visitor::{Binding, Claims};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;

/// Clocks of a site's backend and of this server may differ by this much.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// Longest life of a token: it is made for one log-in and used at once.
const MAX_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// Why a token, or what came with it, is refused. For the site's developer: nothing here is secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The pipeline has no identity keys.
    #[error("this pipeline has no identity keys: configure `identity.keys`, or send no token")]
    NoKeys,
    /// Not a JWT.
    #[error("the token is not a signed JWT")]
    Malformed,
    /// A key that is not configured.
    #[error("the token's `kid` names no identity key of this pipeline")]
    UnknownKey,
    /// Another algorithm than the key's.
    #[error("the token's `alg` is not the one configured for its key")]
    WrongAlgorithm,
    /// The signature is not this key's.
    #[error("the token's signature does not fit its key")]
    BadSignature,
    /// A claim is absent or of the wrong type.
    #[error("the token's `{0}` claim is missing or of the wrong type")]
    BadClaim(&'static str),
    /// Made for somebody else.
    #[error("the token's `aud` is not this pipeline's key")]
    WrongAudience,
    /// Its time is over.
    #[error("the token has expired: ask the site's backend for a new one")]
    Expired,
    /// Its time has not come.
    #[error("the token's `iat` is in the future: check the clock of the site's backend")]
    FromTheFuture,
    /// It lives too long.
    #[error("the token lives longer than an hour: set `exp` at most 3600 s after `iat`")]
    TooLong,
    /// The page says something else than the token.
    #[error("`{0}` contradicts the token: send what the token says, or leave it out")]
    Contradiction(&'static str),
}

/// The algorithm of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum KeyAlgorithm {
    /// HMAC with SHA-256 and a shared secret.
    #[serde(rename = "HS256")]
    Hs256,
    /// ECDSA on P-256 with SHA-256: the backend keeps the private key, this server has the public one.
    #[serde(rename = "ES256")]
    Es256,
}

/// One key a site's backend signs with.
pub struct IdentityKey {
    id: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl IdentityKey {
    /// A shared secret.
    pub fn hs256(id: String, secret: &[u8]) -> Self {
        Self { id, algorithm: Algorithm::HS256, key: DecodingKey::from_secret(secret) }
    }

    /// A public key on P-256.
    pub fn es256(id: String, key: DecodingKey) -> Self {
        Self { id, algorithm: Algorithm::ES256, key }
    }
}

/// Verifies the tokens of one pipeline.
pub struct Verifier {
    audience: PipelineKey,
    keys: Vec<IdentityKey>,
    binding_life: SignedDuration,
}

#[derive(Deserialize)]
struct TokenClaims {
    #[serde(default)]
    sub: Value,
    #[serde(default)]
    aud: Value,
    #[serde(default)]
    iat: Value,
    #[serde(default)]
    exp: Value,
    #[serde(default)]
    email: Value,
    #[serde(default)]
    email_verified: Value,
    #[serde(default)]
    phone: Value,
    #[serde(default)]
    phone_verified: Value,
}

impl Verifier {
    /// A binding counts for `binding_life` from when its token was issued.
    pub fn new(
        audience: PipelineKey,
        keys: Vec<IdentityKey>,
        binding_life: SignedDuration,
    ) -> Self {
        Self { audience, keys, binding_life }
    }

    /// What the token proves at `now`.
    pub fn verify(&self, token: &IdentityToken, now: Timestamp) -> Result<Binding, IdentityError> {
        let claims = self.signed_claims(token.expose())?;
        self.check_audience(&claims.aud)?;
        let issued_at = check_time(&claims, now)?;
        let user_id = claims.sub.as_str().and_then(|sub| Identifier::new(sub).ok());
        Ok(Binding {
            user_id: user_id.ok_or(IdentityError::BadClaim("sub"))?,
            email: verified("email", &claims.email, &claims.email_verified)?,
            phone: verified("phone", &claims.phone, &claims.phone_verified)?,
            issued_at,
            // Counted from the token, so that only a new one renews it.
            expires_at: issued_at + self.binding_life,
        })
    }

    fn signed_claims(&self, token: &str) -> Result<TokenClaims, IdentityError> {
        use jsonwebtoken::errors::ErrorKind;

        if self.keys.is_empty() {
            return Err(IdentityError::NoKeys);
        }
        // `alg: none` and algorithms the library does not know do not parse as a header at all.
        let header = jsonwebtoken::decode_header(token).map_err(|_| IdentityError::Malformed)?;
        let kid = header.kid.ok_or(IdentityError::UnknownKey)?;
        let key = self.keys.iter().find(|key| key.id == kid).ok_or(IdentityError::UnknownKey)?;
        if header.alg != key.algorithm {
            return Err(IdentityError::WrongAlgorithm);
        }
        let mut validation = Validation::new(key.algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        jsonwebtoken::decode::<TokenClaims>(token, &key.key, &validation)
            .map(|token| token.claims)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidSignature => IdentityError::BadSignature,
                _ => IdentityError::Malformed,
            })
    }

    fn check_audience(&self, audience: &Value) -> Result<(), IdentityError> {
        let ours = |value: &Value| value.as_str() == Some(self.audience.as_str());
        // RFC 7519 allows one audience as a text or several as a list.
        let fits = ours(audience) || audience.as_array().is_some_and(|list| list.iter().any(ours));
        if fits { Ok(()) } else { Err(IdentityError::WrongAudience) }
    }
}

/// When the token was issued, if it counts at `now`.
fn check_time(claims: &TokenClaims, now: Timestamp) -> Result<Timestamp, IdentityError> {
    let issued = numeric_date("iat", &claims.iat)?;
    let expires = numeric_date("exp", &claims.exp)?;
    if expires.duration_since(issued) > MAX_LIFE || expires < issued {
        return Err(IdentityError::TooLong);
    }
    if now.duration_since(expires) >= SKEW {
        return Err(IdentityError::Expired);
    }
    if issued.duration_since(now) > SKEW {
        return Err(IdentityError::FromTheFuture);
    }
    Ok(issued)
}

/// Seconds since 1970; RFC 7519 allows fractions, which are cut.
fn numeric_date(name: &'static str, value: &Value) -> Result<Timestamp, IdentityError> {
    #[expect(clippy::cast_possible_truncation, reason = "out of range is refused by from_second")]
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
    seconds
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or(IdentityError::BadClaim(name))
}

fn verified(
    name: &'static str,
    value: &Value,
    flag: &Value,
) -> Result<Option<Identifier>, IdentityError> {
    match value {
        Value::Null => Ok(None),
        Value::String(_) if *flag != Value::Bool(true) => Ok(None),
        Value::String(text) => {
            Identifier::new(text.as_str()).map(Some).map_err(|_| IdentityError::BadClaim(name))
        }
        _ => Err(IdentityError::BadClaim(name)),
    }
}

/// What an identify claims, or why it cannot be used.
pub fn claims_of(event: &Event) -> Result<Claims, EventError> {
    Ok(Claims {
        anonymous_id: event.anonymous_id.clone(),
        user_id: event.user_id.clone(),
        email: event.email()?,
        phone: event.phone()?,
    })
}

/// Refuses claims that say something else than the proof they came with: either the page is wrong about
/// who is logged in, or somebody else's token was put into it.
pub fn check_contradiction(claims: &Claims, proof: &Binding) -> Result<(), IdentityError> {
    let differs = |claim: Option<&Identifier>, proven: Option<&Identifier>| match (claim, proven) {
        (Some(claim), Some(proven)) => !same(claim, proven),
        _ => false,
    };
    if claims.user_id.as_ref().is_some_and(|claim| *claim != proof.user_id) {
        return Err(IdentityError::Contradiction("userId"));
    }
    if differs(claims.email.as_ref(), proof.email.as_ref()) {
        return Err(IdentityError::Contradiction("traits.email"));
    }
    if differs(claims.phone.as_ref(), proof.phone.as_ref()) {
        return Err(IdentityError::Contradiction("traits.phone"));
    }
    Ok(())
}

/// E-mails and phones are equal as linking keys hash them: trimmed and lower-cased.
fn same(a: &Identifier, b: &Identifier) -> bool {
    let normal = |identifier: &Identifier| identifier.expose().trim().to_lowercase();
    normal(a) == normal(b)
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
