//! The transport over sockets: the one place that knows reqwest.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use reqwest::Client;
use reqwest::redirect::Policy;

use super::{Answer, HttpError, Transport};

/// How long connecting may take: a vendor's host is a few network round trips away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an idle connection is kept: below the minute after which load balancers drop them unsaid.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// Sends over the network. One per process is enough; it pools connections by host.
#[derive(Clone)]
pub struct Network(Client);

impl Network {
    /// Makes the client.
    ///
    /// # Errors
    /// When the system's certificate store cannot be read.
    pub fn new() -> Result<Self, HttpError> {
        // The one TLS implementation of the whole program; a second call finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            // Not asked for and not decoded, so there is no bomb to defuse; said here so that no other
            // crate's choice of features can turn it on.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(concat!("datafly/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .build();
        client.map(Self).map_err(|error| failure(&error))
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError> {
        let request = request.try_into().map_err(|error| failure(&error))?;
        let response = self.0.execute(request).await.map_err(|error| failure(&error))?;
        Answer::read(Response::from(response), max_bytes).await
    }
}

fn failure(error: &reqwest::Error) -> HttpError {
    if error.is_timeout() { HttpError::Deadline } else { HttpError::connection(error) }
}
