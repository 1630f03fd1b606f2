//! Around every vendor route: count, record, and fail on request.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::error::{ApiError, render};
use super::{auth, fault_body};
use crate::faults::Effect;
use crate::journal::{RequestRecord, Route};
use crate::sandbox::Sandbox;

/// Far above every documented limit. What is longer reaches the handler as empty, and fails there by
/// its headers.
const MAX_BUFFERED_BYTES: usize = 1024 * 1024;

pub(super) async fn intercept(
    State((sandbox, route)): State<(Sandbox, Route)>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BUFFERED_BYTES).await.unwrap_or_default();
    let (n, fault) = sandbox.begin(route, record(&sandbox, route, &parts, &body));
    let effect = match fault {
        None => Effect::None,
        Some(fault) => {
            if !fault.delay.is_zero() {
                tokio::time::sleep(fault.delay).await;
            }
            fault.effect
        }
    };
    let handle = async || {
        let request = Request::from_parts(parts, Body::from(body));
        render(next.run(request).await, n)
    };
    let response = match effect {
        Effect::None => handle().await,
        Effect::CutBody => fault_body::cut(handle().await).await,
        Effect::Garbage => fault_body::garbage(),
        Effect::HugeBody { bytes } => fault_body::huge(bytes),
        Effect::Reply { status, retry_after, body } => reply(n, status, retry_after, body),
    };
    sandbox.finish(n, response.status().as_u16());
    response
}

fn record(sandbox: &Sandbox, route: Route, parts: &Parts, body: &Bytes) -> RequestRecord {
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    RequestRecord {
        n: 0,
        at: sandbox.now(),
        route: route.label(),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: query
            .map(|Query(pairs)| pairs.into_iter().map(|(name, _)| name).collect())
            .unwrap_or_default(),
        headers: parts.headers.keys().map(ToString::to_string).collect(),
        authorization: auth::seen(sandbox, &parts.headers),
        body: serde_json::from_slice(body).unwrap_or(Value::Null),
        body_bytes: body.len(),
        status: None,
    }
}

fn reply(n: u64, status: u16, retry_after: Option<String>, body: Option<String>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match body {
        Some(body) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        None => render(ApiError::new(status, "injected fault").into_response(), n),
    };
    if let Some(value) = retry_after.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}
