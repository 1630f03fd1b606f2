//! What the owner writes for an Amperity integration: the seed's names, exactly.

use std::collections::BTreeMap;

use datafly_core::allowlist::Allowlist;
use datafly_core::context::ContextMappings;
use datafly_core::linking_key::LinkingKeys;
use datafly_settings::Section;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::NAME;

/// A checked section with its secrets.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the API is; its path ends with a slash.
    pub base_url: Url,
    /// Names the tenant; usually, not always, the subdomain.
    pub tenant_id: String,
    /// The same as the `Amperity-Tenant` header's value.
    pub(super) tenant_header: HeaderValue,
    /// What profile look-ups need, where the owner configured them.
    pub profiles: Option<ProfileConfig>,
    /// How visitors are looked up, in order.
    pub linking_keys: LinkingKeys,
    /// The only attributes a browser may see.
    pub allowlist: Allowlist,
    /// What of the visitor's newest event the vendor is told; empty where that is switched off.
    pub context: ContextMappings,
}

/// What profile look-ups need.
#[derive(Debug, Clone)]
pub struct ProfileConfig {
    /// Profile API key.
    pub api_key: SecretString,
    /// Profile collection, `apc-…`.
    pub collection_id: String,
}

impl Config {
    /// Reads the section, and notes everything that is wrong in it.
    pub fn read(mut section: Section<'_>) -> Option<Self> {
        let base_url = base_url(&mut section);
        let tenant = tenant(&mut section);
        check_events(&mut section);
        let ingest_key = section.required_secret("api_key");
        let profiles = profiles(&mut section, ingest_key.as_ref());
        let linking_keys = section.optional("linking_keys").unwrap_or_default();
        let allowlist = allowlist(&mut section);
        let context = context(&mut section);
        section.end();
        let (tenant_id, tenant_header) = tenant?;
        Some(Self {
            base_url: base_url?,
            tenant_id,
            tenant_header,
            profiles,
            linking_keys,
            allowlist: allowlist?,
            context,
        })
    }
}

/// `https://{tenant_subdomain}.amperity.com`, unless `base_url` replaces it: Azure and Australian tenants, the
/// sandbox.
fn base_url(section: &mut Section<'_>) -> Option<Url> {
    let subdomain = section.required::<String>("tenant_subdomain", "tenant_subdomain = \"acme\"");
    if section.has("base_url") {
        let url: Url = section.optional("base_url")?;
        return with_trailing_slash(section, url);
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

fn with_trailing_slash(section: &Section<'_>, mut url: Url) -> Option<Url> {
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let plain = url.username().is_empty() && url.password().is_none();
    if !plain || url.query().is_some() || url.fragment().is_some() {
        // Not shown, since it may be a password.
        let reason = "it has a user name, a password, a query or a fragment: write scheme, host and path only";
        section.refuse("base_url", reason);
        return None;
    }
    // Credentials would travel in the clear.
    if !(url.scheme() == "https" || url.scheme() == "http" && loopback) {
        section.refuse_value(
            "base_url",
            url,
            "write an https URL (http only for a loopback address)",
        );
        return None;
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

fn tenant(section: &mut Section<'_>) -> Option<(String, HeaderValue)> {
    let id = text(section, "tenant_id", "tenant_id = \"acme\"")?;
    let header = HeaderValue::from_str(&id);
    if header.is_err() {
        let reason = "it has characters that no HTTP header can carry: copy the id from Amperity";
        section.refuse("tenant_id", reason);
    }
    header.ok().map(|header| (id, header))
}

/// What deliveries need: checked with the rest, so that a mistake is known before the first event.
fn check_events(section: &mut Section<'_>) {
    let _ = text(section, "source_value", "source_value = \"DATAFLY\"");
    let stream = section.required::<String>("event_stream_id", "event_stream_id = \"esm-…\"");
    let Some(stream) = stream.filter(|stream| !is_id(stream, "esm-")) else { return };
    let hint = if stream.starts_with("is-") {
        // The batch path, which the seed warns of.
        "ids that start with `is-` belong to batch ingest, which accepts events but does not update profiles \
         in real time; create a real-time stream and use its `esm-` id"
    } else {
        "write the real-time stream's id, which starts with `esm-`"
    };
    section.refuse_value("event_stream_id", stream, hint);
}

fn profiles(section: &mut Section<'_>, ingest: Option<&SecretString>) -> Option<ProfileConfig> {
    const KEY: &str = "profile_api_key";
    const COLLECTION: &str = "profile_collection_id";

    let key = section.secret(KEY);
    let collection_id = section.optional::<String>(COLLECTION);
    for (present, missing) in [(KEY, COLLECTION), (COLLECTION, KEY)] {
        if section.has(present) && !section.has(missing) {
            let reason = format!("it is set without `{missing}`: profile look-ups need both");
            section.refuse(present, reason);
        }
    }
    if let Some(collection) = collection_id.as_ref().filter(|id| !is_id(id, "apc-")) {
        let hint = "write the profile collection's id, which starts with `apc-`";
        section.refuse_value(COLLECTION, collection, hint);
    }
    let exposed = |key: Option<&SecretString>| key.map(|key| key.expose_secret().to_owned());
    if key.is_some() && exposed(key.as_ref()) == exposed(ingest) {
        let reason = "it is the same as `api_key`: Amperity answers 403 across scopes, generate a separate key \
                      with Profile Read Access";
        section.refuse(KEY, reason);
    }
    Some(ProfileConfig { api_key: key?, collection_id: collection_id? })
}

fn allowlist(section: &mut Section<'_>) -> Option<Allowlist> {
    const CAPS: &str = "browser_attribute_caps";

    let list: Allowlist = section.optional("browser_attribute_allowlist").unwrap_or_default();
    let caps: BTreeMap<String, usize> = section.optional(CAPS).unwrap_or_default();
    list.with_caps(caps).map_err(|error| section.refuse(CAPS, error)).ok()
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
    if on && !section.has("profile_api_key") {
        section.refuse(SWITCH, without("profile_api_key"));
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

/// A text that is not blank.
fn text(section: &mut Section<'_>, key: &'static str, example: &str) -> Option<String> {
    let text = section.required::<String>(key, example)?;
    if text.trim().is_empty() {
        section.refuse(key, format_args!("it is empty: write for example `{example}`"));
        return None;
    }
    Some(text)
}

/// Ids go into URL paths, so nothing but what Amperity's own ids are made of.
fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}
