//! The configuration file: one TOML file, unknown keys refused, secrets by reference only.
//!
//! [`Config::parse`] reads the text, checks every value and fetches the secrets. What a vendor's
//! section means is the vendor's business: it stays a table here and is read where vendors are named,
//! in [`crate::wiring`].

mod admin;
mod cache;
mod identity;
mod limits;
mod pipeline;
mod secrets;
mod server;

pub use admin::AdminConfig;
pub use cache::CacheConfig;
pub use identity::{IdentityConfig, KeyMaterial};
pub use pipeline::PipelineConfig;
pub use secrets::Secrets;
pub use server::{ServerConfig, TlsConfig};

use datafly_core::secret::SecretError;
use serde::Deserialize;

/// Everything the server is told.
pub struct Config {
    /// The process: listener, storage, keys.
    pub server: ServerConfig,
    /// The sites.
    pub pipelines: Vec<PipelineConfig>,
}

/// Why a configuration cannot be used. Every message names the key, shows the value unless it is secret,
/// and says what to write.
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
    /// Not TOML, or not of this shape.
    #[error("`{key}`, line {line}, column {column}: {reason}")]
    Shape {
        /// The key or section on that line, where there is one.
        key: String,
        /// Line of the mistake, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A value that does not fit its key.
    #[error("`{key}` is `{value}`: {hint}")]
    Value {
        /// The key, as a path.
        key: String,
        /// The value as written.
        value: String,
        /// What to write.
        hint: String,
    },
    /// Something is missing or contradicts something else.
    #[error("`{key}`: {reason}")]
    Key {
        /// The key, as a path.
        key: String,
        /// What is wrong, and what to write.
        reason: String,
    },
    /// A secret that cannot be had.
    #[error("`{key}`: {reason}")]
    Secret {
        /// The key, as a path.
        key: String,
        /// Why.
        reason: SecretError,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    server: server::ServerSettings,
    #[serde(default)]
    pipelines: Vec<pipeline::PipelineSettings>,
}

impl Config {
    /// Reads the file's text.
    pub fn parse(text: &str, secrets: &Secrets) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| shape_error(text, &error))?;
        let server = file.server.check(secrets)?;
        let mut pipelines = Vec::<PipelineConfig>::new();
        for (index, settings) in file.pipelines.into_iter().enumerate() {
            let at = format!("pipelines[{index}]");
            let pipeline = settings.check(&at, &server, secrets)?;
            if pipelines.iter().any(|earlier| earlier.key == pipeline.key) {
                let reason = "another pipeline has this key: give each its own".to_owned();
                return Err(ConfigError::Key { key: format!("{at}.key"), reason });
            }
            pipelines.push(pipeline);
        }
        if pipelines.is_empty() {
            let reason = "there is none: add a [[pipelines]] section for your site".to_owned();
            return Err(ConfigError::Key { key: "pipelines".to_owned(), reason });
        }
        Ok(Self { server, pipelines })
    }
}

/// The place and the reason. Of the line only the key: somebody may have pasted a secret behind it.
fn shape_error(text: &str, error: &toml::de::Error) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    ConfigError::Shape {
        key: match line.split_once('=') {
            Some((key, _)) => key.trim().to_owned(),
            None if line.starts_with('[') => line.trim().to_owned(),
            None => "…".to_owned(),
        },
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        reason: error.message().to_owned(),
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
