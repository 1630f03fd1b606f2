//! Meta's Conversions API, mounted under `/meta_capi`: `POST /v{N}.{M}/{pixel}/events`.
//!
//! | answer | when |
//! |---|---|
//! | 200 `{"events_received","messages","fbtrace_id"}` | every event is good |
//! | 400, code 190 | no token, or an unknown one (`Authorization: Bearer`, or `access_token` in the query) |
//! | 400, code 100, subcode 33 | no such pixel |
//! | 400, code 2635 | the version is none |
//! | 400, code 100, subcode 2804003 | an event is older than 7 days, or in the future: nothing is taken |
//! | 400, code 100 | an event is not what Meta documents ([`rules`]): nothing is taken |
//!
//! Errors are `{"error":{"message","type","code","error_subcode","fbtrace_id"}}`. Everything but the codes of
//! events too old and of an unknown pixel is the stricter reading of pages that name no code.

mod rules;
#[cfg(test)]
mod tests;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::intercept::{Manners, layered};
use crate::journal::{Route, TokenSeen};
use crate::sandbox::Sandbox;

const NAME: &str = "meta_capi";

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let manners = Manners { seen, fault, finish: |response, _| response };
    let events = layered(sandbox, Route::MetaEvents, manners, post(accept));
    Router::new().route("/meta_capi/{version}/{pixel}/events", events).with_state(sandbox.clone())
}

/// A Graph API error: all are 400 but for what Meta calls its own fault.
#[derive(Debug)]
struct GraphError {
    status: StatusCode,
    code: i64,
    subcode: Option<i64>,
    message: String,
}

impl GraphError {
    fn new(code: i64, subcode: Option<i64>, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, subcode, message: message.into() }
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let body = json!({"error": {
            "message": self.message,
            "type": "OAuthException",
            "code": self.code,
            "error_subcode": self.subcode,
            "fbtrace_id": "Asandbox",
        }});
        (self.status, Json(body)).into_response()
    }
}

fn fault(status: StatusCode) -> Response {
    let code = if status == StatusCode::TOO_MANY_REQUESTS { 4 } else { 2 };
    let message = "injected fault";
    // What is neither a limit nor Meta's own fault has no code of Meta's.
    if status.is_server_error() || code == 4 {
        return GraphError { status, ..GraphError::new(code, None, message) }.into_response();
    }
    (status, message).into_response()
}

fn token(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(token) = header.and_then(|value| value.strip_prefix("Bearer ")) {
        return Some(token.to_owned());
    }
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    pairs.into_iter().find(|(name, _)| name == "access_token").map(|(_, token)| token)
}

fn seen(sandbox: &Sandbox, parts: &Parts) -> Option<TokenSeen> {
    let known =
        token(&parts.headers, &parts.uri)? == sandbox.config().destinations.meta_access_token;
    Some(TokenSeen::of_destination(NAME, known))
}

async fn accept(
    State(sandbox): State<Sandbox>,
    Path((version, pixel)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Result<Json<Value>, GraphError> {
    let account = &sandbox.config().destinations;
    if !rules::is_version(&version) {
        return Err(GraphError::new(2635, None, "you are calling a version that is none"));
    }
    if token(&headers, &uri).as_ref() != Some(&account.meta_access_token) {
        return Err(GraphError::new(190, None, "invalid OAuth access token"));
    }
    if pixel != account.meta_pixel_id {
        let message = "the object does not exist, or cannot be loaded due to missing permissions";
        return Err(GraphError::new(100, Some(33), message));
    }
    let request: Value = serde_json::from_slice(&body)
        .map_err(|_| GraphError::new(100, None, "the body is not JSON"))?;
    let events = rules::events(&request, sandbox.now())
        .map_err(|broken| GraphError::new(100, broken.subcode, broken.message))?;
    for event in events {
        // Meta tells a copy by the id and the name together.
        let id = event["event_id"]
            .as_str()
            .map(|id| format!("{id} {}", event["event_name"].as_str().unwrap_or_default()));
        sandbox.deliver(NAME, id.as_deref(), event.clone());
    }
    Ok(Json(json!({
        "events_received": events.len(),
        "messages": [],
        "fbtrace_id": "Asandbox",
    })))
}
