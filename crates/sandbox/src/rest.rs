//! A small customer service, for providers that are declared in a configuration, mounted under `/rest`.
//!
//! | route | answer |
//! |---|---|
//! | `GET customers/{value}?by={key}` | `{"customer":{…}}`, 404 where there is nobody |
//! | `POST search` with `{"by","value"}` | the same |
//!
//! 401 unless one of [`REST_TOKENS`](crate::REST_TOKENS) comes as a bearer token, in `X-Api-Key`, or as the password of
//! the user `datafly`. 400 for a key that nobody is found by.

#[cfg(test)]
mod tests;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::json;

use crate::config::{ALL_LINKING_KEYS, REST_TOKENS};
use crate::identifiers::Identifier;
use crate::intercept::{Manners, layered};
use crate::journal::{Route, TokenSeen};
use crate::sandbox::Sandbox;

const NAME: &str = "rest";

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let manners = Manners {
        seen: |sandbox, parts: &Parts| {
            let token = token(&parts.headers)?;
            let known = takes(sandbox, &token);
            Some(if known { TokenSeen::of_provider(NAME) } else { TokenSeen::unknown() })
        },
        fault: |status| status.into_response(),
        finish: |response, _| response,
    };
    let customer = layered(sandbox, Route::RestGet, manners, get(by_path));
    let search = layered(sandbox, Route::RestPost, manners, post(by_body));
    Router::new()
        .route("/rest/customers/{value}", customer)
        .route("/rest/search", search)
        .with_state(sandbox.clone())
}

fn takes(sandbox: &Sandbox, token: &str) -> bool {
    sandbox.rest_tokens().contains(&token)
}

/// The credential, in whichever way it comes.
fn token(headers: &HeaderMap) -> Option<String> {
    if let Some(key) = headers.get("x-api-key") {
        return key.to_str().ok().map(str::to_owned);
    }
    let (scheme, credential) =
        headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    match scheme {
        "Bearer" => Some(credential.to_owned()),
        "Basic" => {
            let pair = String::from_utf8(BASE64.decode(credential.as_bytes()).ok()?).ok()?;
            pair.strip_prefix("datafly:").map(str::to_owned)
        }
        _ => None,
    }
}

#[derive(Deserialize)]
struct By {
    by: String,
}

#[derive(Deserialize)]
struct Search {
    by: String,
    value: String,
}

async fn by_path(
    State(sandbox): State<Sandbox>,
    Path(value): Path<String>,
    Query(By { by }): Query<By>,
    headers: HeaderMap,
) -> Response {
    find(&sandbox, &headers, by, value)
}

async fn by_body(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    let is_json = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    match serde_json::from_slice(&body) {
        Ok(Search { by, value }) if is_json => find(&sandbox, &headers, by, value),
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn find(sandbox: &Sandbox, headers: &HeaderMap, key: String, value: String) -> Response {
    if !token(headers).is_some_and(|token| takes(sandbox, &token)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if !ALL_LINKING_KEYS.contains(&&*key) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    match sandbox.look_up(&Identifier { key, value }, false) {
        Some(profile) => Json(json!({"customer": profile.attributes})).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Sandbox {
    fn rest_tokens(&self) -> Vec<&'static str> {
        let revoked = self.with_rest(|revoked| revoked.clone());
        REST_TOKENS.into_iter().filter(|token| !revoked.iter().any(|own| own == token)).collect()
    }

    /// Stops taking a token of [`REST_TOKENS`](crate::REST_TOKENS).
    pub fn revoke_rest_token(&self, token: &str) {
        self.with_rest(|revoked| revoked.push(token.to_owned()));
    }
}
