//! Asks a running server how it is.

use std::time::Duration;

use bytes::Bytes;
use datafly_provider::http::{self, HttpError, Network, Transport};
use serde_json::Value;

/// The answer of `/readyz` is short.
const MAX_BYTES: usize = 64 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Not a URL.
    #[error("`{0}` is no URL: write the admin listener's, for example `http://127.0.0.1:9090`")]
    Url(String),
    /// No answer.
    #[error("the server does not answer: {0}")]
    Http(#[from] HttpError),
}

/// How a server is.
#[derive(Debug)]
pub struct Health {
    /// Whether it can do its work.
    pub ready: bool,
    /// What it says, as JSON.
    pub answer: Value,
}

/// Sockets for asking.
pub fn network() -> Result<Network, ProbeError> {
    Ok(Network::new()?)
}

/// Asks `/readyz`.
pub async fn health(
    transport: &dyn Transport,
    url: &str,
    deadline: Duration,
) -> Result<Health, ProbeError> {
    let uri = format!("{}/readyz", url.trim_end_matches('/'));
    let request = axum::http::Request::get(uri).body(Bytes::new());
    let request = request.map_err(|_| ProbeError::Url(url.to_owned()))?;
    let answer = http::send(transport, request, deadline, MAX_BYTES).await?;
    Ok(Health {
        ready: answer.status.is_success(),
        answer: serde_json::from_slice(&answer.body).unwrap_or_default(),
    })
}
