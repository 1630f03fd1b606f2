//! The admin listener: health, metrics and why visitors got what they got. For the owner, on a port of its
//! own.
//!
//! - Every request must name a host of the allowlist, so that no page can reach it by DNS rebinding, and
//!   none may come from a page of elsewhere: there is no CORS, and a request with another's `Origin` is refused.
//! - What changes something needs the header [`WRITES`] as well, which no form and no simple request can send.
//! - Everything needs the token, or the cookie of a session ([`Entrance`]), except that health and metrics are
//!   open to this machine.

mod attributes;
mod backup;
mod dead_letters;
mod entrance;
mod health;
mod openapi;
mod refusal;
mod selection;
mod visitors;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

pub use self::entrance::Entrance;
use self::refusal::Refusal;
use crate::app::App;

/// Paths that are open to this machine.
const OPEN: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Header of every request that changes something; its value is `1`.
pub const WRITES: &str = "x-datafly-admin";

/// Who may come in, by the configuration of the moment.
pub struct Door {
    /// The token of everything that is not open.
    pub token: SecretString,
    /// Names by which the listener may be reached besides loopback ones; with the port, where it has one.
    pub hosts: Vec<String>,
}

/// The admin listener's routes, behind its door.
pub fn router(app: Arc<App>) -> Router {
    let guard = middleware::from_fn_with_state(Arc::clone(&app), guard);
    routes(app).layer(guard)
}

/// The same for who needs no door: whoever can open the files is their owner.
pub fn routes(app: Arc<App>) -> Router {
    const LETTER: &str = "/api/dead-letters/{pipeline}/{destination}/{position}";
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(openapi::document))
        .route("/api/pipelines/{key}/visitors/{id}", get(visitors::decisions))
        .route("/api/pipelines/{key}/attributes", get(attributes::seen))
        .route("/api/dead-letters", get(dead_letters::list))
        .route("/api/dead-letters/replay", post(dead_letters::replay_many))
        .route("/api/dead-letters/purge", post(dead_letters::purge_many))
        .route(LETTER, get(dead_letters::show))
        .route(&format!("{LETTER}/dry-run"), post(dead_letters::dry_run))
        .route(&format!("{LETTER}/replay"), post(dead_letters::replay))
        .route(&format!("{LETTER}/purge"), post(dead_letters::purge))
        .route("/api/backup", post(backup::make))
        .fallback(|| async { Refusal::not_found("nothing is here") })
        .method_not_allowed_fallback(|| async {
            let message = "this is here for another method: see /openapi.json";
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
        })
        .with_state(app)
}

async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let configured = app.configured();
    // Without a door, what is left of the listener is closed.
    let door = configured.door.as_ref();
    let mut response = match judge(&app, door, &request) {
        Err(refusal) => refusal.into_response(),
        Ok(Admitted::ByPass(response)) => response,
        Ok(Admitted::In) => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Who may go on.
enum Admitted {
    /// With the answer that opens a session.
    ByPass(Response),
    /// To what was asked for.
    In,
}

fn judge(app: &App, door: Option<&Door>, request: &Request) -> Result<Admitted, Refusal> {
    let headers = request.headers();
    let Some(door) = door.filter(|door| door.knows_host(headers)) else {
        let message = "this host is not one of `server.admin.hosts`";
        return Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, "HOST_NOT_ALLOWED", message));
    };
    if comes_from_elsewhere(headers) {
        let message = "pages of other origins may not ask here";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED", message));
    }
    if request.uri().path() == entrance::PATH && request.method() == Method::GET {
        return enter(&app.entrance, request).map(Admitted::ByPass);
    }
    if !(is_open(request) || app.entrance.knows(headers) || door.has_token(headers)) {
        let message = "send the admin token as `Authorization: Bearer`";
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, "TOKEN_REJECTED", message));
    }
    if !request.method().is_safe() && headers.get(WRITES).is_none_or(|value| value != "1") {
        let message = format!("what changes something needs the header `{WRITES}: 1`");
        return Err(Refusal::new(StatusCode::FORBIDDEN, "HEADER_MISSING", message));
    }
    Ok(Admitted::In)
}

fn enter(entrance: &Entrance, request: &Request) -> Result<Response, Refusal> {
    match entrance.enter(request.uri().query()) {
        Ok(Some(response)) => Ok(response),
        Ok(None) => {
            let message =
                "this link was used before, or is of another start: start anew for another";
            Err(Refusal::new(StatusCode::UNAUTHORIZED, "PASS_REJECTED", message))
        }
        Err(error) => Err(Refusal::unavailable(error)),
    }
}

/// An `Origin` that is not this very listener's. Its host is on the allowlist by then, and whether a proxy in
/// front speaks TLS is not known here.
fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let host = headers.get(header::HOST).map(HeaderValue::as_bytes);
    let origin = origin.as_bytes();
    let named = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
    named.is_none() || named != host
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
