//! HTTP towards vendors: one client with deadlines, no redirects, no decompression and capped bodies.
//!
//! A redirect is never followed, because the credential would follow it. Compressed bodies are neither
//! asked for nor decoded, so there is no bomb to defuse.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
pub use reqwest::Client;
use reqwest::redirect::Policy;
use reqwest::{Request, StatusCode};
use thiserror::Error;

/// A vendor's answer, read to its end.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// `Retry-After` in seconds; the form with a date is not used by any vendor here.
    pub retry_after: Option<Duration>,
    /// The body, at most as long as the caller allowed.
    pub body: Bytes,
}

/// Why there is no answer. Never holds a URL: it may carry an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HttpError {
    /// The deadline passed, wherever the call was.
    #[error("no answer within the deadline")]
    Deadline,
    /// The connection could not be made or broke.
    #[error("{0}")]
    Connection(String),
    /// The body is longer than the caller allowed.
    #[error("the body is too long")]
    TooLong,
}

/// How long connecting may take: a vendor's host is a few network round trips away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an idle connection is kept: below the minute after which load balancers drop them unsaid.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// Makes the client. One per process is enough; it pools connections by host.
///
/// # Errors
/// When the system's certificate store cannot be read.
pub fn client() -> Result<Client, HttpError> {
    // The one TLS implementation of the whole program; a second call finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(concat!("datafly/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .build()
        .map_err(|error| connection(&error))
}

/// Sends the request and reads the answer, all within `deadline`, the body up to `max_bytes`.
pub async fn send(
    client: &Client,
    request: Request,
    deadline: Duration,
    max_bytes: usize,
) -> Result<Answer, HttpError> {
    let exchange = async {
        let mut response = client.execute(request).await.map_err(|error| connection(&error))?;
        let retry_after = response
            .headers()
            .get(reqwest::header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| connection(&error))? {
            if body.len() + chunk.len() > max_bytes {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status: response.status(), retry_after, body: body.freeze() })
    };
    tokio::time::timeout(deadline, exchange).await.map_err(|_| HttpError::Deadline)?
}

/// The innermost cause: reqwest's own text would repeat the URL.
fn connection(error: &reqwest::Error) -> HttpError {
    if error.is_timeout() {
        return HttpError::Deadline;
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let reason = if std::ptr::addr_eq(cause, error) {
        "the request could not be made".to_owned()
    } else {
        cause.to_string()
    };
    HttpError::Connection(reason)
}
