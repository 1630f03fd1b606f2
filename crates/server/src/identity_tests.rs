use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::*;

const NOW: i64 = 1_800_000_000;
const SECRET: &[u8] = b"a secret of the shop's own backend, long enough";

fn verifier() -> Verifier {
    let keys = vec![
        IdentityKey::hs256("k1".to_owned(), SECRET),
        IdentityKey::hs256("k2".to_owned(), &[9; 32]),
    ];
    Verifier::new("dk_live_shop".parse().unwrap(), keys, SignedDuration::from_hours(24))
}

/// Signs by hand, so that the library under test does not test itself.
fn sign(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let body = format!("{}.{}", encode(header), encode(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(&body).finalize();
    format!("{body}.{}", BASE64URL_NOPAD.encode(&mac.into_bytes()))
}

fn header() -> Value {
    json!({"alg": "HS256", "typ": "JWT", "kid": "k1"})
}

fn claims() -> Value {
    json!({
        "sub": "user-123", "aud": "dk_live_shop", "iat": NOW, "exp": NOW + 600,
        "email": "alice@example.com", "email_verified": true,
        "phone": "+447700900102", "phone_verified": false,
    })
}

fn with(mut value: Value, name: &str, new: Value) -> Value {
    value[name] = new;
    value
}

fn verify_at(token: &str, now: i64) -> Result<Binding, IdentityError> {
    let body = json!({"userId": "u", "token": token}).to_string();
    let kind = datafly_core::event::EventKind::Identify;
    let token = datafly_core::event::Submission::parse(body.as_bytes(), kind).unwrap().token;
    verifier().verify(&token.unwrap(), Timestamp::from_second(now).unwrap())
}

fn verify(header: &Value, claims: &Value) -> Result<Binding, IdentityError> {
    verify_at(&sign(header, claims, SECRET), NOW)
}

#[test]
fn a_good_token_proves_its_subject_and_what_is_flagged_as_verified() {
    let binding = verify(&header(), &claims()).unwrap();
    assert_eq!(binding.user_id.expose(), "user-123");
    assert_eq!(binding.email.unwrap().expose(), "alice@example.com");
    assert_eq!(binding.phone, None, "its flag is false");
    assert_eq!(binding.expires_at.as_second(), NOW + 24 * 3600);
    let list = with(claims(), "aud", json!(["other", "dk_live_shop"]));
    assert!(verify(&header(), &list).is_ok());
}

/// A repeat is no news, and what a token proves does not outlive it by more than was configured.
#[test]
fn the_same_token_again_renews_nothing() {
    let token = sign(&header(), &claims(), SECRET);
    assert_eq!(verify_at(&token, NOW + 500), verify_at(&token, NOW));
    let newer = with(with(claims(), "iat", json!(NOW + 500)), "exp", json!(NOW + 900));
    let binding = verify_at(&sign(&header(), &newer, SECRET), NOW + 500).unwrap();
    assert_eq!(binding.expires_at.as_second(), NOW + 500 + 24 * 3600);
}

#[test]
fn every_other_token_is_refused_for_its_reason() {
    use IdentityError as E;
    let cases = [
        (header(), with(claims(), "aud", json!("dk_live_other")), E::WrongAudience),
        (header(), with(claims(), "aud", json!(null)), E::WrongAudience),
        (header(), with(claims(), "sub", json!(null)), E::BadClaim("sub")),
        (header(), with(claims(), "sub", json!(7)), E::BadClaim("sub")),
        (header(), with(claims(), "sub", json!("a\nb")), E::BadClaim("sub")),
        (header(), with(claims(), "iat", json!(null)), E::BadClaim("iat")),
        (header(), with(claims(), "exp", json!("soon")), E::BadClaim("exp")),
        (header(), with(claims(), "exp", json!(1e300)), E::BadClaim("exp")),
        (header(), with(claims(), "exp", json!(NOW + 3601)), E::TooLong),
        (header(), with(claims(), "exp", json!(NOW - 1)), E::TooLong),
        (header(), with(claims(), "email", json!(7)), E::BadClaim("email")),
        (with(header(), "kid", json!("k9")), claims(), E::UnknownKey),
        (with(header(), "kid", json!(null)), claims(), E::UnknownKey),
        (with(header(), "kid", json!("k2")), claims(), E::BadSignature),
        (with(header(), "alg", json!("HS512")), claims(), E::WrongAlgorithm),
        (with(header(), "alg", json!("RS256")), claims(), E::WrongAlgorithm),
        (with(header(), "alg", json!("none")), claims(), E::Malformed),
    ];
    for (header, claims, error) in cases {
        assert_eq!(verify(&header, &claims), Err(error), "{header} {claims}");
    }
    for token in ["", "a", "a.b", "a.b.c", "....", "e30.e30.e30"] {
        let body = json!({"userId": "u", "token": token}).to_string();
        let kind = datafly_core::event::EventKind::Identify;
        if let Some(token) =
            datafly_core::event::Submission::parse(body.as_bytes(), kind).unwrap().token
        {
            assert!(verifier().verify(&token, Timestamp::from_second(NOW).unwrap()).is_err());
        }
    }
}

#[test]
fn an_unsigned_token_is_refused() {
    let token = sign(&with(header(), "alg", json!("none")), &claims(), SECRET);
    let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
    assert_eq!(verify_at(&unsigned, NOW), Err(IdentityError::Malformed));
}

#[test]
fn clocks_may_differ_by_a_minute() {
    let token = sign(&header(), &claims(), SECRET);
    for (now, result) in [
        (NOW - 60, None),
        (NOW - 61, Some(IdentityError::FromTheFuture)),
        (NOW + 600 + 59, None),
        (NOW + 600 + 60, Some(IdentityError::Expired)),
    ] {
        assert_eq!(verify_at(&token, now).err(), result, "{}", now - NOW);
    }
}

#[test]
fn a_pipeline_without_keys_takes_no_token() {
    let none = Verifier::new("dk_live_shop".parse().unwrap(), vec![], SignedDuration::ZERO);
    let body = json!({"userId": "u", "token": sign(&header(), &claims(), SECRET)}).to_string();
    let kind = datafly_core::event::EventKind::Identify;
    let token = datafly_core::event::Submission::parse(body.as_bytes(), kind).unwrap().token;
    let now = Timestamp::from_second(NOW).unwrap();
    assert_eq!(none.verify(&token.unwrap(), now), Err(IdentityError::NoKeys));
}

#[test]
fn a_claim_that_says_something_else_is_a_contradiction() {
    let proof = verify(&header(), &with(claims(), "phone_verified", json!(true))).unwrap();
    let claim = |user: &str, email: &str, phone: &str| Claims {
        anonymous_id: None,
        user_id: Identifier::new(user).ok(),
        email: Identifier::new(email).ok(),
        phone: Identifier::new(phone).ok(),
    };
    assert_eq!(check_contradiction(&Claims::default(), &proof), Ok(()));
    assert_eq!(check_contradiction(&claim("user-123", " Alice@Example.com", ""), &proof), Ok(()));
    for (claims, field) in [
        (claim("user-124", "", ""), "userId"),
        (claim("", "bob@example.com", ""), "traits.email"),
        (claim("", "", "+1"), "traits.phone"),
    ] {
        let error = IdentityError::Contradiction(field);
        assert_eq!(check_contradiction(&claims, &proof), Err(error));
    }
}
