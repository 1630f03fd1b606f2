//! Google Analytics 4, mounted under `/ga4`: the Measurement Protocol and its validator.
//!
//! | route | answer |
//! |---|---|
//! | `POST /mp/collect` | always 204, as the real one; what breaks a rule of [`rules`], or has another stream or secret, is thrown away in silence |
//! | `POST /debug/mp/collect` | `{"validationMessages":[{"fieldPath","description","validationCode"}]}`; nothing is taken |
//!
//! The real validator looks at less than the real collector keeps; here both apply the same rules.

mod rules;
#[cfg(test)]
mod tests;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::intercept::{Manners, layered};
use crate::journal::{Route, TokenSeen};
use crate::sandbox::Sandbox;

const NAME: &str = "ga4";

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let manners = Manners {
        seen,
        fault: |status| (status, "injected fault").into_response(),
        finish: |response, _| response,
    };
    let collect = layered(sandbox, Route::Ga4Collect, manners, post(collect));
    let validate = layered(sandbox, Route::Ga4Validate, manners, post(validate));
    Router::new()
        .route("/ga4/mp/collect", collect)
        .route("/ga4/debug/mp/collect", validate)
        .with_state(sandbox.clone())
}

fn query(uri: &Uri, wanted: &str) -> Option<String> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    pairs.into_iter().find(|(name, _)| name == wanted).map(|(_, value)| value)
}

fn seen(sandbox: &Sandbox, parts: &Parts) -> Option<TokenSeen> {
    let secret = query(&parts.uri, "api_secret")?;
    let known = secret == sandbox.config().destinations.ga4_api_secret;
    Some(TokenSeen::of_destination(NAME, known))
}

async fn collect(State(sandbox): State<Sandbox>, uri: Uri, body: Bytes) -> StatusCode {
    let account = &sandbox.config().destinations;
    let ours = query(&uri, "measurement_id").as_ref() == Some(&account.ga4_measurement_id)
        && query(&uri, "api_secret").as_ref() == Some(&account.ga4_api_secret);
    if ours
        && let Ok(request) = serde_json::from_slice::<Value>(&body)
        && rules::of_request(&request, body.len()).is_empty()
    {
        for event in rules::kept_events(&request, sandbox.now()) {
            // With its client, so that a test sees whose it is.
            let record = json!({"client_id": request["client_id"], "event": event});
            sandbox.deliver(NAME, None, record);
        }
    }
    StatusCode::NO_CONTENT
}

async fn validate(body: Bytes) -> Json<Value> {
    let broken = match serde_json::from_slice::<Value>(&body) {
        Ok(request) => rules::all(&request, body.len()),
        Err(_) => vec![rules::not_json()],
    };
    Json(json!({"validationMessages": broken}))
}
