//! The control routes under `/_control`: JSON in, JSON out, no authorization, not counted. Pages of
//! other sites are kept out, see [`page`](crate::page).
//!
//! | route | what |
//! |---|---|
//! | `POST link` | `{"cookie","customer"}`: link a cookie id to a named customer |
//! | `GET requests` | `{"requests":[…]}`, the newest vendor requests |
//! | `GET hits` | `{"<route>":n,…}`, every route |
//! | `POST faults` | `{"route","times":n or null,"fault":{…}}`, see [`Fault`] |
//! | `GET faults` | `{"faults":[…]}`, those still to come |
//! | `DELETE faults`, `DELETE faults?route=` | end all faults, or those of one route |
//! | `GET events` | `{"accepted":n,"pending":n,"events":[…]}`, Amperity's |
//! | `GET delivered/{destination}` | `{"delivered":[…]}`, the newest events another destination took |
//! | `POST apply` | bring pending events to their profiles now: `{"applied":n}` |
//! | `GET`, `POST collection` | `{"linking_keys":[…]}`, read or replace |
//! | `GET`, `POST stream` | `{"mode":"active" or "drop" or "reject"}`, read or replace |
//! | `GET`, `POST pages` | `{"last_page":"absent" or "empty"}`, of lists of the control API, read or replace |
//! | `GET keys` | `{"keys":[…],"refusals":{…}}`: Amperity's API keys, and requests with a token that did not count |
//! | `POST keys/{id}/rotate`, `…/revoke-deposed`, `…/revoke-all`, `DELETE keys/{id}` | as on the settings page |
//! | `POST keys/{id}/tokens` | `{"expires_at":time or null}`: generate a token, `{"token":"…"}` |
//! | `POST reset` | back to the start |
//! | `algonomy…` | see [`crate::algonomy`] |
//!
//! Amperity's indexes and Ansira's API client have routes of their own, see `amperity_index` and `ansira`.
//!
//! What changes something and has nothing to say answers `{"ok":true}`; a refusal is
//! `{"error":{"code","message"}}`.

mod keys;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::amperity::control::LastPage;
use crate::config::StreamMode;
use crate::faults::Fault;
use crate::journal::Route;
use crate::refusal::{Refusal, parse};
use crate::sandbox::{ControlError, Sandbox};

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    Router::new()
        .route("/_control/link", post(link))
        .route("/_control/requests", get(requests))
        .route("/_control/hits", get(hits))
        .route("/_control/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/_control/events", get(events))
        .route("/_control/delivered/{destination}", get(delivered))
        .route("/_control/apply", post(apply))
        .route("/_control/collection", get(collection).post(set_collection))
        .route("/_control/stream", get(stream).post(set_stream))
        .route("/_control/pages", get(pages).post(set_pages))
        .route("/_control/reset", post(reset))
        .merge(keys::router())
        .with_state(sandbox.clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    cookie: String,
    customer: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddFault {
    route: String,
    times: Option<u32>,
    fault: Fault,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Collection {
    linking_keys: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stream {
    #[serde(with = "StreamModeName")]
    mode: StreamMode,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pages {
    last_page: LastPage,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "StreamMode", rename_all = "snake_case")]
enum StreamModeName {
    Active,
    Drop,
    Reject,
}

impl From<ControlError> for Refusal {
    fn from(error: ControlError) -> Self {
        let (status, code) = match error {
            ControlError::UnknownRoute(_) => (StatusCode::BAD_REQUEST, "UNKNOWN_ROUTE"),
            ControlError::UnknownCustomer(_) => (StatusCode::NOT_FOUND, "UNKNOWN_CUSTOMER"),
            ControlError::UnknownKey(_) => (StatusCode::NOT_FOUND, "UNKNOWN_KEY"),
        };
        Self::new(status, code, error.to_string())
    }
}

fn ok() -> Json<Value> {
    Json(json!({"ok": true}))
}

async fn link(State(sandbox): State<Sandbox>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let Link { cookie, customer } = parse(&body)?;
    let who = sandbox.link(&cookie, &customer)?;
    Ok(Json(json!({"ok": true, "profile_id": who.profile_id()})))
}

async fn requests(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({"requests": sandbox.requests()}))
}

async fn hits(State(sandbox): State<Sandbox>) -> Json<Map<String, Value>> {
    let count = |route: Route| (route.label().to_owned(), sandbox.hits(route.label()).into());
    Json(Route::ALL.iter().copied().map(count).collect())
}

async fn add_fault(State(sandbox): State<Sandbox>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let AddFault { route, times, fault } = parse(&body)?;
    sandbox.fault(&route, times, fault)?;
    Ok(ok())
}

async fn faults(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({"faults": sandbox.faults()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhichFaults {
    route: Option<String>,
}

async fn clear_faults(
    State(sandbox): State<Sandbox>,
    Query(WhichFaults { route }): Query<WhichFaults>,
) -> Result<Json<Value>, Refusal> {
    match route {
        Some(route) => sandbox.clear_faults_of(&route)?,
        None => sandbox.clear_faults(),
    }
    Ok(ok())
}

async fn events(State(sandbox): State<Sandbox>) -> Json<Value> {
    let pending = sandbox.pending_events();
    let accepted = sandbox.accepted_events();
    Json(json!({"accepted": accepted, "pending": pending, "events": sandbox.events()}))
}

async fn delivered(State(sandbox): State<Sandbox>, Path(destination): Path<String>) -> Json<Value> {
    Json(json!({"delivered": sandbox.delivered(&destination)}))
}

async fn apply(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({"applied": sandbox.apply_pending()}))
}

async fn collection(State(sandbox): State<Sandbox>) -> Json<Collection> {
    Json(Collection { linking_keys: sandbox.linking_keys() })
}

async fn set_collection(
    State(sandbox): State<Sandbox>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let Collection { linking_keys } = parse(&body)?;
    sandbox.set_linking_keys(linking_keys);
    Ok(ok())
}

async fn stream(State(sandbox): State<Sandbox>) -> Json<Stream> {
    Json(Stream { mode: sandbox.stream_mode() })
}

async fn set_stream(State(sandbox): State<Sandbox>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let Stream { mode } = parse(&body)?;
    sandbox.set_stream_mode(mode);
    Ok(ok())
}

async fn pages(State(sandbox): State<Sandbox>) -> Json<Pages> {
    Json(Pages { last_page: sandbox.last_page() })
}

async fn set_pages(State(sandbox): State<Sandbox>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let Pages { last_page } = parse(&body)?;
    sandbox.set_last_page(last_page);
    Ok(ok())
}

async fn reset(State(sandbox): State<Sandbox>) -> Json<Value> {
    sandbox.reset();
    ok()
}

#[cfg(test)]
mod tests;
