//! A vendor in this process: the same requests and answers, and no socket to wait for.

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
use datafly_provider::http::{Answer, HttpError, Transport};
use tower::ServiceExt;

/// Sends to a router.
pub(crate) struct InProcess(Router);

impl InProcess {
    pub(crate) fn new(router: Router) -> Self {
        Self(router)
    }
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError> {
        let Ok(response) = self.0.clone().oneshot(request.map(Body::from)).await;
        Answer::read(response, max_bytes).await
    }
}
