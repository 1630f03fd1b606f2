//! A vendor in this process: the same requests and answers, and no socket to wait for.

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::uri::InvalidUri;
use bytes::Bytes;
use datafly_provider::http::{Answer, HttpError, Transport};
use tower::ServiceExt;
use url::Url;

/// Sends to a router. `it/transport.rs` holds it to the same cases as the real network.
pub struct InProcess(Router);

impl InProcess {
    /// The vendor behind it.
    pub fn new(router: Router) -> Self {
        Self(router)
    }
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError> {
        let mut request = request.map(Body::from);
        // The network sends what a URL parser makes of the text: without dot segments, for one.
        let sent = Url::parse(&request.uri().to_string())
            .map_err(|error| HttpError::connection(&error))?;
        *request.uri_mut() =
            sent.as_str().parse().map_err(|error: InvalidUri| HttpError::connection(&error))?;
        let Ok(response) = self.0.clone().oneshot(request).await;
        Answer::read(response, max_bytes).await
    }
}
