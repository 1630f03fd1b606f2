//! TikTok's Events API, mounted under `/tiktok`: `POST /open_api/v1.3/event/track/`.
//!
//! Every answer is 200 with `{"code","message","request_id","data"}`:
//!
//! | code | when |
//! |---|---|
//! | 0 | every event is good |
//! | 20001 | some are good, and taken; the others break a rule of [`rules`] |
//! | 40001 | the pixel is another's |
//! | 40002 | no event is good, or the request is malformed |
//! | 40105 | no `Access-Token`, or an unknown one |
//!
//! 40100 (too many requests) happens by fault only.

mod rules;
#[cfg(test)]
mod tests;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::intercept::{Manners, layered};
use crate::journal::{Route, TokenSeen};
use crate::sandbox::Sandbox;

const NAME: &str = "tiktok";
const TOKEN: &str = "access-token";

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let manners = Manners { seen, fault, finish: |response, _| response };
    let track = layered(sandbox, Route::TiktokEvents, manners, post(accept));
    Router::new().route("/tiktok/open_api/v1.3/event/track/", track).with_state(sandbox.clone())
}

fn answer(code: i64, message: &str) -> Json<Value> {
    Json(json!({"code": code, "message": message, "request_id": "sandbox", "data": {}}))
}

/// Outside of TikTok's own answers: its gateway's.
fn fault(status: StatusCode) -> Response {
    (status, "injected fault").into_response()
}

fn is_known(sandbox: &Sandbox, headers: &HeaderMap) -> Option<bool> {
    let token = headers.get(TOKEN)?.as_bytes();
    Some(token == sandbox.config().destinations.tiktok_access_token.as_bytes())
}

fn seen(sandbox: &Sandbox, parts: &Parts) -> Option<TokenSeen> {
    is_known(sandbox, &parts.headers).map(|known| TokenSeen::of_destination(NAME, known))
}

async fn accept(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Json<Value> {
    if is_known(&sandbox, &headers) != Some(true) {
        return answer(40_105, "Access token is incorrect or has been revoked.");
    }
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return answer(40_002, "the body is not JSON");
    };
    let events = match rules::events(&request) {
        Ok(events) => events,
        Err(message) => return answer(40_002, message),
    };
    if request["event_source_id"] != sandbox.config().destinations.tiktok_pixel_code.as_str() {
        return answer(40_001, "No permission to operate pixel.");
    }
    let good: Vec<_> = events.iter().filter(|event| rules::is_good(event)).collect();
    for event in &good {
        sandbox.deliver(NAME, event["event_id"].as_str(), (*event).clone());
    }
    match good.len() {
        0 => answer(40_002, "Invalid value for data."),
        taken if taken < events.len() => answer(20_001, "Partially successful."),
        _ => answer(0, "OK"),
    }
}
