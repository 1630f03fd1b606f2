//! Around every vendor route: count, record, and fail on request.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use serde_json::Value;

use crate::fault_body;
use crate::faults::Effect;
use crate::journal::{RequestRecord, Route, TokenSeen};
use crate::sandbox::Sandbox;

/// Far above every documented limit. What is longer reaches the handler as empty, and fails there by
/// its headers.
const MAX_BUFFERED_BYTES: usize = 1024 * 1024;

/// In what a vendor differs from the others here.
#[derive(Clone, Copy)]
pub(crate) struct Manners {
    /// The credential of a request, as the journal may show it.
    pub(crate) seen: fn(&Sandbox, &Parts) -> Option<TokenSeen>,
    /// A scripted status in the vendor's own words.
    pub(crate) fault: fn(StatusCode) -> Response,
    /// The last touch on an answer: what takes the request's number.
    pub(crate) finish: fn(Response, u64) -> Response,
}

/// Lays the interception around a route.
pub(crate) fn layered(
    sandbox: &Sandbox,
    route: Route,
    manners: Manners,
    methods: MethodRouter<Sandbox>,
) -> MethodRouter<Sandbox> {
    methods.layer(from_fn_with_state((sandbox.clone(), route, manners), intercept))
}

async fn intercept(
    State((sandbox, route, manners)): State<(Sandbox, Route, Manners)>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BUFFERED_BYTES).await.unwrap_or_default();
    let (n, fault) = sandbox.begin(route, record(&sandbox, route, manners, &parts, &body));
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
        (manners.finish)(next.run(request).await, n)
    };
    let mut response = match effect {
        Effect::None => handle().await,
        Effect::CutBody => fault_body::cut(handle().await).await,
        Effect::Garbage => fault_body::garbage(),
        Effect::HugeBody { bytes } => fault_body::huge(bytes),
        Effect::Reply { status, retry_after, body } => reply(manners, n, status, retry_after, body),
    };
    // By the sandbox's clock; a listener would write the machine's.
    let date = sandbox.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    sandbox.finish(n, response.status().as_u16());
    response
}

fn record(
    sandbox: &Sandbox,
    route: Route,
    manners: Manners,
    parts: &Parts,
    body: &Bytes,
) -> RequestRecord {
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let mut json: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    if let Some(secret) = route.secret_field().and_then(|field| json.get_mut(field)) {
        *secret = Value::Null;
    }
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
        authorization: (manners.seen)(sandbox, parts),
        body: json,
        body_bytes: body.len(),
        status: None,
    }
}

fn reply(
    manners: Manners,
    n: u64,
    status: u16,
    retry_after: Option<String>,
    body: Option<String>,
) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match body {
        Some(body) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        None => (manners.finish)((manners.fault)(status), n),
    };
    if let Some(value) = retry_after.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}
