//! `[[pipelines]]`: one site each.

use std::time::Duration;

use datafly_core::id::PipelineKey;
use datafly_core::v1::BrowserConfig;
use datafly_settings::Section;
use secrecy::SecretString;
use url::Url;

use super::browser;
use super::consent::ConsentConfig;
use super::cookie_domain;
use super::identity::IdentityConfig;
use super::sandbox::{self, SandboxUrl};
use super::secrets::long_secret;
use crate::wiring::Integration;

/// How long `onProfileReady` waits unless the owner says otherwise.
const DEFAULT_READY_TIMEOUT_MS: i64 = 3000;

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
    /// What a visitor has to allow.
    pub consent: ConsentConfig,
    /// What the SDK does by itself on its pages.
    pub browser: BrowserConfig,
    /// The vendors.
    pub integrations: Vec<Integration>,
}

/// What `[server]` says that pipelines are measured by.
pub(super) struct Around<'a> {
    /// This server's host, where that is known.
    pub(super) host: Option<&'a str>,
    /// The sandbox, where there is one.
    pub(super) sandbox: Option<SandboxUrl>,
}

impl PipelineConfig {
    /// `keys` are those of earlier pipelines.
    pub(super) fn read(
        mut section: Section<'_>,
        around: &Around<'_>,
        keys: &mut Vec<PipelineKey>,
    ) -> Option<Self> {
        let key = section.required::<PipelineKey>("key", "key = \"dk_live_shop\"");
        if key.as_ref().is_some_and(|key| keys.contains(key)) {
            section.refuse("key", "another pipeline has this key: give each its own");
        }
        keys.extend(key.clone());
        let origins = origins(&mut section);
        let cookie_domain = section.optional::<String>("cookie_domain");
        if let (Some(domain), Some(host)) = (&cookie_domain, around.host) {
            cookie_domain::check(&section, domain, host, &origins);
        }
        let timeout = section.number(
            "ready_timeout_ms",
            DEFAULT_READY_TIMEOUT_MS,
            100..=60_000,
            "milliseconds",
        );
        let identity = section.section("identity");
        let identity =
            identity.map_or_else(|| Some(IdentityConfig::default()), IdentityConfig::read);
        let server_keys =
            section.sections("server_keys").into_iter().filter_map(server_key).collect();
        let consent = ConsentConfig::read(&mut section);
        let browser = browser::read(section.section("browser"), &consent);
        let integrations = integrations(&mut section, around, key.as_ref());
        section.end();
        Some(Self {
            key: key?,
            origins,
            cookie_domain,
            ready_timeout: Duration::from_millis(timeout?.unsigned_abs()),
            identity: identity?,
            server_keys,
            consent,
            browser,
            integrations,
        })
    }
}

/// Origins are compared byte for byte with what browsers send, so they must be written that way.
fn origins(section: &mut Section<'_>) -> Vec<String> {
    let example = "origins = [\"https://www.example.com\"]";
    let Some(origins) = section.required::<Vec<String>>("origins", example) else {
        return Vec::new();
    };
    if origins.is_empty() {
        let reason =
            format!("no page may use this pipeline: write the pages' origins, `{example}`");
        section.refuse("origins", reason);
    }
    for (index, origin) in origins.iter().enumerate() {
        let hint = match Url::parse(origin) {
            Ok(url) if url.origin().ascii_serialization() == *origin => continue,
            Ok(url) if url.origin().is_tuple() => {
                format!("write it as browsers do: `{}`", url.origin().ascii_serialization())
            }
            _ => "write scheme and host, for example `https://www.example.com`".to_owned(),
        };
        section.refuse_value(&format!("origins[{index}]"), origin, hint);
    }
    origins
}

fn server_key(mut section: Section<'_>) -> Option<SecretString> {
    let secret = long_secret(&mut section, "secret");
    section.end();
    secret
}

/// The vendors of a pipeline, of which this is the key.
pub(super) fn integrations(
    section: &mut Section<'_>,
    around: &Around<'_>,
    pipeline: Option<&PipelineKey>,
) -> Vec<Integration> {
    let mut integrations = Vec::<Integration>::new();
    let mut names = Vec::new();
    for mut entry in section.sections("integrations") {
        let Some(vendor) = entry.required::<String>("vendor", Integration::EXAMPLE) else {
            continue;
        };
        let key = Integration::key_of_name(&vendor);
        let name = entry.peek(key).unwrap_or(&vendor).to_owned();
        if names.contains(&name) {
            let reason = "the pipeline has one of that name already: keep one of the two";
            entry.refuse_value(key, &name, reason);
        }
        if pipeline.is_some_and(sandbox::is_test) {
            let addresses = Integration::emulated(&vendor);
            sandbox::stand_in(around.sandbox.as_ref(), addresses, &mut entry);
        }
        integrations.extend(Integration::read(&vendor, entry));
        names.push(name);
    }
    integrations
}
