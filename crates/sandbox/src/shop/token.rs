//! The identity token a site's backend makes after log-in: a JWT, HS256.
//!
//! Written out by hand, so that the product's own JWT library is checked against another reading.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::config::ShopConfig;
use crate::customers::NamedCustomer;

const LIFETIME_SECONDS: i64 = 600;

/// Signs a customer's identity. None only if the key were refused, which HMAC never does.
pub(super) fn sign(shop: &ShopConfig, who: NamedCustomer, now: Timestamp) -> Option<String> {
    let header = json!({"alg": "HS256", "typ": "JWT", "kid": shop.identity_kid});
    let issued = now.as_second();
    let mut claims = json!({
        "sub": who.customer_id(),
        "aud": shop.pipeline_key,
        "iat": issued,
        "exp": issued + LIFETIME_SECONDS,
    });
    for (name, value) in [("email", who.email()), ("phone", who.phone())] {
        if let (Some(value), Value::Object(claims)) = (value, &mut claims) {
            claims.insert(name.into(), value.into());
            claims.insert(format!("{name}_verified"), true.into());
        }
    }
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(shop.identity_secret.as_bytes()).ok()?;
    mac.update(signed.as_bytes());
    let signature = BASE64URL_NOPAD.encode(&mac.finalize().into_bytes());
    Some(format!("{signed}.{signature}"))
}
