//! `[server]`: the process.

use std::net::SocketAddr;
use std::path::PathBuf;

use datafly_core::secret::SecretRef;
use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::admin::{AdminConfig, AdminSettings};
use super::cache::{CacheConfig, CacheSettings};
use super::limits::LimitsSettings;
use super::{ConfigError, Secrets};
use crate::limits::LimitSettings;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerSettings {
    listen: SocketAddr,
    public_url: Url,
    asset_url: Option<Url>,
    data_dir: PathBuf,
    bundle_dir: PathBuf,
    tls: Option<TlsConfig>,
    #[serde(default)]
    cookie_keys: Vec<CookieKey>,
    #[serde(default)]
    base_path: String,
    #[serde(default)]
    trusted_proxies: Vec<IpNet>,
    #[serde(default)]
    limits: LimitsSettings,
    #[serde(default)]
    cache: CacheSettings,
    admin: Option<AdminSettings>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CookieKey {
    id: String,
    secret: SecretRef,
}

/// Certificate chain and key, as PEM files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The chain, leaf first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// `[server]`, checked.
pub struct ServerConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The URL browsers reach this server by, with the base path, without a trailing slash. It decides how
    /// cookies are set.
    pub public_url: String,
    /// Whether that URL is https.
    pub secure: bool,
    /// The host of that URL.
    pub host: String,
    /// The URL browsers fetch the bundle from; the public one unless configured.
    pub asset_url: String,
    /// Where state is kept.
    pub data_dir: PathBuf,
    /// Where `cargo xtask bundle` put the browser's files.
    pub bundle_dir: PathBuf,
    /// TLS, unless a trusted proxy in front does it.
    pub tls: Option<TlsConfig>,
    /// Keys of the credential cookie, the signing one first. Empty: one is made and kept in `data_dir`.
    pub cookie_keys: Vec<(String, SecretString)>,
    /// Path under which all routes are, such as `/df`, or nothing: for a proxy of the site's own.
    pub base_path: String,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How much anybody may ask for.
    pub limits: LimitSettings,
    /// How long answers of vendors live, and in how much memory.
    pub cache: CacheConfig,
    /// The admin listener, where there is to be one.
    pub admin: Option<AdminConfig>,
}

impl ServerSettings {
    pub(super) fn check(self, secrets: &Secrets) -> Result<ServerConfig, ConfigError> {
        check_base_path(&self.base_path)?;
        let base = |key, url| Ok(base(key, url)? + &self.base_path);
        let public_url = base("server.public_url", &self.public_url)?;
        let asset_url = match &self.asset_url {
            Some(url) => base("server.asset_url", url)?,
            None => public_url.clone(),
        };
        let keys = self.cookie_keys.into_iter().enumerate().map(|(index, key)| {
            let at = format!("server.cookie_keys[{index}].secret");
            Ok((key.id, secrets.at(at, &key.secret)?))
        });
        Ok(ServerConfig {
            listen: self.listen,
            secure: self.public_url.scheme() == "https",
            host: self.public_url.host_str().unwrap_or_default().to_owned(),
            public_url,
            asset_url,
            data_dir: self.data_dir,
            bundle_dir: self.bundle_dir,
            tls: self.tls,
            cookie_keys: keys.collect::<Result<_, _>>()?,
            base_path: self.base_path,
            trusted_proxies: self.trusted_proxies,
            limits: self.limits.into(),
            cache: self.cache.check()?,
            admin: self.admin.map(|admin| admin.check(secrets)).transpose()?,
        })
    }
}

/// Nothing, or segments of plain letters: it is part of every URL.
fn check_base_path(path: &str) -> Result<(), ConfigError> {
    let plain = |segment: &str| {
        !segment.is_empty()
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    match path.strip_prefix('/') {
        None if path.is_empty() => Ok(()),
        Some(segments) if segments.split('/').all(plain) => Ok(()),
        _ => Err(ConfigError::Value {
            key: "server.base_path".to_owned(),
            value: path.to_owned(),
            hint: "write a path such as `/df`, or leave it out".to_owned(),
        }),
    }
}

/// A base URL without its trailing slash: https, or http on localhost, where browsers keep cookies
/// without `Secure`.
fn base(key: &str, url: &Url) -> Result<String, ConfigError> {
    let local = url.scheme() == "http" && url.host_str() == Some("localhost");
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !plain || !(url.scheme() == "https" || local) {
        return Err(ConfigError::Value {
            key: key.to_owned(),
            value: url.to_string(),
            hint: "write an https URL such as `https://id.example.com` (http only for localhost)"
                .to_owned(),
        });
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}
