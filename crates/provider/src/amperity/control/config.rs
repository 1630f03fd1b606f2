//! `[pipelines.integrations.control]`: what the control API needs beside the tenant.

use datafly_settings::Section;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::super::config::{base_url, tenant};
use crate::keys;

/// The sub-section's name.
const SECTION: &str = "control";

/// What Amperity allows a tenant (domain facts 2.8).
const REQUESTS_PER_SECOND: u32 = 10;

/// A tenant, and the credential that may ask it.
#[derive(Debug, Clone)]
pub struct ControlConfig {
    /// Where the API is; its path ends with a slash.
    pub(super) base_url: Url,
    /// The `Amperity-Tenant` header's value.
    pub(super) tenant_header: HeaderValue,
    /// DataGrid Operator keys: one, or two while they are changed.
    pub(in crate::amperity) api_keys: Vec<SecretString>,
    /// Requests a second that are sent at most.
    pub(super) requests_per_second: u32,
}

impl ControlConfig {
    /// Reads, of an integration's section, the tenant and this part and nothing else: who asks the control API
    /// need not have the integration's other secrets.
    pub fn read(mut section: Section<'_>) -> Option<Self> {
        let (base_url, tenant) = (base_url(&mut section), tenant(&mut section));
        if !section.has(SECTION) {
            let reason = "it is missing: add [pipelines.integrations.control] with the key of a DataGrid \
                          Operator, `api_key = { env = \"NAME\" }`";
            section.refuse(SECTION, reason);
        }
        let tenant = tenant.map(|(_, header)| header);
        Self::part(&mut section, base_url.as_ref(), tenant.as_ref(), &[])
    }

    /// Reads the part, where there is one. `others` are the integration's other keys: none may be this one.
    pub(in crate::amperity) fn part(
        section: &mut Section<'_>,
        base_url: Option<&Url>,
        tenant_header: Option<&HeaderValue>,
        others: &[&SecretString],
    ) -> Option<Self> {
        const KEY: &str = "api_key";

        let mut part = section.section(SECTION)?;
        let api_keys = keys::header_secrets(&mut part, KEY);
        let is_other = |key: &SecretString| {
            others.iter().any(|other| other.expose_secret() == key.expose_secret())
        };
        if api_keys.iter().flatten().any(is_other) {
            let reason = "it is the same as another key of the integration: Amperity answers 403 across scopes, \
                          generate one with the option DataGrid Operator";
            part.refuse(KEY, reason);
        }
        let most = i64::from(REQUESTS_PER_SECOND);
        let rate = part.number("requests_per_second", most, 1..=most, "requests a second");
        part.end();
        Some(Self {
            base_url: base_url?.clone(),
            tenant_header: tenant_header?.clone(),
            api_keys: api_keys?,
            requests_per_second: u32::try_from(rate?).ok()?,
        })
    }
}
