//! The backend of the demo site.
//!
//! | route | what |
//! |---|---|
//! | `POST /api/login` | `{"user"}`: a named customer's id, traits and identity token; 404 for a stranger |
//! | `POST /api/returning` | `{"customer"}`: link this browser's `_dfid` cookie at the vendor, as if the vendor had seen the browser before |
//! | `GET /api/vendor-log` | `{"requests":[…]}`, the newest vendor requests, newest first |
//! | `GET /config.json` | `{"pipelineKey","idUrl","collectUrl"}` |
//! | everything else | the site's files |
//!
//! Nothing is cacheable: a demo that shows yesterday's page is worse than a slow one.

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::refusal::{Refusal, parse};
use crate::sandbox::Sandbox;

mod files;
mod html;
mod login;
mod token;

/// The domain-wide copy of the visitor's id.
const ID_COOKIE: &str = "_dfid";
const MAX_LOG_SHOWN: usize = 50;

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    Router::new()
        .route("/api/login", post(login::login))
        .route("/api/returning", post(returning))
        .route("/api/vendor-log", get(vendor_log))
        .route("/config.json", get(config))
        .route("/", get(files::index))
        .route("/{*path}", get(files::file))
        .layer(from_fn(no_store))
        .with_state(sandbox.clone())
}

async fn no_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn config(State(sandbox): State<Sandbox>) -> Json<Value> {
    let shop = sandbox.shop();
    Json(json!({
        "pipelineKey": shop.pipeline_key,
        "idUrl": shop.id_url,
        "collectUrl": shop.collect_url,
    }))
}

async fn vendor_log(State(sandbox): State<Sandbox>) -> Json<Value> {
    let mut requests = sandbox.requests();
    requests.reverse();
    requests.truncate(MAX_LOG_SHOWN);
    Json(json!({"requests": requests}))
}

#[derive(Deserialize)]
struct Returning {
    customer: String,
}

async fn returning(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let Returning { customer } = parse(&body)?;
    let id = cookie(&headers, ID_COOKIE).ok_or_else(|| {
        Refusal::new(StatusCode::BAD_REQUEST, "NO_VISITOR", "the request has no _dfid cookie")
    })?;
    let who = sandbox.link(id, &customer)?;
    Ok(Json(json!({"linked": who.name()})))
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(header::COOKIE).into_iter();
    let pairs = pairs.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
    named.find(|(found, value)| *found == name && !value.is_empty()).map(|(_, value)| value)
}

#[cfg(test)]
mod tests;
