//! `[server.admin]`: the admin listener.

use std::net::SocketAddr;

use datafly_settings::Section;
use secrecy::{ExposeSecret, SecretString};

/// Shortest token that the owner may choose.
const MIN_TOKEN_BYTES: usize = 32;

/// `[server.admin]`, checked.
pub struct AdminConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The token. `None`: one is made and kept in `data_dir`.
    pub token: Option<SecretString>,
    /// Names by which the listener may be reached, besides loopback ones.
    pub hosts: Vec<String>,
}

impl AdminConfig {
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let listen = section.required("listen", "listen = \"127.0.0.1:9090\"");
        let token = section.secret("token");
        if token.as_ref().is_some_and(|token| token.expose_secret().len() < MIN_TOKEN_BYTES) {
            section.refuse("token", format_args!("write one of {MIN_TOKEN_BYTES} bytes or more"));
        }
        let hosts = section.optional("hosts").unwrap_or_default();
        section.end();
        Some(Self { listen: listen?, token, hosts })
    }
}
