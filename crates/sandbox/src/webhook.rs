//! A receiver of signed webhooks, `POST /webhook`, as the Standard Webhooks scheme asks of it.
//!
//! | status | when |
//! |---|---|
//! | 204 | taken |
//! | 400 | the body is not JSON, or a header is missing |
//! | 401 | no signature fits, or the timestamp is more than five minutes away |
//! | 415 | the content type is not `application/json` |

#[cfg(test)]
mod tests;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::intercept::{Manners, layered};
use crate::journal::Route;
use crate::sandbox::Sandbox;

const NAME: &str = "webhook";
const TOLERANCE_SECONDS: u64 = 300;

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let manners = Manners {
        // It proves a key and sends none.
        seen: |_, _| None,
        fault: |status| (status, "injected fault").into_response(),
        finish: |response, _| response,
    };
    let receive = layered(sandbox, Route::Webhook, manners, post(receive));
    Router::new().route("/webhook", receive).with_state(sandbox.clone())
}

async fn receive(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::CONTENT_TYPE.as_str()) != Some("application/json") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE;
    }
    let (Some(id), Some(timestamp), Some(signatures)) =
        (text("webhook-id"), text("webhook-timestamp"), text("webhook-signature"))
    else {
        return StatusCode::BAD_REQUEST;
    };
    let now = sandbox.now().as_second();
    let timely = timestamp.parse::<i64>().is_ok_and(|at| at.abs_diff(now) <= TOLERANCE_SECONDS);
    let secret = &sandbox.config().destinations.webhook_secret;
    let signed = signatures.split(' ').any(|one| is_signature(one, secret, id, timestamp, &body));
    if !(timely && signed) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(event) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST };
    sandbox.deliver(NAME, Some(id), event);
    StatusCode::NO_CONTENT
}

fn is_signature(entry: &str, secret: &str, id: &str, timestamp: &str, body: &[u8]) -> bool {
    let Some(signature) = entry.strip_prefix("v1,") else { return false };
    let Ok(signature) = BASE64.decode(signature.as_bytes()) else { return false };
    let key = secret.strip_prefix("whsec_").and_then(|key| BASE64.decode(key.as_bytes()).ok());
    let Some(mut mac) = key.and_then(|key| Hmac::<Sha256>::new_from_slice(&key).ok()) else {
        return false;
    };
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}
