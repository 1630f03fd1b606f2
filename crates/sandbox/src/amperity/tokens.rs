//! Who issues tokens.
//!
//! - `POST /api/v0/admin/api-keys/{id}/tokens`, body `{"expires-at":"2020-06-16T00:24:16Z"}`, by a token of an
//!   issuer's key: a token of the key in the path. The answer is documented nowhere; here it is
//!   `{"token":"…"}`. Without `expires-at` the token has no expiry; one that is over is 400.
//! - `POST /api/v0/oauth2/token`, the form of RFC 6749's client credentials. A client is a key's: its id is the
//!   key's, its secret [`client_secret`](crate::client_secret). Its tokens live an hour, as in the documented answer.
//!
//! Both name the tenant in `X-Amperity-Tenant`; the real-time API's spelling does not count here.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::{self, authorize_at};
use super::error::ApiError;
use crate::config::Scope;
use crate::sandbox::Sandbox;

const TENANT: &str = "x-amperity-tenant";

/// Of a token by client credentials.
const CLIENT_TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(1);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Issue {
    expires_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Form {
    grant_type: String,
    client_id: String,
    client_secret: String,
}

pub(super) async fn issue(
    State(sandbox): State<Sandbox>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    authorize_at(&sandbox, &headers, Scope::Issuer, TENANT)?;
    of_type(&headers, "application/json")?;
    let Issue { expires_at } = serde_json::from_slice(&body)
        .map_err(|e| ApiError::bad_request(format!("malformed body: {e}")))?;
    if expires_at.is_some_and(|end| end <= sandbox.now()) {
        return Err(ApiError::bad_request("`expires-at` is in the past"));
    }
    let token = sandbox.issue_token(&key, expires_at);
    let token = token.map_err(|_| ApiError::not_found("no such API key"))?;
    Ok(Json(json!({ "token": token })))
}

pub(super) async fn by_client(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    auth::check_tenant(&sandbox, &headers, TENANT)?;
    of_type(&headers, "application/x-www-form-urlencoded")?;
    let Form { grant_type, client_id, client_secret } =
        form(&body).ok_or_else(|| ApiError::bad_request("malformed form"))?;
    if grant_type != "client_credentials" {
        return Err(ApiError::bad_request("unsupported grant type"));
    }
    let expires_at = sandbox.now() + CLIENT_TOKEN_LIFE;
    let token = sandbox
        .issue_to_client(&client_id, &client_secret, expires_at)
        .ok_or_else(|| ApiError::new(StatusCode::UNAUTHORIZED, "invalid client"))?;
    let seconds = CLIENT_TOKEN_LIFE.as_secs();
    Ok(Json(json!({"access_token": token, "expires_in": seconds, "token_type": "Bearer"})))
}

fn of_type(headers: &HeaderMap, expected: &str) -> Result<(), ApiError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    if essence.trim().eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    let message = format!("the Content-Type is not {expected}");
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}

/// A form is written like a query.
fn form(body: &[u8]) -> Option<Form> {
    let uri: Uri = format!("/?{}", std::str::from_utf8(body).ok()?).parse().ok()?;
    Query::try_from_uri(&uri).ok().map(|Query(form)| form)
}
