//! From configuration to parts: the one place that knows which vendor and which engine is behind a port.

use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use data_encoding::HEXLOWER;
use datafly_core::visitor::Verification;
use datafly_provider::{ProfileProvider, amperity, http};
use datafly_store::embedded::EmbeddedState;
use datafly_store::{State, StateError};
use secrecy::{ExposeSecret, SecretString};

use crate::app::{App, CookiePolicy, Pipeline, Pipelines};
use crate::bundle::{Bundle, BundleError};
use crate::config::{Config, ConfigError, IdentityConfig, PipelineConfig, Secrets, ServerConfig};
use crate::credential::{Credentials, KeyError};
use crate::data_dir;
use crate::enrichment::Enrichment;
use crate::identity::{IdentityKey, KeyAlgorithm, Verifier};
use crate::runtime::{EntropyError, Runtime};
use crate::visitors::Visitors;

/// File of the embedded engine in `data_dir`.
const STATE_FILE: &str = "state.redb";

/// File of the cookie key that is made when none is configured.
const COOKIE_KEY_FILE: &str = "cookie.key";

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The browser's files are missing.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The engine does not open.
    #[error(transparent)]
    State(#[from] StateError),
    /// A cookie key cannot be used.
    #[error("`server.cookie_keys`: {0}")]
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
    /// The HTTP client cannot be made.
    #[error("the client for vendors cannot be made: {0}")]
    Client(#[from] http::HttpError),
    /// The listener cannot be opened.
    #[error("cannot listen on `server.listen`: {0}")]
    Listen(io::Error),
    /// The certificate or key is no good.
    #[error("`server.tls` cannot be used: {0}")]
    Tls(io::Error),
}

/// Builds the application. The state is opened last, so that a mistake in the configuration is what is
/// reported, also beside a running server that holds the state.
pub fn build(config: Config, secrets: &Secrets, runtime: &Runtime) -> Result<App, StartError> {
    let server = &config.server;
    let client = http::client()?;
    let pipelines = config
        .pipelines
        .into_iter()
        .enumerate()
        .map(|(index, pipeline)| build_pipeline(index, pipeline, &client, secrets))
        .collect::<Result<Vec<_>, _>>()?;
    let bundle = Bundle::load(&server.bundle_dir)?;

    data_dir::make(&server.data_dir).map_err(|error| file_error(&server.data_dir, error))?;
    let credentials = Credentials::new(cookie_keys(server, runtime)?)?;
    let state: Arc<dyn State> = Arc::new(EmbeddedState::open(&server.data_dir.join(STATE_FILE))?);
    Ok(App {
        pipelines: Pipelines::new(pipelines),
        visitors: Visitors::new(state, runtime.clone()),
        credentials,
        cookies: CookiePolicy { secure: server.secure },
        bundle,
        clock: Arc::clone(&runtime.clock),
        public_url: server.public_url.clone(),
        asset_url: server.asset_url.clone(),
    })
}

fn build_pipeline(
    index: usize,
    config: PipelineConfig,
    client: &http::Client,
    secrets: &Secrets,
) -> Result<Pipeline, StartError> {
    let mut enrichments = Vec::<Enrichment>::new();
    for (place, table) in config.integrations.into_iter().enumerate() {
        let at = format!("pipelines[{index}].integrations[{place}]");
        let enrichment = build_integration(&at, table, client, secrets)?;
        if enrichments.iter().any(|earlier| earlier.name == enrichment.name) {
            let reason = "the pipeline has this vendor already".to_owned();
            return Err(ConfigError::Key { key: format!("{at}.vendor"), reason }.into());
        }
        enrichments.push(enrichment);
    }
    let IdentityConfig { verification, binding_life, keys } = config.identity;
    if verification == Verification::Off {
        tracing::warn!(
            pipeline.key = %config.key,
            "identity.verification is off: any page can look up anybody's allowed attributes by claiming \
             to be them"
        );
    }
    let keys = keys.into_iter().map(|(id, algorithm, secret)| match algorithm {
        KeyAlgorithm::Hs256 => IdentityKey::hs256(id, secret.expose_secret().as_bytes()),
    });
    Ok(Pipeline {
        verifier: Verifier::new(config.key.clone(), keys.collect(), binding_life),
        verification,
        key: config.key,
        origins: config.origins.into_iter().collect(),
        cookie_domain: config.cookie_domain,
        ready_timeout: config.ready_timeout,
        enrichments,
    })
}

/// Reads one `[[pipelines.integrations]]` by its `vendor`.
fn build_integration(
    at: &str,
    mut table: toml::Table,
    client: &http::Client,
    secrets: &Secrets,
) -> Result<Enrichment, ConfigError> {
    let key_error = |key: &str, reason: String| ConfigError::Key { key: key.to_owned(), reason };
    let Some(toml::Value::String(vendor)) = table.remove("vendor") else {
        let reason = format!("name the vendor, for example `vendor = \"{}\"`", amperity::NAME);
        return Err(key_error(&format!("{at}.vendor"), reason));
    };
    match vendor.as_str() {
        amperity::NAME => {
            let settings: amperity::Settings = table
                .try_into()
                .map_err(|error: toml::de::Error| key_error(at, error.message().to_owned()))?;
            let config = settings
                .resolve(&|reference| secrets.get(reference))
                .map_err(|error| key_error(at, error.to_string()))?;
            let profiles = amperity::AmperityProfiles::new(client.clone(), &config)
                .map_err(|error| key_error(at, error.to_string()))?;
            Ok(Enrichment {
                name: vendor,
                linking_keys: config.linking_keys,
                allowlist: config.allowlist,
                profiles: profiles.map(|profiles| Arc::new(profiles) as Arc<dyn ProfileProvider>),
            })
        }
        _ => Err(ConfigError::Value {
            key: format!("{at}.vendor"),
            value: vendor,
            hint: format!("write `{}`", amperity::NAME),
        }),
    }
}

/// The configured keys, or one that is made once and kept beside the state it belongs to.
fn cookie_keys(
    server: &ServerConfig,
    runtime: &Runtime,
) -> Result<Vec<(String, SecretString)>, StartError> {
    if !server.cookie_keys.is_empty() {
        return Ok(server.cookie_keys.clone());
    }
    let path = server.data_dir.join(COOKIE_KEY_FILE);
    let key = match fs::read_to_string(&path) {
        Ok(key) => key,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let bytes = [runtime.entropy.bytes()?, runtime.entropy.bytes()?].concat();
            let key = HEXLOWER.encode(&bytes);
            data_dir::write(&path, &key).map_err(|error| file_error(&path, error))?;
            key
        }
        Err(error) => return Err(file_error(&path, error)),
    };
    Ok(vec![("local".to_owned(), SecretString::from(key.trim()))])
}

fn file_error(path: &Path, error: io::Error) -> StartError {
    StartError::File { path: path.display().to_string(), error }
}
