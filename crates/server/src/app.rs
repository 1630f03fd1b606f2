//! What every request handler has at hand.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use axum::http::HeaderValue;
use datafly_core::id::PipelineKey;
use datafly_core::visitor::Verification;
use ipnet::IpNet;

use crate::admin::Door;
use crate::boot_script::BootScript;
use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::credential::Credentials;
use crate::decisions::Decisions;
use crate::enrichment::{Engine, Enrichment};
use crate::identity::Verifier;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::protection::Guards;
use crate::runtime::Clock;
use crate::signature::SignatureKeys;
use crate::visitors::Visitors;
use crate::wiring::StartError;

/// One site, ready to serve.
pub struct Pipeline {
    /// The public key.
    pub key: PipelineKey,
    /// The origins whose pages may use it.
    pub origins: HashSet<String>,
    /// Domain of the `_dfid` copy; host-only where absent.
    pub cookie_domain: Option<String>,
    /// How long `onProfileReady` waits.
    pub ready_timeout: Duration,
    /// How far claims are believed.
    pub verification: Verification,
    /// Verifies signed identities.
    pub verifier: Verifier,
    /// Verifies what the site's own servers send.
    pub server_keys: SignatureKeys,
    /// The consent category without which nobody is looked up, where the owner asks for one.
    pub consent: Option<String>,
    /// The providers, in the owner's order.
    pub enrichments: Vec<Enrichment>,
    /// The boot script, from its first use on. A pipeline is one configuration's, and so is its script.
    pub boot_script: OnceLock<BootScript>,
}

impl Pipeline {
    /// The provider of a name.
    pub fn enrichment(&self, name: &str) -> Option<&Enrichment> {
        self.enrichments.iter().find(|enrichment| &*enrichment.name == name)
    }

    /// Whether any provider's attributes depend on what the visitor is doing.
    pub fn uses_context(&self) -> bool {
        self.enrichments.iter().any(|enrichment| !enrichment.context.is_empty())
    }
}

/// All sites of this server.
pub struct Pipelines {
    by_key: HashMap<String, Pipeline>,
    origins: HashMap<String, HeaderValue>,
}

impl Pipelines {
    /// Indexes the sites.
    pub fn new(pipelines: impl IntoIterator<Item = Pipeline>) -> Self {
        let mut by_key = HashMap::new();
        let mut origins = HashMap::new();
        for pipeline in pipelines {
            // An origin of the configuration is plain letters: none is left out.
            origins.extend(pipeline.origins.iter().filter_map(|origin| {
                HeaderValue::from_str(origin).ok().map(|value| (origin.clone(), value))
            }));
            by_key.insert(pipeline.key.as_str().to_owned(), pipeline);
        }
        Self { by_key, origins }
    }

    /// The site of a public key.
    pub fn get(&self, key: &str) -> Option<&Pipeline> {
        self.by_key.get(key)
    }

    /// All sites, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = &Pipeline> {
        let mut all: Vec<_> = self.by_key.values().collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all.into_iter()
    }

    /// The origin as a header, if any site has it. Enough to let a page read an answer without data, such
    /// as an error; data needs the origin to be the pipeline's own.
    pub fn origin(&self, origin: &str) -> Option<&HeaderValue> {
        self.origins.get(origin)
    }
}

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
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What only a restart can change.
    pub fixed: Fixed,
    /// What came of changes of the configuration.
    reloads: Mutex<Reloads>,
}

/// What came of changes of the configuration.
#[derive(Debug, Clone, Default)]
pub struct Reloads {
    /// Why the latest one is not served, if it is not: a line for each mistake.
    pub refused: Option<String>,
    /// Keys of the one that is served whose values need a restart.
    pub need_restart: Vec<&'static str>,
}

/// What of the configuration only a restart can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// `server.listen`.
    pub listen: SocketAddr,
    /// Whether there is `server.tls`.
    pub tls: bool,
    /// `server.data_dir`.
    pub data_dir: PathBuf,
    /// `server.base_path`.
    pub base_path: String,
    /// `server.admin.listen`.
    pub admin: Option<SocketAddr>,
}

impl Fixed {
    /// The keys in which another configuration differs.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let keys = [
            ("server.listen", self.listen == other.listen),
            ("server.tls", self.tls == other.tls),
            ("server.data_dir", self.data_dir == other.data_dir),
            ("server.base_path", self.base_path == other.base_path),
            ("server.admin.listen", self.admin == other.admin),
        ];
        keys.into_iter().filter(|(_, same)| !same).map(|(key, _)| key).collect()
    }
}

/// What outlives a reload.
pub struct Lasting {
    /// The visitors.
    pub visitors: Visitors,
    /// Vendors' answers, and the calls under way.
    pub engine: Arc<Engine>,
    /// What stands before each vendor's account.
    pub guards: Arc<Guards>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What only a restart can change.
    pub fixed: Fixed,
}

impl App {
    /// Serves a configuration.
    pub fn new(configured: Configured, lasting: Lasting) -> Self {
        let Lasting { visitors, engine, guards, clock, fixed } = lasting;
        let metrics = Arc::<Metrics>::default();
        Self {
            configured: ArcSwap::from_pointee(configured),
            visitors,
            decisions: Decisions::new(Arc::clone(&metrics)),
            metrics,
            engine,
            guards,
            clock,
            fixed,
            reloads: Mutex::default(),
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
        self.reloads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes what came of a reload: which keys need a restart, or why it is not served.
    pub fn note_reload(&self, outcome: Result<&[&'static str], &StartError>) {
        self.metrics.reloaded(outcome.is_ok());
        let mut reloads = self.reloads.lock().unwrap_or_else(PoisonError::into_inner);
        reloads.refused = outcome.err().map(ToString::to_string);
        if let Ok(keys) = outcome {
            reloads.need_restart = keys.to_vec();
        }
    }

    /// Serves another configuration from here on. Requests under way end with the one they began with.
    pub fn reconfigure(&self, configured: Configured) {
        self.configured.store(Arc::new(configured));
    }
}
