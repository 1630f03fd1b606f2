//! `[[pipelines]]`: one site each.

use std::time::Duration;

use datafly_core::id::PipelineKey;
use datafly_core::secret::SecretRef;
use secrecy::{ExposeSecret, SecretString};
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
    server_keys: Vec<ServerKey>,
    #[serde(default)]
    consent: ConsentSettings,
    #[serde(default)]
    integrations: Vec<toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerKey {
    secret: SecretRef,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ConsentSettings {
    /// Without this category no visitor is looked up.
    enrich: Option<String>,
}

/// A signing secret is at least as long as the hash it is used with.
const MIN_SECRET_BYTES: usize = 32;

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
    /// Secrets that the site's own servers sign with.
    pub server_keys: Vec<SecretString>,
    /// The consent category without which no visitor is looked up, where the owner asks for one.
    pub consent: Option<String>,
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
        let mut server_keys = Vec::new();
        for (index, key) in self.server_keys.iter().enumerate() {
            let at = format!("{at}.server_keys[{index}].secret");
            let secret = secrets.at(at.clone(), &key.secret)?;
            if secret.expose_secret().len() < MIN_SECRET_BYTES {
                let reason = format!("the secret is shorter than {MIN_SECRET_BYTES} bytes");
                return Err(ConfigError::Key { key: at, reason });
            }
            server_keys.push(secret);
        }
        if self.consent.enrich.as_deref().is_some_and(|category| category.trim().is_empty()) {
            return Err(ConfigError::Value {
                key: format!("{at}.consent.enrich"),
                value: String::new(),
                hint:
                    "write a category such as `personalization`, or a code of your consent platform"
                        .to_owned(),
            });
        }
        Ok(PipelineConfig {
            server_keys,
            consent: self.consent.enrich,
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
