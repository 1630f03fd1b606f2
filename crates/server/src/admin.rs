//! The admin listener: health, metrics and why visitors got what they got. For the owner, on a port of its
//! own.
//!
//! - Every request must name a host of the allowlist, so that no page can reach it by DNS rebinding, and
//!   none may come from a page: there is no CORS, and a request with an `Origin` is refused.
//! - Everything needs the token, or the cookie of a session ([`Entrance`]), except that health and metrics are
//!   open to this machine.

mod entrance;
mod health;
mod openapi;
mod visitors;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};

pub use self::entrance::Entrance;
use crate::app::App;

/// Paths that are open to this machine.
const OPEN: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Who may come in, by the configuration of the moment.
pub struct Door {
    /// The token of everything that is not open.
    pub token: SecretString,
    /// Names by which the listener may be reached besides loopback ones; with the port, where it has one.
    pub hosts: Vec<String>,
}

/// The admin listener's routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(openapi::document))
        .route("/api/pipelines/{key}/visitors/{id}", get(visitors::decisions))
        .fallback(|| async { refusal(StatusCode::NOT_FOUND, "NOT_FOUND", "nothing is here") })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
}

async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let configured = app.configured();
    // Without a door, what is left of the listener is closed.
    let door = configured.door.as_ref();
    let mut response = if !door.is_some_and(|door| door.knows_host(headers)) {
        let message = "this host is not one of `server.admin.hosts`";
        refusal(StatusCode::MISDIRECTED_REQUEST, "HOST_NOT_ALLOWED", message)
    } else if headers.contains_key(header::ORIGIN) {
        refusal(StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED", "pages may not ask here")
    } else if request.uri().path() == entrance::PATH && request.method() == Method::GET {
        enter(&app.entrance, &request)
    } else if !(is_open(&request)
        || app.entrance.knows(headers)
        || door.is_some_and(|door| door.has_token(headers)))
    {
        let message = "send the admin token as `Authorization: Bearer`";
        refusal(StatusCode::UNAUTHORIZED, "TOKEN_REJECTED", message)
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn enter(entrance: &Entrance, request: &Request) -> Response {
    match entrance.enter(request.uri().query()) {
        Ok(Some(response)) => response,
        Ok(None) => {
            let message =
                "this link was used before, or is of another start: start anew for another";
            refusal(StatusCode::UNAUTHORIZED, "PASS_REJECTED", message)
        }
        Err(error) => refusal(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", &error.to_string()),
    }
}

impl Door {
    fn knows_host(&self, headers: &HeaderMap) -> bool {
        let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
            return false;
        };
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        matches!(name, "localhost" | "127.0.0.1" | "[::1]")
            || self.hosts.iter().any(|allowed| allowed == host || allowed == name)
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let sent = sent.and_then(|value| value.strip_prefix("Bearer "));
        // Hashes of both, so that the time it takes says nothing of where they differ.
        let hash = |token: &str| Sha256::digest(token.as_bytes());
        sent.is_some_and(|sent| hash(sent) == hash(self.token.expose_secret()))
    }
}

fn is_open(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    OPEN.contains(&request.uri().path()) && peer.is_some_and(|peer| peer.0.ip().is_loopback())
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    (status, axum::Json(json!({ "error": { "code": code, "message": message } }))).into_response()
}
