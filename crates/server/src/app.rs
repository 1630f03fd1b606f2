//! What every request handler has at hand.

mod fixed;
mod pipelines;
mod reloads;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, Guard};
use datafly_provider::TokenSources;
use datafly_store::queue::Queue;
use ipnet::IpNet;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

pub use self::fixed::Fixed;
pub use self::pipelines::{Pipeline, Pipelines};
pub use self::reloads::Reloads;
use crate::admin::{Door, Entrance};
use crate::backup::Backups;
use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::client_ids::ClientIds;
use crate::credential::Credentials;
use crate::decisions::Decisions;
use crate::enrichment::Engine;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::protection::Guards;
use crate::runtime::{Clock, Entropy, Runtime};
use crate::visitors::Visitors;
use crate::wiring::StartError;

/// Where and how cookies are set, which follows from the server's public URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CookiePolicy {
    /// Https: `Secure` and the `__Host-` prefix. Without: http on localhost, where browsers refuse both.
    pub secure: bool,
}

/// What the configuration says. A reload replaces it whole; a request sees one of them from its start to
/// its end.
pub struct Configured {
    /// The sites.
    pub pipelines: Pipelines,
    /// Issues and reads the credential cookie, and visitors' handles.
    pub credentials: Credentials,
    /// Names the visitors of other people's clients.
    pub client_ids: ClientIds,
    /// How cookies are set.
    pub cookies: CookiePolicy,
    /// The browser's files.
    pub bundle: Bundle,
    /// What TLS is spoken with, unless a proxy in front speaks it.
    pub certificate: Option<Certificate>,
    /// How much anybody may ask for.
    pub limits: Arc<Limits>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The URL browsers reach this server by, with the base path, without a trailing slash.
    pub public_url: String,
    /// The URL browsers fetch the bundle from, with the base path, without a trailing slash.
    pub asset_url: String,
    /// Who may ask the admin listener.
    pub door: Option<Door>,
}

/// The state shared by all handlers.
pub struct App {
    /// What the configuration says now.
    configured: ArcSwap<Configured>,
    /// The visitors.
    pub visitors: Visitors,
    /// Why visitors got what they got.
    pub decisions: Decisions,
    /// Counts of everything.
    pub metrics: Arc<Metrics>,
    /// Vendors' answers, and the calls under way.
    pub engine: Arc<Engine>,
    /// What stands before each vendor's account.
    pub guards: Arc<Guards>,
    /// Where credentials come from.
    pub tokens: Arc<TokenSources>,
    /// Accepted events, until every destination is done with them.
    pub outbox: Outbox,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// How a person comes in at the admin listener.
    pub entrance: Entrance,
    /// Copies of what is kept.
    pub backups: Backups,
    /// What only a restart can change.
    pub fixed: Fixed,
    /// What came of changes of the configuration.
    reloads: Mutex<Reloads>,
    /// Another configuration is served.
    changed: Notify,
}

/// What outlives a reload.
pub struct Lasting {
    /// The visitors.
    pub visitors: Visitors,
    /// Accepted events.
    pub queue: Arc<dyn Queue>,
    /// Copies of both.
    pub backups: Backups,
    /// Vendors' answers, and the calls under way.
    pub engine: Arc<Engine>,
    /// What stands before each vendor's account.
    pub guards: Arc<Guards>,
    /// Where credentials come from.
    pub tokens: Arc<TokenSources>,
    /// Time and randomness.
    pub runtime: Runtime,
    /// What only a restart can change.
    pub fixed: Fixed,
}

impl App {
    /// Serves a configuration.
    pub fn new(configured: Configured, lasting: Lasting) -> Self {
        let Lasting { visitors, queue, backups, engine, guards, tokens, runtime, fixed } = lasting;
        let Runtime { clock, entropy } = runtime.clone();
        let metrics = Arc::<Metrics>::default();
        let reloads = Reloads::since(clock.now());
        Self {
            configured: ArcSwap::from_pointee(configured),
            visitors,
            outbox: Outbox::new(queue),
            decisions: Decisions::new(Arc::clone(&metrics)),
            metrics,
            engine,
            guards,
            tokens,
            clock,
            entropy,
            entrance: Entrance::new(runtime),
            backups,
            fixed,
            reloads: Mutex::new(reloads),
            changed: Notify::new(),
        }
    }

    /// What the configuration says now, for a moment.
    pub fn glance(&self) -> Guard<Arc<Configured>> {
        self.configured.load()
    }

    /// What the configuration says now, for a whole request.
    pub fn configured(&self) -> Arc<Configured> {
        self.configured.load_full()
    }

    /// What came of changes of the configuration.
    pub fn reloads(&self) -> Reloads {
        self.noted().clone()
    }

    /// Notes that the configuration's files are being looked at.
    pub fn note_look(&self) {
        self.noted().look(self.clock.now());
    }

    /// Notes what came of a reload: which keys need a restart, or why it is not served.
    pub fn note_reload(&self, outcome: Result<&[&'static str], &StartError>) {
        self.metrics.reloaded(outcome.is_ok());
        self.noted().note(outcome);
    }

    fn noted(&self) -> MutexGuard<'_, Reloads> {
        self.reloads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Done when the configuration of this moment is no longer the one that is served.
    pub fn reconfigured(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Serves another configuration from here on. Requests under way end with the one they began with.
    pub fn reconfigure(&self, configured: Configured) {
        self.configured.store(Arc::new(configured));
        self.changed.notify_waiters();
    }
}
