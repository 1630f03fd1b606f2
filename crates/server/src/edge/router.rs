//! The public routes, and what happens around them.
//!
//! One `match`: every page view waits for these, and a general router's layers (each a boxed service and a
//! boxed future per request) were a tenth of the time of an enrich.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::request::Parts;
use axum::http::{Method, Request};
use axum::response::{IntoResponse, Response};
use datafly_core::event::EventKind;
use datafly_core::v1::path;
use futures_util::future::{BoxFuture, FutureExt};
use tower::{BoxError, Service};

use super::asked::Asked;
use super::client::Client;
use super::error::EdgeError;
use super::{assets, bootstrap, collect, consent, enrich, forget, headers, loader, reset};
use crate::app::App;

/// The public listener: all routes, under `base_path`.
#[derive(Clone)]
pub struct Edge {
    app: Arc<App>,
    /// The other end of the connection; absent where there is no network, as in tests.
    peer: Option<IpAddr>,
}

impl Edge {
    /// All routes, for a peer that is not known.
    pub fn new(app: Arc<App>) -> Self {
        Self { app, peer: None }
    }

    /// The same for one connection.
    #[must_use]
    pub fn for_peer(&self, peer: SocketAddr) -> Self {
        Self { app: Arc::clone(&self.app), peer: Some(peer.ip()) }
    }

    /// Answers a request. Nothing can fail that is not an answer.
    async fn answer<B>(self, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let (head, body) = request.into_parts();
        let base_path = &*self.app.fixed.base_path;
        let path = head.uri.path().strip_prefix(base_path).unwrap_or_default();
        // Public, immutable, the same for everybody: what is around visitors' data does not apply.
        if let Some(name) = path.strip_prefix(path::ASSETS) {
            let asset =
                takes_get(&head).and_then(|()| assets::asset(&self.app, name, &head.headers));
            return asset.unwrap_or_else(assets::refused);
        }
        self.visitor_data(&head, path, body).await
    }

    /// Marks the answer as private whatever it became, refusals included, and lets the page that asked
    /// read it.
    async fn visitor_data<B>(&self, head: &Parts, path: &str, body: B) -> Response
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let configured = self.app.configured();
        let client = Client::of(self.peer, &head.headers, &configured.trusted_proxies);
        let readable = headers::readable_by(&head.headers, &configured.pipelines);
        let flood = configured.limits.request(client.address);
        let answer = match (flood, &readable) {
            // Before any work. What is counted as work is counted where it is done.
            (Err(exceeded), _) => {
                self.app.metrics.limited(exceeded.limit);
                Err(exceeded.into())
            }
            (_, Some(_)) if head.method == Method::OPTIONS => Ok(headers::preflight()),
            (_, None) if head.method == Method::OPTIONS => Err(EdgeError::OriginNotAllowed),
            _ => {
                async {
                    let route = Route::of(path, head)?;
                    let asked = Asked::of(&self.app, &configured, head, client)?;
                    route.answer(&asked, body).await
                }
                .await
            }
        };
        let mut response = answer.unwrap_or_else(IntoResponse::into_response);
        headers::make_private(response.headers_mut(), readable);
        response
    }
}

impl<B> Service<Request<B>> for Edge
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.clone().answer(request).map(Ok).boxed()
    }
}

/// A route around which a visitor's data is kept private.
#[derive(Debug, Clone, Copy)]
enum Route {
    Enrich,
    Loader,
    Event(EventKind),
    Consent,
    Forget,
    Bootstrap,
    Reset,
}

impl Route {
    fn of(path: &str, head: &Parts) -> Result<Self, EdgeError> {
        let route = match path {
            path::ENRICH => Self::Enrich,
            path::LOADER => Self::Loader,
            path::IDENTIFY => Self::Event(EventKind::Identify),
            path::PAGE => Self::Event(EventKind::Page),
            path::TRACK => Self::Event(EventKind::Track),
            path::CONSENT => Self::Consent,
            path::FORGET => Self::Forget,
            path::BOOTSTRAP => Self::Bootstrap,
            path::RESET => Self::Reset,
            _ => return Err(EdgeError::NotFound),
        };
        match route {
            Self::Enrich | Self::Loader => takes_get(head)?,
            _ if head.method != Method::POST => return Err(EdgeError::MethodNotAllowed("POST")),
            _ => {}
        }
        Ok(route)
    }

    async fn answer<B>(self, asked: &Asked<'_>, body: B) -> Result<Response, EdgeError>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let body = move || Body::new(body);
        // Boxed, so that what an enrich carries around is no larger than an enrich.
        match self {
            Self::Enrich => enrich::enrich(asked).await,
            Self::Loader => loader::loader(asked).boxed().await,
            Self::Event(kind) => collect::event(kind, asked, body()).boxed().await,
            Self::Consent => consent::consent(asked, body()).boxed().await,
            Self::Forget => forget::forget(asked).boxed().await,
            Self::Bootstrap => bootstrap::bootstrap(asked, body()).boxed().await,
            Self::Reset => reset::reset(asked).boxed().await,
        }
    }
}

/// HEAD is a GET whose body the connection leaves out.
fn takes_get(head: &Parts) -> Result<(), EdgeError> {
    match head.method {
        Method::GET | Method::HEAD => Ok(()),
        _ => Err(EdgeError::MethodNotAllowed("GET, HEAD")),
    }
}
