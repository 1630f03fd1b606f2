//! The owner's commands ask the admin listener, whose routes they share: of the running server, or in their own
//! process over the files that no server holds.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use bytes::Bytes;
use datafly_provider::http::{self, Answer, HttpError, Transport};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tower::ServiceExt;
use url::Url;

use crate::admin;
use crate::app::App;
use crate::config::Contact;
use crate::wiring::ADMIN_TOKEN_FILE;

/// How soon a server says that it is there.
const GREETING: Duration = Duration::from_secs(5);

/// How long an answer may take: a copy of many gigabytes is one. Who waits can break off.
const PATIENCE: Duration = Duration::from_hours(1);

/// A page of a list, or a letter with all that is kept of it, is far shorter.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Why the owner gets no answer.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    /// The server is there and does not answer.
    #[error("the server at {address} (`server.admin.listen`) does not answer: {error}")]
    Silent {
        /// Where it listens.
        address: SocketAddr,
        /// What is wrong.
        error: HttpError,
    },
    /// Nothing opens the admin listener.
    #[error(
        "there is no admin token: `server.admin.token` is not set, and {path} cannot be read ({error}); run \
         this as the server's user"
    )]
    NoToken {
        /// Where the server keeps the one it makes.
        path: String,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// The address makes no URL.
    #[error("`server.admin.listen` cannot be asked: {0}")]
    Url(#[from] url::ParseError),
    /// What was asked cannot be sent.
    #[error("the request cannot be sent: {0}")]
    Request(#[from] axum::http::Error),
    /// The connection broke.
    #[error("the server does not answer any more: {0}")]
    Http(#[from] HttpError),
    /// It was refused.
    #[error("{0}")]
    Refused(String),
    /// Something answers that is no datafly server, or another version of it.
    #[error("what answers at `server.admin.listen` is no datafly server, or of another version")]
    Unreadable,
}

/// A way to ask the admin routes.
pub struct Owner {
    transport: Arc<dyn Transport>,
    at: String,
    /// None is needed for files.
    token: Option<SecretString>,
}

impl Owner {
    /// Of the server that listens where the configuration says, if one does.
    pub async fn of_server(
        contact: &Contact,
        transport: Arc<dyn Transport>,
    ) -> Result<Option<Self>, OwnerError> {
        let Some(admin) = &contact.admin else { return Ok(None) };
        let address = reachable(admin.listen);
        let mut owner = Self { transport, at: address.to_string(), token: None };
        let greeting = owner.request(&Method::GET, &["healthz"], &[])?;
        match http::send(&*owner.transport, greeting, GREETING, MAX_BYTES).await {
            Ok(_) => {}
            Err(HttpError::Connection(_)) => return Ok(None),
            Err(error) => return Err(OwnerError::Silent { address, error }),
        }
        let path = contact.data_dir.join(ADMIN_TOKEN_FILE);
        let kept = || match fs::read_to_string(&path) {
            Ok(token) => Ok(SecretString::from(token.trim())),
            Err(error) => Err(OwnerError::NoToken { path: path.display().to_string(), error }),
        };
        owner.token = Some(admin.token.clone().map_or_else(kept, Ok)?);
        Ok(Some(owner))
    }

    /// Of files that this process has opened.
    pub fn of_files(app: App) -> Self {
        let routes = admin::routes(Arc::new(app));
        Self { transport: Arc::new(InProcess(routes)), at: "localhost".to_owned(), token: None }
    }

    /// Whether a server is running.
    pub fn is_served(&self) -> bool {
        self.token.is_some()
    }

    /// Asks one of the admin routes.
    pub async fn ask(
        &self,
        method: &Method,
        path: &[impl AsRef<str>],
        query: &[(&str, String)],
    ) -> Result<Value, OwnerError> {
        let request = self.request(method, path, query)?;
        let answer = http::send(&*self.transport, request, PATIENCE, MAX_BYTES).await?;
        let body: Value =
            serde_json::from_slice(&answer.body).map_err(|_| OwnerError::Unreadable)?;
        if answer.status.is_success() {
            return Ok(body);
        }
        let message = body["error"]["message"].as_str().ok_or(OwnerError::Unreadable)?;
        Err(OwnerError::Refused(message.to_owned()))
    }

    /// Asks a route that answers in pages for all of them.
    pub async fn ask_all(
        &self,
        method: &Method,
        path: &[impl AsRef<str>],
        query: &[(&str, String)],
    ) -> Result<Vec<Value>, OwnerError> {
        let mut pages = Vec::new();
        let mut query = query.to_vec();
        loop {
            let page = self.ask(method, path, &query).await?;
            let next = page["next"].as_str().map(str::to_owned);
            pages.push(page);
            let Some(next) = next else { return Ok(pages) };
            query.retain(|(name, _)| *name != "after");
            query.push(("after", next));
        }
    }

    fn request(
        &self,
        method: &Method,
        path: &[impl AsRef<str>],
        query: &[(&str, String)],
    ) -> Result<Request<Bytes>, OwnerError> {
        let mut url = Url::parse(&format!("http://{}", self.at))?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = Request::builder()
            .method(method)
            .uri(url.as_str())
            // By this name every admin listener may be reached, wherever it listens.
            .header(header::HOST, "localhost")
            .header(admin::WRITES, "1");
        if let Some(token) = &self.token {
            let bearer = format!("Bearer {}", token.expose_secret());
            request = request.header(header::AUTHORIZATION, bearer);
        }
        Ok(request.body(Bytes::new())?)
    }
}

/// The routes of this process.
struct InProcess(Router);

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError> {
        let Ok(response) = self.0.clone().oneshot(request.map(Body::from)).await;
        Answer::read(response, max_bytes).await
    }
}

/// Where a listener on all addresses is reached from this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
