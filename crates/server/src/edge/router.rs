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
use datafly_core::event::{EventKind, MAX_EVENT_BYTES};
use datafly_core::v1::path;
use futures_util::future::{BoxFuture, FutureExt};
use tower::{BoxError, Service};

use super::asked::Asked;
use super::batch::{self, MAX_BATCH_BYTES};
use super::client;
use super::error::EdgeError;
use super::query::Query;
use super::settings::{self, Client as ForeignClient};
use super::{
    assets, body, bootstrap, consent, enrich, event, forget, headers, key, loader, pixel, reset,
};
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
        let address = |peer| client::address(peer, &head.headers, &configured.trusted_proxies);
        let address = self.peer.map(address);
        let readable = headers::readable_by(&head.headers, &configured.pipelines);
        let flood = configured.limits.request(address);
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
                    let (key, body) = route.key_and_body(head, path, body).await?;
                    let key = key.as_deref();
                    let asked = Asked::of(&self.app, &configured, head, address, key)?;
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
    Batch,
    SignedEvents,
    Pixel(EventKind),
    Settings(ForeignClient),
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
            path::CONSENT => Self::Consent,
            path::FORGET => Self::Forget,
            path::BOOTSTRAP => Self::Bootstrap,
            path::RESET => Self::Reset,
            path::EVENTS => Self::SignedEvents,
            // The second one is how Segment's browser client shortens it, the third RudderStack's beacon.
            path::BATCH | "/v1/b" | "/beacon/v1/batch" => Self::Batch,
            "/sourceConfig" | "/sourceConfig/" => Self::Settings(ForeignClient::RudderStack),
            _ => Self::of_a_family(path).ok_or(EdgeError::NotFound)?,
        };
        match route {
            Self::Enrich | Self::Loader | Self::Pixel(_) | Self::Settings(_) => takes_get(head)?,
            _ if head.method != Method::POST => return Err(EdgeError::MethodNotAllowed("POST")),
            _ => {}
        }
        Ok(route)
    }

    /// Routes with a part that varies.
    fn of_a_family(path: &str) -> Option<Self> {
        if let Some(kind) = path.strip_prefix(path::PIXEL) {
            return pixel::kind(kind).map(Self::Pixel);
        }
        if let Some(project) = path.strip_prefix(PROJECTS) {
            return project.strip_suffix(SETTINGS).map(|_| Self::Settings(ForeignClient::Segment));
        }
        // Jitsu's client has a prefix of its own.
        let name = path.strip_prefix("/v1/").or_else(|| path.strip_prefix("/api/s/"))?;
        let kind = match name {
            "p" => EventKind::Page,
            "t" => EventKind::Track,
            "i" => EventKind::Identify,
            "g" => EventKind::Group,
            "s" => EventKind::Screen,
            "a" => EventKind::Alias,
            name => EventKind::of(name)?,
        };
        Some(Self::Event(kind))
    }

    /// The key, where it is neither in the query nor in a header, and the body, which may have it. A body is read
    /// before anything is known of its sender only where the head names none.
    async fn key_and_body<B>(
        self,
        head: &Parts,
        path: &str,
        body: B,
    ) -> Result<(Option<String>, Body), EdgeError>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let limit = match self {
            Self::Enrich | Self::Loader | Self::Pixel(_) | Self::Settings(_) => {
                let project = path.strip_prefix(PROJECTS).and_then(|it| it.strip_suffix(SETTINGS));
                return Ok((project.map(str::to_owned), Body::empty()));
            }
            Self::Event(_) => Some(MAX_EVENT_BYTES),
            Self::Batch => Some(MAX_BATCH_BYTES),
            _ => None,
        };
        let body = Body::new(body);
        let Some(limit) = limit else { return Ok((None, body)) };
        if key::of(&Query::of(&head.uri), &head.headers)?.is_some() {
            return Ok((None, body));
        }
        // The handler is to find it as it came: what is packed is unpacked here for the key alone.
        let body = body::as_it_came(&head.headers, body, limit).await?;
        let key = key::in_body(&body::unpacked(&head.headers, body.clone(), limit)?);
        Ok((key, body.into()))
    }

    async fn answer(self, asked: &Asked<'_>, body: Body) -> Result<Response, EdgeError> {
        // Boxed, so that what an enrich carries around is no larger than an enrich.
        match self {
            Self::Enrich => enrich::enrich(asked).await,
            Self::Loader => loader::loader(asked).boxed().await,
            Self::Event(kind) => event::event(kind, asked, body).boxed().await,
            Self::Batch => batch::batch(asked, body).boxed().await,
            Self::SignedEvents => batch::signed(asked, body).boxed().await,
            Self::Pixel(kind) => pixel::pixel(kind, asked).boxed().await,
            Self::Settings(client) => Ok(settings::settings(client, asked)),
            Self::Consent => consent::consent(asked, body).boxed().await,
            Self::Forget => forget::forget(asked, body).boxed().await,
            Self::Bootstrap => bootstrap::bootstrap(asked, body).boxed().await,
            Self::Reset => reset::reset(asked).boxed().await,
        }
    }
}

/// Where Segment's browser client asks for a project's settings.
const PROJECTS: &str = "/v1/projects/";
const SETTINGS: &str = "/settings";

/// HEAD is a GET whose body the connection leaves out.
fn takes_get(head: &Parts) -> Result<(), EdgeError> {
    match head.method {
        Method::GET | Method::HEAD => Ok(()),
        _ => Err(EdgeError::MethodNotAllowed("GET, HEAD")),
    }
}
