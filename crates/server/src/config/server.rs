//! `[server]`: the process.

use std::net::SocketAddr;
use std::path::PathBuf;

use datafly_settings::Section;
use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use super::admin::AdminConfig;
use super::cache::CacheConfig;
use super::limits;
use super::outbox::OutboxConfig;
use crate::bundle::Bundle;
use crate::certificate::{self, Certificate};
use crate::credential::Credentials;
use crate::limits::LimitSettings;

/// `[server]`, checked.
pub struct ServerConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The URL browsers reach this server by, without the base path and without a trailing slash.
    pub public_url: String,
    /// Whether that URL is https, which decides how cookies are set.
    pub secure: bool,
    /// The URL browsers fetch the bundle from, likewise; the public one unless configured.
    pub asset_url: String,
    /// Where state is kept.
    pub data_dir: PathBuf,
    /// The browser's files, as `cargo xtask bundle` made them.
    pub bundle: Bundle,
    /// TLS, unless a trusted proxy in front does it.
    pub certificate: Option<Certificate>,
    /// Keys of the credential cookie. `None`: one is made and kept in `data_dir`.
    pub credentials: Option<Credentials>,
    /// Path under which all routes are, such as `/df`, or nothing: for a proxy of the site's own.
    pub base_path: String,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How much anybody may ask for.
    pub limits: LimitSettings,
    /// How long answers of vendors live, and in how much memory.
    pub cache: CacheConfig,
    /// How much may wait to be delivered.
    pub outbox: OutboxConfig,
    /// The admin listener, where there is to be one.
    pub admin: Option<AdminConfig>,
}

/// What `public_url` says, which the pipelines are measured by.
pub(super) struct PublicUrl {
    url: String,
    secure: bool,
    /// Its host.
    pub(super) host: String,
}

impl PublicUrl {
    /// Read before everything else: what is wrong with the rest of the section does not hide what is wrong with
    /// the pipelines.
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let url =
            section.required::<Url>("public_url", "public_url = \"https://id.example.com\"")?;
        Some(Self {
            url: base(section, "public_url", &url)?,
            secure: url.scheme() == "https",
            host: url.host_str().unwrap_or_default().to_owned(),
        })
    }
}

impl ServerConfig {
    pub(super) fn read(mut section: Section<'_>, public: Option<PublicUrl>) -> Option<Self> {
        let listen = section.required("listen", "listen = \"0.0.0.0:8443\"");
        let base_path = base_path(&mut section);
        let asset_url = section.optional::<Url>("asset_url");
        let asset_url = asset_url.map(|url| base(&section, "asset_url", &url));
        let data_dir = section.required("data_dir", "data_dir = \"/var/lib/datafly\"");
        let bundle = bundle(&mut section);
        let certificate = section.section("tls").map(certificate::read);
        let credentials = cookie_keys(&mut section);
        let trusted_proxies = section.optional("trusted_proxies").unwrap_or_default();
        let limits =
            section.section("limits").map_or_else(|| Some(limits::defaults()), limits::read);
        let cache = section.section("cache");
        let cache = cache.map_or_else(|| Some(CacheConfig::default()), CacheConfig::read);
        let outbox = section.section("outbox");
        let outbox = outbox.map_or_else(|| Some(OutboxConfig::default()), OutboxConfig::read);
        let admin = section.section("admin").map(AdminConfig::read);
        section.end();
        let (public, base_path) = (public?, base_path?);
        Some(Self {
            listen: listen?,
            asset_url: asset_url.unwrap_or_else(|| Some(public.url.clone()))?,
            public_url: public.url,
            secure: public.secure,
            data_dir: data_dir?,
            bundle: bundle?,
            certificate: certificate.flatten(),
            credentials,
            base_path,
            trusted_proxies,
            limits: limits?,
            cache: cache?,
            outbox: outbox?,
            admin: admin.flatten(),
        })
    }
}

fn bundle(section: &mut Section<'_>) -> Option<Bundle> {
    let folder: PathBuf = section.required("bundle_dir", "bundle_dir = \"www/pkg\"")?;
    Bundle::load(&folder).map_err(|error| section.refuse("bundle_dir", error)).ok()
}

/// The signing key first.
fn cookie_keys(section: &mut Section<'_>) -> Option<Credentials> {
    let mut keys = Vec::<(String, SecretString)>::new();
    for mut key in section.sections("cookie_keys") {
        let id = key.required::<String>("id", "id = \"2026\"");
        let secret = key.required_secret("secret");
        if let (Some(id), Some(secret)) = (id, secret) {
            match Credentials::new([(id.clone(), secret.clone())]) {
                Ok(_) => keys.push((id, secret)),
                Err(error) => key.refuse("secret", error),
            }
        }
        key.end();
    }
    if keys.is_empty() {
        return None;
    }
    Credentials::new(keys).map_err(|error| section.refuse("cookie_keys", error)).ok()
}

/// Nothing, or segments of plain letters: it is part of every URL.
fn base_path(section: &mut Section<'_>) -> Option<String> {
    let path = section.optional::<String>("base_path").unwrap_or_default();
    let plain = |segment: &str| {
        !segment.is_empty()
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let good = match path.strip_prefix('/') {
        None => path.is_empty(),
        Some(segments) => segments.split('/').all(plain),
    };
    if !good {
        section.refuse_value("base_path", &path, "write a path such as `/df`, or leave it out");
    }
    good.then_some(path)
}

/// A base URL without its trailing slash: https, or http on localhost, where browsers keep cookies
/// without `Secure`.
fn base(section: &Section<'_>, key: &str, url: &Url) -> Option<String> {
    let local = url.scheme() == "http" && url.host_str() == Some("localhost");
    let hint = "write an https URL such as `https://id.example.com` (http only for localhost)";
    if !url.username().is_empty() || url.password().is_some() {
        // Not shown, since it may be a password.
        section.refuse(key, format_args!("it holds a user name or a password: {hint}"));
        return None;
    }
    if url.query().is_some() || url.fragment().is_some() || !(url.scheme() == "https" || local) {
        section.refuse_value(key, url, hint);
        return None;
    }
    Some(url.as_str().trim_end_matches('/').to_owned())
}
