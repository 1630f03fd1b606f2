//! The configuration file: one TOML file, unknown keys refused, secrets by reference only.
//!
//! [`Config::parse`] checks every value and fetches what the file names: secrets, the certificate, the browser's
//! files. Whatever is wrong, it reads on to the end and reports everything at once. What a vendor's section
//! means is the vendor's business: it is read where vendors are named, in [`crate::wiring`].

mod admin;
mod browser;
mod cache;
mod consent;
mod contact;
mod cookie_domain;
mod identity;
mod limits;
mod outbox;
mod part;
mod pipeline;
mod sandbox;
mod secrets;
mod server;

pub use admin::AdminConfig;
pub use cache::CacheConfig;
pub use consent::ConsentConfig;
pub use contact::Contact;
pub use identity::{IdentityConfig, KeyMaterial};
pub use outbox::OutboxConfig;
pub use part::{PartError, integration, integrations, pipeline_keys};
use pipeline::Around;
pub use pipeline::PipelineConfig;
use sandbox::SandboxUrl;
pub use secrets::Secrets;
pub(crate) use secrets::fingerprint;
use server::PublicUrl;
pub use server::ServerConfig;

use std::fs;
use std::path::Path;

use datafly_core::secret::SecretRef;
use datafly_settings::{Mistakes, Reader, Section};

/// Everything the server is told.
pub struct Config {
    /// The process: listener, storage, keys.
    pub server: ServerConfig,
    /// The sites.
    pub pipelines: Vec<PipelineConfig>,
}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration `{path}` cannot be read: {reason}")]
    File {
        /// The path as given.
        path: String,
        /// What the operating system says.
        reason: String,
    },
    /// Everything that is wrong in it: each names the line and the key, shows the value unless it is secret,
    /// and says what to write.
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
}

impl Config {
    /// Reads the file.
    pub fn load(file: &Path, secrets: &Secrets) -> Result<Self, ConfigError> {
        Self::parse(&text_of(file)?, secrets)
    }

    /// Reads the file's text, and all of it whatever is wrong.
    pub fn parse(text: &str, secrets: &Secrets) -> Result<Self, ConfigError> {
        let source = |reference: &SecretRef| secrets.get(reference);
        let reader = Reader::new(text, &source);
        Ok(reader.finish(reader.root().and_then(Self::read))?)
    }

    fn read(mut root: Section<'_>) -> Option<Self> {
        let mut server = root.section("server");
        if !root.has("server") {
            root.refuse("server", "it is missing: add a [server] section");
        }
        let public = server.as_mut().and_then(PublicUrl::read);
        let host = public.as_ref().map(|public| public.host.clone());
        let sandbox = server.as_mut().and_then(SandboxUrl::read);
        let around = Around { host: host.as_deref(), sandbox };
        let server = server.and_then(|section| ServerConfig::read(section, public));
        let (mut keys, mut pipelines) = (Vec::new(), Vec::new());
        for section in root.sections("pipelines") {
            pipelines.extend(PipelineConfig::read(section, &around, &mut keys));
        }
        if !root.has("pipelines") {
            root.refuse("pipelines", "there is none: add a [[pipelines]] section for your site");
        }
        root.end();
        Some(Self { server: server?, pipelines })
    }
}

fn text_of(file: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(file).map_err(|error| ConfigError::File {
        path: file.display().to_string(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
