//! Requests of the site's own server.

use data_encoding::HEXLOWER;
use datafly_server::runtime::Clock;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::app::{PIPELINE, SERVER_KEY, TestApp};
use crate::browser::Answer;

fn now(app: &TestApp) -> i64 {
    app.surroundings.now().as_second()
}

/// `X-Signature` of a text.
pub fn sign(text: &str) -> String {
    let key = Hmac::<Sha256>::new_from_slice(SERVER_KEY.as_bytes()).unwrap();
    format!("sha256={}", HEXLOWER.encode(&key.chain_update(text).finalize().into_bytes()))
}

/// What is signed of a bootstrap with this body.
pub fn text_of_bootstrap(app: &TestApp, body: &str) -> String {
    let now = now(app);
    format!("{now}\nPOST\n/v1/bootstrap\n{PIPELINE}\n{body}")
}

/// Sends a bootstrap under a signature.
pub async fn bootstrap_as(app: &TestApp, body: &str, signature: &str) -> Answer {
    let timestamp = now(app).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("x-timestamp", timestamp.as_str()),
        ("x-signature", signature),
    ];
    app.browser().send("POST", &format!("/v1/bootstrap?key={PIPELINE}"), &headers, body).await
}

/// Sends a bootstrap as the site's server does.
pub async fn bootstrap(app: &TestApp, body: &Value) -> Answer {
    let body = body.to_string();
    bootstrap_as(app, &body, &sign(&text_of_bootstrap(app, &body))).await
}
