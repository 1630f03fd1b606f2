//! `[server.admin]`: the admin listener.

use std::net::SocketAddr;

use datafly_core::secret::SecretRef;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{ConfigError, Secrets};

/// Shortest token that the owner may choose.
const MIN_TOKEN_BYTES: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdminSettings {
    listen: SocketAddr,
    token: Option<SecretRef>,
    #[serde(default)]
    hosts: Vec<String>,
}

/// `[server.admin]`, checked.
pub struct AdminConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The token. `None`: one is made and kept in `data_dir`.
    pub token: Option<SecretString>,
    /// Names by which the listener may be reached, besides loopback ones.
    pub hosts: Vec<String>,
}

impl AdminSettings {
    pub(super) fn check(self, secrets: &Secrets) -> Result<AdminConfig, ConfigError> {
        let key = "server.admin.token";
        let token = self.token.map(|token| secrets.at(key.to_owned(), &token)).transpose()?;
        if token.as_ref().is_some_and(|token| token.expose_secret().len() < MIN_TOKEN_BYTES) {
            let reason = format!("the token is shorter than {MIN_TOKEN_BYTES} bytes");
            return Err(ConfigError::Key { key: key.to_owned(), reason });
        }
        Ok(AdminConfig { listen: self.listen, token, hosts: self.hosts })
    }
}
