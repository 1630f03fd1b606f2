//! `[server]`: the process.

use std::net::SocketAddr;
use std::path::PathBuf;

use datafly_core::secret::SecretRef;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::{ConfigError, Secrets};

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
    /// The URL browsers reach this server by, without a trailing slash. It decides how cookies are set.
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
}

impl ServerSettings {
    pub(super) fn check(self, secrets: &Secrets) -> Result<ServerConfig, ConfigError> {
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
        })
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
