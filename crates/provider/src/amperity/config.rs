//! What the owner writes for an Amperity integration: the seed's names, exactly.

mod credential;
mod ingest;

use datafly_core::context::ContextMappings;
use datafly_settings::Section;
use http::HeaderValue;
use url::Url;

pub(super) use self::credential::{Credential, Referenced};
pub(super) use self::ingest::IngestConfig;
use super::control::ControlConfig;
use super::token::{EVENTS, PROFILES};
use super::{NAME, REQUESTS_PER_SECOND};
use crate::keys;
use crate::profile::{Lookups, Quota};

/// A checked section with its secrets.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the API is; its path ends with a slash.
    pub base_url: Url,
    /// Names the tenant; usually, not always, the subdomain.
    pub tenant_id: String,
    /// The same as the `Amperity-Tenant` header's value.
    pub(super) tenant_header: HeaderValue,
    /// What deliveries need.
    pub ingest: IngestConfig,
    /// What profile look-ups need, where the owner configured them.
    pub profiles: Option<ProfileConfig>,
    /// Whom they look up, and what of the answer a browser may see.
    pub lookups: Lookups,
    /// What the control API needs, where the owner configured it.
    pub control: Option<ControlConfig>,
}

/// What profile look-ups need.
#[derive(Debug, Clone)]
pub struct ProfileConfig {
    /// What they authenticate with.
    pub credential: Credential,
    /// Profile collection, `apc-…`.
    pub collection_id: String,
}

impl Config {
    /// Reads the section, and notes everything that is wrong in it.
    pub fn read(mut section: Section<'_>) -> Option<Self> {
        let base_url = base_url(&mut section);
        let tenant = tenant(&mut section);
        let for_events = Credential::required(&mut section, &EVENTS);
        let profiles = profiles(&mut section, for_events.as_ref());
        let ingest = IngestConfig::read(&mut section, base_url.as_ref(), for_events.clone());
        let lookups = Lookups::read(&mut section);
        let context = context(&mut section);
        let others = [for_events.as_ref(), profiles.as_ref().map(|it| &it.credential)];
        let others: Vec<_> = others.into_iter().flatten().flat_map(Credential::pasted).collect();
        let header = tenant.as_ref().map(|(_, header)| header);
        let control = ControlConfig::part(&mut section, base_url.as_ref(), header, &others);
        section.end();
        let (tenant_id, tenant_header) = tenant?;
        Some(Self {
            base_url: base_url?,
            tenant_id,
            tenant_header,
            ingest: ingest?,
            profiles,
            lookups: Lookups { context, ..lookups? },
            control,
        })
    }

    /// Look-ups and deliveries of a tenant share one budget.
    pub(super) fn quota(&self) -> Quota {
        Quota {
            account: format!("{NAME} {} {}", self.base_url, self.tenant_id),
            requests_per_second: REQUESTS_PER_SECOND,
        }
    }
}

/// `https://{tenant_subdomain}.amperity.com`, unless `base_url` replaces it: Azure and Australian tenants, the
/// sandbox.
pub(crate) fn base_url(section: &mut Section<'_>) -> Option<Url> {
    let subdomain = section.required::<String>("tenant_subdomain", "tenant_subdomain = \"acme\"");
    if section.has("base_url") {
        let url: Url = section.optional("base_url")?;
        return keys::checked_base_url(section, url);
    }
    let subdomain = subdomain?;
    let label =
        !subdomain.is_empty() && subdomain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let url = Url::parse(&format!("https://{subdomain}.amperity.com/")).ok().filter(|_| label);
    if url.is_none() {
        let hint =
            "write the host part of the dashboard's URL, `acme` for https://acme.amperity.com";
        section.refuse_value("tenant_subdomain", &subdomain, hint);
    }
    section.know(&["base_url"]);
    url
}

/// The tenant's id, and as a header's value.
pub(crate) fn tenant(section: &mut Section<'_>) -> Option<(String, HeaderValue)> {
    let id = keys::text(section, "tenant_id", "tenant_id = \"acme\"")?;
    let header = HeaderValue::from_str(&id);
    if header.is_err() {
        let reason = "it has characters that no HTTP header can carry: copy the id from Amperity";
        section.refuse("tenant_id", reason);
    }
    header.ok().map(|header| (id, header))
}

fn profiles(section: &mut Section<'_>, for_events: Option<&Credential>) -> Option<ProfileConfig> {
    const COLLECTION: &str = "profile_collection_id";

    let credential = Credential::read(section, &PROFILES);
    let collection_id = section.optional::<String>(COLLECTION);
    let key = credential_key(section);
    for (present, missing) in [(key, COLLECTION), (COLLECTION, key)] {
        if section.has(present) && !section.has(missing) {
            let reason = format!("it is set without `{missing}`: profile look-ups need both");
            section.refuse(present, reason);
        }
    }
    if let Some(collection) = collection_id.as_ref().filter(|id| !is_id(id, "apc-")) {
        let hint = "write the profile collection's id, which starts with `apc-`";
        section.refuse_value(COLLECTION, collection, hint);
    }
    if let (Some(own), Some(events)) = (&credential, for_events)
        && own.is_of_the_key_of(events)
    {
        let reason = format!(
            "it is the same as `{}`: Amperity answers 403 across scopes, generate a separate key with Profile Read \
             Access",
            events.key(&EVENTS)
        );
        section.refuse(key, reason);
    }
    Some(ProfileConfig { credential: credential?, collection_id: collection_id? })
}

/// Whichever of the two keys of the profiles' credential is written; the first, where none is.
fn credential_key(section: &Section<'_>) -> &'static str {
    if section.has(PROFILES.section) { PROFILES.section } else { PROFILES.key }
}

/// Mappings and their switch come together or not at all, and every mapping can have a value.
fn context(section: &mut Section<'_>) -> ContextMappings {
    const SWITCH: &str = "context_sensitive_personalisation";
    const MAPPINGS: &str = "personalisation_context_mappings";
    /// The profile read's own query parameter.
    const RESERVED_TARGET: &str = "enrich";

    let on = section.optional(SWITCH).unwrap_or(false);
    let mappings: Option<ContextMappings> = section.optional(MAPPINGS);
    let without =
        |missing| format!("it is set without `{missing}`: personalisation by context needs both");
    let written = section.has(MAPPINGS) && mappings.as_ref().is_none_or(|list| !list.is_empty());
    if on && !written {
        section.refuse(SWITCH, without(MAPPINGS));
    }
    if written && !on {
        section.refuse(MAPPINGS, without(SWITCH));
    }
    let credential = credential_key(section);
    if on && !section.has(credential) {
        section.refuse(SWITCH, without(credential));
    }
    let mappings = mappings.unwrap_or_default();
    for (index, mapping) in mappings.iter().enumerate() {
        let key = format!("{MAPPINGS}[{index}]");
        if mapping.target == RESERVED_TARGET {
            let hint = "it is the profile read's own parameter: choose another name";
            section.refuse_value(&format!("{key}.target"), RESERVED_TARGET, hint);
        }
        if mapping.reads_partner_attrs() && mapping.attribute_of(NAME).is_none() {
            let hint = format!(
                "when `{NAME}` is asked, no other provider's attributes are known: write \
                 `partner_attrs.{NAME}.` and the name of one of its own"
            );
            section.refuse_value(&format!("{key}.source"), &mapping.source, hint);
        }
    }
    mappings
}

/// Ids go into URL paths, so nothing but what Amperity's own ids are made of.
pub(crate) fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}
