//! `[[pipelines]]`: one site each.

use std::time::Duration;

use datafly_core::id::PipelineKey;
use serde::Deserialize;
use url::Url;

use super::identity::{IdentityConfig, IdentitySettings};
use super::server::ServerConfig;
use super::{ConfigError, Secrets};

/// How long `onProfileReady` waits unless the owner says otherwise.
const DEFAULT_READY_TIMEOUT_MS: u32 = 3000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PipelineSettings {
    key: PipelineKey,
    origins: Vec<String>,
    cookie_domain: Option<String>,
    #[serde(default = "default_ready_timeout_ms")]
    ready_timeout_ms: u32,
    #[serde(default)]
    identity: IdentitySettings,
    #[serde(default)]
    integrations: Vec<toml::Table>,
}

fn default_ready_timeout_ms() -> u32 {
    DEFAULT_READY_TIMEOUT_MS
}

/// One site, checked.
pub struct PipelineConfig {
    /// The public key.
    pub key: PipelineKey,
    /// The origins whose pages may use it, exactly as browsers write them.
    pub origins: Vec<String>,
    /// Domain of the `_dfid` copy; host-only where absent.
    pub cookie_domain: Option<String>,
    /// How long `onProfileReady` waits.
    pub ready_timeout: Duration,
    /// How identity is proven.
    pub identity: IdentityConfig,
    /// The vendors' sections, unread.
    pub integrations: Vec<toml::Table>,
}

impl PipelineSettings {
    pub(super) fn check(
        self,
        at: &str,
        server: &ServerConfig,
        secrets: &Secrets,
    ) -> Result<PipelineConfig, ConfigError> {
        if self.origins.is_empty() {
            let reason = "no origin may use this pipeline: write the pages' origins, for example \
                          `[\"https://www.example.com\"]`";
            return Err(ConfigError::Key {
                key: format!("{at}.origins"),
                reason: reason.to_owned(),
            });
        }
        for (index, origin) in self.origins.iter().enumerate() {
            check_origin(&format!("{at}.origins[{index}]"), origin)?;
        }
        if let Some(domain) = &self.cookie_domain {
            check_cookie_domain(&format!("{at}.cookie_domain"), domain, &server.host)?;
        }
        if !(100..=60_000).contains(&self.ready_timeout_ms) {
            return Err(ConfigError::Value {
                key: format!("{at}.ready_timeout_ms"),
                value: self.ready_timeout_ms.to_string(),
                hint: "write 100 to 60000 milliseconds".to_owned(),
            });
        }
        Ok(PipelineConfig {
            identity: self.identity.check(&format!("{at}.identity"), secrets)?,
            key: self.key,
            origins: self.origins,
            cookie_domain: self.cookie_domain,
            ready_timeout: Duration::from_millis(self.ready_timeout_ms.into()),
            integrations: self.integrations,
        })
    }
}

/// Origins are compared byte for byte with what browsers send, so they must be written that way.
fn check_origin(key: &str, origin: &str) -> Result<(), ConfigError> {
    let hint = match Url::parse(origin) {
        Ok(url) if url.origin().ascii_serialization() == origin => return Ok(()),
        Ok(url) if url.origin().is_tuple() => {
            format!("write it as browsers do: `{}`", url.origin().ascii_serialization())
        }
        _ => "write scheme and host, for example `https://www.example.com`".to_owned(),
    };
    Err(ConfigError::Value { key: key.to_owned(), value: origin.to_owned(), hint })
}

/// A browser drops a cookie for a domain that its host is not in; a bare top-level name is never ours.
fn check_cookie_domain(key: &str, domain: &str, host: &str) -> Result<(), ConfigError> {
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let covers =
        host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    if covers && domain.contains('.') && domain.split('.').all(label) {
        return Ok(());
    }
    Err(ConfigError::Value {
        key: key.to_owned(),
        value: domain.to_owned(),
        hint: format!("write the site's domain, which the host `{host}` must be in"),
    })
}
