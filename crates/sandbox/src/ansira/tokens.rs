//! `POST oauth/v2/oauth-token`: a token for an assertion.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use serde_json::json;

use super::{Account, over_limit};
use crate::config::{ANSIRA_CLIENT_ID, ANSIRA_CLIENT_SECRET};
use crate::journal::Route;
use crate::sandbox::Sandbox;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

fn is_client(headers: &HeaderMap) -> bool {
    let pair = format!("{ANSIRA_CLIENT_ID}:{ANSIRA_CLIENT_SECRET}");
    let expected = format!("Basic {}", BASE64.encode(pair.as_bytes()));
    headers.get(header::AUTHORIZATION).is_some_and(|sent| *sent == expected)
}

/// As the seed writes the request.
fn is_whole(headers: &HeaderMap) -> bool {
    [
        (header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
        (header::ACCEPT, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
    ]
    .iter()
    .all(|(name, value)| headers.get(name).is_some_and(|sent| sent == value))
}

/// A form is written as a query is.
fn form(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let uri: Uri = format!("/?{}", std::str::from_utf8(body).ok()?).parse().ok()?;
    Query::try_from_uri(&uri).map(|Query(form)| form).ok()
}

pub(super) async fn issue(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(limited) = over_limit(&sandbox, Route::AnsiraToken) {
        return limited;
    }
    let refuse = |status: StatusCode, error: &str| {
        sandbox.with_ansira(Account::refuse);
        let body = json!({"error": error, "error_description": "refused by the sandbox"});
        (status, Json(body)).into_response()
    };
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let is_measured = length == Some(&*body.len().to_string());
    let Some(form) = form(&body).filter(|_| is_measured && is_whole(&headers)) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_request");
    };
    if !is_client(&headers) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("grant_type") != GRANT_TYPE {
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    let now = sandbox.now();
    let (assertion, client) =
        sandbox.with_ansira(|account| (account.assertion(), account.client().clone()));
    if field("assertion") != assertion || client.assertion_expires_at <= now {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let scopes: Vec<String> = field("scope").split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() || !scopes.iter().all(|scope| client.scopes.contains(scope)) {
        return refuse(StatusCode::BAD_REQUEST, "invalid_scope");
    }
    let scope = scopes.join(",");
    let (token, expires_in) = sandbox.with_ansira(|account| account.issue(scopes, now));
    Json(json!({
        "token_type": "bearer",
        "access_token": token,
        "scope": scope,
        "claims": {"client": ANSIRA_CLIENT_ID},
        "expires_in": expires_in,
    }))
    .into_response()
}
