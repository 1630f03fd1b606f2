//! The transport over sockets: the one place that knows reqwest.

use std::error::Error;
use std::iter::successors;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use url::{Host, Url};

use super::reach::is_public;
use super::resolver::{NotPublic, PublicOnly};
use super::{Answer, HttpError, Reach, Transport};

/// How long connecting may take: a vendor's host is a few network round trips away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an idle connection is kept: below the minute after which load balancers drop them unsaid.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// Sends over the network. One per process is enough; it pools connections by host.
///
/// Two clients, because a connection that was made without looking at its address must not serve a request
/// that may only reach public ones.
#[derive(Clone)]
pub struct Network {
    anywhere: Client,
    public: Client,
}

impl Network {
    /// Makes the clients.
    ///
    /// # Errors
    /// When the system's certificate store cannot be read.
    pub fn new() -> Result<Self, HttpError> {
        // The one TLS implementation of the whole program; a second call finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let anywhere = builder().build().map_err(|error| failure(&error))?;
        let public = builder().dns_resolver(Arc::new(PublicOnly)).build();
        Ok(Self { anywhere, public: public.map_err(|error| failure(&error))? })
    }

    fn client(&self, reach: Reach, url: &Url) -> Result<&Client, HttpError> {
        match (reach, url.host()) {
            (Reach::Anywhere, _) => Ok(&self.anywhere),
            // No resolver is asked for a host that is an address.
            (Reach::Public, Some(Host::Ipv4(address))) if !is_public(address.into()) => {
                Err(HttpError::NotPublic)
            }
            (Reach::Public, Some(Host::Ipv6(address))) if !is_public(address.into()) => {
                Err(HttpError::NotPublic)
            }
            (Reach::Public, _) => Ok(&self.public),
        }
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError> {
        let reach = request.extensions().get().copied().unwrap_or_default();
        let request: reqwest::Request = request.try_into().map_err(|error| failure(&error))?;
        let client = self.client(reach, request.url())?;
        let response = client.execute(request).await.map_err(|error| failure(&error))?;
        Answer::read(Response::from(response), max_bytes).await
    }
}

fn builder() -> ClientBuilder {
    Client::builder()
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
}

fn failure(error: &reqwest::Error) -> HttpError {
    let mut causes = successors(error.source(), |&cause| cause.source());
    if causes.any(<dyn Error>::is::<NotPublic>) {
        HttpError::NotPublic
    } else if error.is_timeout() {
        HttpError::Deadline
    } else {
        HttpError::connection(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(url: &str, reach: Reach) -> Result<Answer, HttpError> {
        let mut request = Request::get(url).body(Bytes::new()).unwrap();
        request.extensions_mut().insert(reach);
        Network::new().unwrap().send(request, 1024).await
    }

    /// Somebody listens there, so that only the guard can keep the request away.
    #[tokio::test]
    async fn a_request_to_public_addresses_never_connects_to_another() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = axum::Router::new().fallback(async || "reached");
        tokio::spawn(async move { axum::serve(listener, router).await });
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433"] {
            let url = format!("http://{host}:{port}/");
            assert_eq!(ask(&url, Reach::Public).await, Err(HttpError::NotPublic), "{host}");
        }
        let reached = ask(&format!("http://localhost:{port}/"), Reach::Anywhere).await;
        assert_eq!(reached.unwrap().body, "reached");
    }
}
