//! A signed identity for `datafly.identify(userId, traits, {token})`, made by the site's backend when it knows who
//! is logged in. With the crate `jsonwebtoken`.
//!
//!     sign_identity <HS256|ES256> <kid> <pipeline key> <user id> <verified e-mail>  < secret-or-private-key

#![expect(clippy::print_stdout, reason = "the token is what it is run for")]

use std::error::Error;
use std::io::Read;
use std::time::SystemTime;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;

fn sign_identity(
    header: &Header,
    key: &EncodingKey,
    pipeline_key: &str,
    user_id: &str,
    email: &str,
    now: u64,
) -> Result<String, jsonwebtoken::errors::Error> {
    // `exp` at most an hour after `iat`: the token is used at once. Only an address that your site has verified.
    let claims = json!({
        "sub": user_id, "aud": pipeline_key, "iat": now, "exp": now + 600,
        "email": email, "email_verified": true,
    });
    encode(header, &claims, key)
}

#[expect(clippy::disallowed_methods, reason = "a backend of its own, with its own clock")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [algorithm, kid, pipeline_key, user_id, email] = arguments.as_slice() else {
        return Err("sign_identity <HS256|ES256> <kid> <pipeline key> <user id> <e-mail>".into());
    };
    let mut secret = String::new();
    std::io::stdin().read_to_string(&mut secret)?;
    let secret = secret.trim().as_bytes();
    let (algorithm, key) = match algorithm.as_str() {
        "ES256" => (Algorithm::ES256, EncodingKey::from_ec_pem(secret)?),
        _ => (Algorithm::HS256, EncodingKey::from_secret(secret)),
    };
    let header = Header { kid: Some(kid.clone()), ..Header::new(algorithm) };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    println!("{}", sign_identity(&header, &key, pipeline_key, user_id, email, now)?);
    Ok(())
}
