//! `datafly serve`: listener, TLS, and an orderly end.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use axum_server::Handle;
use axum_server::accept::Accept;
use axum_server::service::SendService;
use axum_server::tls_rustls::RustlsConfig;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower::Service;

use crate::admin;
use crate::app::App;
use crate::certificate;
use crate::edge::Edge;
use crate::outbox;
use crate::reload::{self, Watch};
use crate::tokens::{self, Reminders};
use crate::wiring::StartError;

/// How long a new connection may take until its first request's head is there: slower ones are holding a place.
const FIRST_HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection is kept without a whole head of a next request. Longer than the minute for which
/// proxies keep their connections, or they would send into one that is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// Most bytes of head. Cookies of a busy site take a few kilobytes.
const MAX_HEAD_BYTES: u32 = 32 * 1024;

/// How often, and how long, a silent HTTP/2 connection is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests in flight may take to end after the signal to stop; past the vendor's deadlines.
const GRACE: Duration = Duration::from_secs(10);

/// How often expired visitors are removed.
const SWEEP_EVERY: Duration = Duration::from_mins(15);

/// How often somebody looks for credentials that people have to replace.
const REMIND_EVERY: Duration = Duration::from_mins(1);

/// How often limits of those who have been silent are dropped.
const SWEEP_LIMITS_EVERY: Duration = Duration::from_secs(30);

/// A server whose listeners are open but which does not answer yet.
pub struct Server {
    listener: TcpListener,
    admin: Option<TcpListener>,
    app: Arc<App>,
    watch: Watch,
}

impl Server {
    /// Opens the listeners.
    pub fn bind(app: App, watch: Watch) -> Result<Self, StartError> {
        let listener = open(app.fixed.listen)?;
        let admin = app.fixed.admin.map(open).transpose()?;
        Ok(Self { listener, admin, app: Arc::new(app), watch })
    }

    /// The address it listens on: the port is the system's choice where the configuration says 0.
    pub fn address(&self) -> Result<SocketAddr, StartError> {
        self.listener.local_addr().map_err(StartError::Listen)
    }

    /// The address of the owner's listener, where there is one.
    pub fn admin_address(&self) -> Result<Option<SocketAddr>, StartError> {
        let admin = self.admin.as_ref().map(TcpListener::local_addr);
        admin.transpose().map_err(StartError::Listen)
    }

    /// A one-time URL by which a person at this machine comes in at the owner's listener, where there is one.
    pub fn invitation(&self) -> Result<Option<String>, StartError> {
        let Some(address) = self.admin_address()? else { return Ok(None) };
        let host = match address.ip() {
            ip if ip.is_unspecified() => "localhost".to_owned(),
            IpAddr::V6(ip) => format!("[{ip}]"),
            IpAddr::V4(ip) => ip.to_string(),
        };
        let path = self.app.entrance.invite()?;
        Ok(Some(format!("http://{host}:{}{path}", address.port())))
    }

    /// Answers until `stop` is done, then lets requests in flight end.
    pub async fn run(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), StartError> {
        let (handle, admin_handle) = (Handle::new(), Handle::new());
        let (stopped, until_stopped) = watch::channel(());
        tokio::spawn(sweep(Arc::clone(&self.app), until_stopped.clone()));
        tokio::spawn(reload(Arc::clone(&self.app), self.watch, until_stopped.clone()));
        let outbox = tokio::spawn(outbox::run(Arc::clone(&self.app), until_stopped));
        if let Some(listener) = self.admin {
            let server = axum_server::from_tcp(listener).map_err(StartError::Listen)?;
            let router = admin::router(Arc::clone(&self.app));
            let handle = admin_handle.clone();
            tokio::spawn(async move {
                let service =
                    |peer| router.clone().layer(Extension(ConnectInfo::<SocketAddr>(peer)));
                if let Err(error) = answer(server, handle, service).await {
                    tracing::error!(%error, "the owner's listener failed");
                }
            });
        }
        tokio::spawn({
            let handle = handle.clone();
            async move {
                stop.await;
                handle.graceful_shutdown(Some(GRACE));
                admin_handle.graceful_shutdown(Some(GRACE));
                // The sweeper, the reloader and the outbox end when this is dropped.
                drop(stopped);
            }
        });

        let edge = Edge::new(Arc::clone(&self.app));
        let edge = move |peer| edge.for_peer(peer);
        let answered = if self.app.fixed.tls {
            let tls = certificate::tls(self.app).map_err(StartError::Tls)?;
            let tls = RustlsConfig::from_config(Arc::new(tls));
            let server = axum_server::from_tcp_rustls(self.listener, tls);
            answer(server.map_err(StartError::Listen)?, handle, edge).await
        } else {
            let server = axum_server::from_tcp(self.listener);
            answer(server.map_err(StartError::Listen)?, handle, edge).await
        };
        // What its workers have in hand is settled; what they have not is on disk.
        if tokio::time::timeout(GRACE, outbox).await.is_err() {
            tracing::warn!("deliveries did not end in time: some events will be sent twice");
        }
        answered
    }
}

fn open(listen: SocketAddr) -> Result<TcpListener, StartError> {
    let listener = TcpListener::bind(listen).map_err(StartError::Listen)?;
    listener.set_nonblocking(true).map_err(StartError::Listen)?;
    Ok(listener)
}

/// Looks for changes of the configuration. Files are read on a thread for that, because a file system may
/// hang.
async fn reload(app: Arc<App>, mut watch: Watch, mut until_stopped: watch::Receiver<()>) {
    loop {
        tokio::select! {
            _ = until_stopped.changed() => return,
            () = tokio::time::sleep(reload::EVERY) => {}
        }
        let app = Arc::clone(&app);
        let look = tokio::task::spawn_blocking(move || {
            watch.look(&app);
            watch
        });
        match look.await {
            Ok(back) => watch = back,
            Err(error) => {
                tracing::error!(%error, "changes of the configuration are not noticed any more");
                return;
            }
        }
    }
}

/// Answers connections, each by a service of its own for its peer.
async fn answer<A, S>(
    mut server: axum_server::Server<SocketAddr, A>,
    handle: Handle<SocketAddr>,
    service: impl Fn(SocketAddr) -> S + Send,
) -> Result<(), StartError>
where
    A: Accept<TcpStream, S> + Clone + Send + Sync + 'static,
    A::Stream: AsyncRead + AsyncWrite + Unpin + Send,
    A::Service: SendService<Request<Incoming>> + Send,
    A::Future: Send,
    S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    server
        .http_builder()
        .http1()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(IDLE_TIMEOUT)
        // Answers are short: copied behind their head they go out in one piece.
        .writev(false)
        .max_buf_size(MAX_HEAD_BYTES as usize)
        .http2()
        .timer(hyper_util::rt::TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_header_list_size(MAX_HEAD_BYTES);
    server
        .first_request_timeout(FIRST_HEAD_TIMEOUT)
        .handle(handle)
        .serve(tower::service_fn(|peer| ready(Ok::<_, Infallible>(service(peer)))))
        .await
        .map_err(StartError::Listen)
}

async fn sweep(app: Arc<App>, mut until_stopped: watch::Receiver<()>) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    let mut limits = tokio::time::interval(SWEEP_LIMITS_EVERY);
    let mut remind = tokio::time::interval(REMIND_EVERY);
    let mut reminders = Reminders::default();
    loop {
        tokio::select! {
            _ = until_stopped.changed() => return,
            _ = limits.tick() => app.glance().limits.sweep(),
            _ = remind.tick() => {
                let credentials = tokens::all(&app.glance().pipelines);
                reminders.tell(&credentials, app.clock.now());
            }
            _ = every.tick() => match app.visitors.sweep().await {
                Ok(swept) => tracing::debug!(swept, "removed expired visitors"),
                Err(error) => tracing::warn!(%error, "failed to remove expired visitors"),
            },
        }
    }
}
