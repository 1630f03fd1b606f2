//! Amperity's API keys, as on its settings page.

use std::future::{Ready, ready};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ok;
use crate::refusal::{Refusal, parse};
use crate::sandbox::{ControlError, Sandbox};

pub(super) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/_control/keys", get(list))
        .route("/_control/keys/{id}", delete(changing(Sandbox::delete_key)))
        .route("/_control/keys/{id}/rotate", post(changing(Sandbox::rotate_key)))
        .route("/_control/keys/{id}/revoke-deposed", post(changing(Sandbox::revoke_deposed)))
        .route("/_control/keys/{id}/revoke-all", post(changing(Sandbox::revoke_all)))
        .route("/_control/keys/{id}/tokens", post(generate))
}

type Answer = Ready<Result<Json<Value>, Refusal>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Generate {
    expires_at: Option<Timestamp>,
}

async fn list(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({"keys": sandbox.keys(), "refusals": sandbox.token_refusals()}))
}

async fn generate(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let Generate { expires_at } = parse(&body)?;
    Ok(Json(json!({"token": sandbox.issue_token(&id, expires_at)?})))
}

/// A route that changes a key.
fn changing(
    change: fn(&Sandbox, &str) -> Result<(), ControlError>,
) -> impl Fn(State<Sandbox>, Path<String>) -> Answer + Clone + Send + Sync + 'static {
    move |State(sandbox), Path(id)| {
        ready(change(&sandbox, &id).map(|()| ok()).map_err(Refusal::from))
    }
}
