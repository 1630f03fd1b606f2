//! From configuration to parts: the one place that knows which engine is behind a port, and in
//! [`integration`] which vendor.

mod integration;
mod kept;
mod mapping;

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use datafly_core::visitor::Verification;
use datafly_provider::http::{HttpError, Network, Transport};
use datafly_provider::{Ailment, Surroundings, TokenSources};
use datafly_store::StoreError;
use datafly_store::embedded::Embedded;
use secrecy::{ExposeSecret, SecretString};

use crate::admin::Door;
use crate::app::{App, Configured, CookiePolicy, Fixed, Lasting, Pipeline, Pipelines};
use crate::backup::Backups;
use crate::client_ids::ClientIds;
use crate::config::{
    AdminConfig, CacheConfig, Config, ConfigError, IdentityConfig, KeyMaterial, PipelineConfig,
    Secrets, ServerConfig,
};
use crate::credential::{Credentials, KeyError};
use crate::data_dir;
use crate::doctor::Patient;
use crate::enrichment::{Caches, Engine};
use crate::identity::{IdentityKey, Verifier};
use crate::limits::Limits;
use crate::protection::Guards;
use crate::runtime::{EntropyError, Runtime};
use crate::signature::SignatureKeys;
use crate::visitors::Visitors;
use integration::Built;
pub use integration::Integration;

/// Folder of the embedded engine in `data_dir`: visitors and the outbox's events.
pub(crate) const STORE_FOLDER: &str = "visitors-and-events";

/// File of the cookie key that is made when none is configured, and its name in cookies.
const COOKIE_KEY_FILE: &str = "cookie.key";
const LOCAL_KEY: &str = "local";

/// File of the secret that the ids of other people's clients are derived under.
const CLIENT_IDS_KEY_FILE: &str = "client-ids.key";

/// File of the admin token that is made when none is configured.
pub(crate) const ADMIN_TOKEN_FILE: &str = "admin.token";

/// All secrets that are made when none is configured.
pub(crate) const KEPT_FILES: [&str; 3] = [COOKIE_KEY_FILE, CLIENT_IDS_KEY_FILE, ADMIN_TOKEN_FILE];

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The engine does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kept cookie key cannot be used.
    #[error("the cookie key in `server.data_dir` cannot be used: {0}")]
    CookieKey(#[from] KeyError),
    /// No random bytes for a cookie key.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// A file or folder cannot be used.
    #[error("`{path}` cannot be used: {error}")]
    File {
        /// Which.
        path: String,
        /// What the operating system says.
        error: io::Error,
    },
    /// A secret that this server made is no more what it made.
    #[error(
        "`{path}` holds no secret of {} bytes or more: restore it, or remove it and have a new one made",
        kept::MIN_BYTES
    )]
    ShortSecret {
        /// Where it is kept.
        path: String,
    },
    /// The HTTP client cannot be made.
    #[error("the client for vendors cannot be made: {0}")]
    Client(#[from] HttpError),
    /// The listener cannot be opened.
    #[error("cannot listen on `server.listen`: {0}")]
    Listen(io::Error),
    /// The TLS library refuses its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
}

/// What comes from outside the process, handed in by the composition root.
#[derive(Clone)]
pub struct Outside {
    /// Time and randomness.
    pub runtime: Runtime,
    /// The sockets to vendors.
    pub transport: Arc<dyn Transport>,
    /// Secrets that a vendor may replace while we run.
    pub secrets: datafly_provider::Secrets,
}

impl Outside {
    /// The operating system's clock, random numbers and network.
    pub fn system() -> Result<Self, StartError> {
        let files = Secrets::new([]);
        Ok(Self {
            runtime: Runtime::system(),
            transport: Arc::new(Network::new()?),
            secrets: Arc::new(move |reference| files.get(reference)),
        })
    }

    /// What adapters get of it.
    pub fn surroundings(&self, tokens: Arc<TokenSources>, guards: Arc<Guards>) -> Surroundings {
        let clock = Arc::clone(&self.runtime.clock);
        let guards_clock = Arc::clone(&clock);
        Surroundings {
            transport: Arc::clone(&self.transport),
            clock: Arc::new(move || clock.now()),
            secrets: Arc::clone(&self.secrets),
            tokens,
            turns: Arc::new(move |quota| {
                let guard = guards.of(quota, &guards_clock);
                Box::pin(async move { guard.further_turn().await })
            }),
        }
    }
}

/// What integrations are built over.
struct Ground<'a> {
    outside: &'a Outside,
    /// Gives the secret that is kept in a file of `data_dir`.
    kept: &'a dyn Fn(&str) -> Result<SecretString, StartError>,
    base_path: String,
    engine: Arc<Engine>,
    guards: Arc<Guards>,
    tokens: Arc<TokenSources>,
    cache: CacheConfig,
}

/// Builds the application. The files are opened last, so that a mistake in the configuration is what is
/// reported, also beside a running server that holds them.
pub fn build(config: Config, outside: &Outside) -> Result<App, StartError> {
    let Runtime { entropy, .. } = &outside.runtime;
    let data_dir = config.server.data_dir.clone();
    data_dir::make(&data_dir).map_err(|error| file_error(&data_dir, error))?;
    let kept = |file: &str| kept::secret(&data_dir.join(file), entropy);
    let (fixed, ground) = (fixed(&config.server), Ground::new(&config.server, outside, &kept)?);
    let configured = configure(config, &ground)?;
    let store = Embedded::open(&data_dir.join(STORE_FOLDER), Some(fixed.outbox_bytes))?;
    let store = Arc::new(store);
    let runtime = outside.runtime.clone();
    let visitors = Visitors::new(store.clone(), runtime.clone());
    let Ground { engine, guards, tokens, .. } = ground;
    let (queue, backups) = (store.clone(), Backups::of(store));
    let lasting = Lasting { visitors, queue, backups, engine, guards, tokens, runtime, fixed };
    Ok(App::new(configured, lasting))
}

/// Serves another configuration with a running application; answers which keys need a restart. What is
/// cached, guards and visitors stay as they are.
pub fn reconfigure(
    app: &App,
    config: Config,
    outside: &Outside,
) -> Result<Vec<&'static str>, StartError> {
    let restart = app.fixed.differences(&fixed(&config.server));
    let kept = |file: &str| kept::secret(&app.fixed.data_dir.join(file), &outside.runtime.entropy);
    let ground = Ground {
        outside,
        kept: &kept,
        // The routes stay under the old one.
        base_path: app.fixed.base_path.clone(),
        engine: Arc::clone(&app.engine),
        guards: Arc::clone(&app.guards),
        tokens: Arc::clone(&app.tokens),
        cache: config.server.cache,
    };
    let mut configured = configure(config, &ground)?;
    if app.fixed.tls && configured.certificate.is_none() {
        // The listener goes on speaking TLS until the restart.
        configured.certificate = app.glance().certificate.clone();
    }
    // What has been used up of a limit stays used up.
    let limits = Arc::clone(&app.glance().limits);
    if limits.settings() == configured.limits.settings() {
        configured.limits = limits;
    }
    app.engine.caches().bound(ground.cache.bytes);
    app.reconfigure(configured);
    Ok(restart)
}

/// Whether a file's configuration could be served. Opens, makes and asks nothing.
pub fn check(file: &Path, secrets: &Secrets, outside: &Outside) -> Result<Configured, StartError> {
    let config = Config::load(file, secrets)?;
    let kept = |_: &str| Ok(SecretString::from(kept::new(&outside.runtime.entropy)?));
    let ground = Ground::new(&config.server, outside, &kept)?;
    configure(config, &ground)
}

/// The integrations of a pipeline, to be examined. They share nothing with a running server.
pub fn patients(pipeline: &PipelineConfig, outside: &Outside) -> Vec<Patient> {
    let around = outside.surroundings(Arc::default(), Arc::default());
    pipeline.integrations.iter().map(|it| it.patient(&around)).collect()
}

/// What vendors' own examinations may find.
pub fn vendors_ailments() -> impl Iterator<Item = &'static Ailment> {
    Integration::ailments()
}

fn fixed(server: &ServerConfig) -> Fixed {
    Fixed {
        listen: server.listen,
        tls: server.certificate.is_some(),
        data_dir: server.data_dir.clone(),
        base_path: server.base_path.clone(),
        outbox_bytes: server.outbox.bytes,
        admin: server.admin.as_ref().map(|admin| admin.listen),
    }
}

impl<'a> Ground<'a> {
    /// Over a new engine.
    fn new(
        server: &ServerConfig,
        outside: &'a Outside,
        kept: &'a dyn Fn(&str) -> Result<SecretString, StartError>,
    ) -> Result<Self, StartError> {
        let Runtime { clock, entropy } = &outside.runtime;
        let cache = server.cache;
        let caches = Caches::new(cache.bytes, entropy.bytes()?);
        let engine = Arc::new(Engine::new(caches, Arc::clone(clock)));
        Ok(Self {
            outside,
            kept,
            base_path: server.base_path.clone(),
            engine,
            guards: Arc::default(),
            tokens: Arc::default(),
            cache,
        })
    }

    /// What adapters get of it.
    fn surroundings(&self) -> Surroundings {
        self.outside.surroundings(Arc::clone(&self.tokens), Arc::clone(&self.guards))
    }
}

/// Builds what the configuration says.
fn configure(config: Config, ground: &Ground<'_>) -> Result<Configured, StartError> {
    let server = config.server;
    let credentials = match server.credentials {
        Some(credentials) => credentials,
        None => Credentials::new([(LOCAL_KEY.to_owned(), (ground.kept)(COOKIE_KEY_FILE)?)])?,
    };
    let door = server.admin.map(|AdminConfig { token, hosts, .. }| {
        let token = token.map_or_else(|| (ground.kept)(ADMIN_TOKEN_FILE), Ok)?;
        Ok::<_, StartError>(Door { token, hosts })
    });
    let client_ids = ClientIds::new(&(ground.kept)(CLIENT_IDS_KEY_FILE)?);
    let pipelines = config.pipelines.into_iter().map(|pipeline| build_pipeline(pipeline, ground));
    Ok(Configured {
        client_ids,
        pipelines: Pipelines::new(pipelines),
        credentials,
        cookies: CookiePolicy { secure: server.secure },
        bundle: server.bundle,
        certificate: server.certificate,
        limits: Arc::new(Limits::new(server.limits, &ground.outside.runtime.clock)),
        trusted_proxies: server.trusted_proxies,
        public_url: server.public_url + &ground.base_path,
        asset_url: server.asset_url + &ground.base_path,
        door: door.transpose()?,
    })
}

fn build_pipeline(config: PipelineConfig, ground: &Ground<'_>) -> Pipeline {
    let IdentityConfig { verification, binding_life, keys } = config.identity;
    let built = config.integrations.into_iter().map(|it| it.build(verification, ground));
    let (mut enrichments, mut recipients, mut erasures) = (Vec::new(), Vec::new(), Vec::new());
    for Built { enrichment, recipient, erasure } in built {
        enrichments.extend(enrichment);
        recipients.extend(recipient.map(Arc::new));
        erasures.extend(erasure);
    }
    if verification == Verification::Off {
        tracing::warn!(
            pipeline.key = %config.key,
            "identity.verification is off: any page can look up anybody's allowed attributes by claiming \
             to be them"
        );
    }
    let keys = keys.into_iter().map(|(id, material)| match material {
        KeyMaterial::Shared(secret) => IdentityKey::hs256(id, secret.expose_secret().as_bytes()),
        KeyMaterial::Public(key) => IdentityKey::es256(id, key),
    });
    Pipeline {
        verifier: Verifier::new(config.key.clone(), keys.collect(), binding_life),
        verification,
        key: config.key,
        origins: config.origins.into_iter().collect(),
        cookie_domain: config.cookie_domain,
        ready_timeout: config.ready_timeout,
        server_keys: SignatureKeys::new(config.server_keys),
        consent: config.consent,
        browser: config.browser,
        enrichments,
        erasures,
        recipients,
        boot_script: OnceLock::new(),
    }
}

fn file_error(path: &Path, error: io::Error) -> StartError {
    StartError::File { path: path.display().to_string(), error }
}
