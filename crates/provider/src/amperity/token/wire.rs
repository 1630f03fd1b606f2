//! What issuing tokens looks like on the wire.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

/// Body of the request to an issuer, a whole second as in the seed's example.
pub(super) fn request(expires_at: Timestamp) -> Vec<u8> {
    json!({ "expires-at": expires_at }).to_string().into_bytes()
}

/// The token of an issuer's answer. Its shape is documented nowhere: a JSON text, or an object with the token under
/// one of the names that Amperity uses elsewhere.
pub(super) fn issued(body: &[u8]) -> Option<SecretString> {
    let token = match serde_json::from_slice(body).ok()? {
        Value::String(token) => token,
        Value::Object(mut members) => {
            let names = ["token", "access-token", "access_token"];
            names.iter().find_map(|name| match members.remove(*name) {
                Some(Value::String(token)) => Some(token),
                _ => None,
            })?
        }
        _ => return None,
    };
    secret(token)
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: i64,
}

/// The token of an answer to client credentials, and how many seconds it lives.
pub(super) fn granted(body: &[u8]) -> Option<(SecretString, i64)> {
    let Granted { access_token, expires_in } = serde_json::from_slice(body).ok()?;
    Some((secret(access_token)?, expires_in))
}

fn secret(token: String) -> Option<SecretString> {
    (!token.trim().is_empty()).then(|| token.into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn an_issuer_s_answer_is_read_in_every_shape_that_can_be_meant() {
        for body in [
            r#""t""#,
            r#"{"token":"t"}"#,
            r#"{"access-token":"t","expires-at":"2020-06-16T00:24:16Z"}"#,
            r#"{"access_token":"t"}"#,
            r#"{"token":{"id":1},"access-token":"t"}"#,
        ] {
            let token = issued(body.as_bytes());
            assert_eq!(token.unwrap().expose_secret(), "t", "{body}");
        }
        for body in ["", "t", "[]", "{}", r#"{"token":""}"#, r#"" ""#, r#"{"jwt":"t"}"#, "7"] {
            assert!(issued(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn a_request_is_written_as_in_the_seed() {
        let body = request(Timestamp::constant(1_592_267_056, 0));
        assert_eq!(body, br#"{"expires-at":"2020-06-16T00:24:16Z"}"#);
    }
}
