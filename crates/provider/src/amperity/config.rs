//! What the owner writes for an Amperity integration: the seed's names, exactly.

use std::collections::BTreeMap;

use datafly_core::allowlist::{Allowlist, AllowlistError};
use datafly_core::context::ContextMappings;
use datafly_core::linking_key::LinkingKeys;
use datafly_core::secret::{SecretError, SecretRef};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use thiserror::Error;
use url::Url;

/// The section as written; secrets are still references.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Host component of the tenant's URL: `acme` for `acme.amperity.com`.
    pub tenant_subdomain: String,
    /// Value of the `Amperity-Tenant` header; usually, not always, the subdomain.
    pub tenant_id: String,
    /// Streaming Ingest key, for events.
    pub api_key: SecretRef,
    /// Real-time stream, `esm-…`.
    pub event_stream_id: String,
    /// The `source` of every event; must match the stream's routing expression.
    pub source_value: String,
    /// Profile API key, read only.
    pub profile_api_key: Option<SecretRef>,
    /// Profile collection, `apc-…`.
    pub profile_collection_id: Option<String>,
    /// How visitors are looked up, in order.
    #[serde(default)]
    pub linking_keys: LinkingKeys,
    /// The only attributes a browser may see.
    #[serde(default)]
    pub browser_attribute_allowlist: Allowlist,
    /// Largest value of single allowed attributes, in bytes of JSON.
    #[serde(default)]
    pub browser_attribute_caps: BTreeMap<String, usize>,
    /// Whether attributes may depend on what the visitor is doing.
    #[serde(default)]
    pub context_sensitive_personalisation: bool,
    /// What of the visitor's newest event the vendor is told then.
    #[serde(default)]
    pub personalisation_context_mappings: ContextMappings,
    /// Replaces `https://{tenant_subdomain}.amperity.com`: Azure and Australian tenants, the sandbox.
    pub base_url: Option<Url>,
}

/// A checked section with its secrets.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the API is; its path ends with a slash.
    pub base_url: Url,
    /// Value of the `Amperity-Tenant` header.
    pub tenant_id: String,
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
    /// Profile collection.
    pub collection_id: String,
}

/// Why a section cannot be used. Every message names its key and says what to write.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Not a host name's label.
    #[error(
        "`tenant_subdomain` is `{0}`: write the host part of the dashboard's URL, `acme` for \
         https://acme.amperity.com"
    )]
    Subdomain(String),
    /// Not a header's value.
    #[error("`tenant_id` has characters that no HTTP header can carry: copy the id from Amperity")]
    TenantId,
    /// A blank text.
    #[error("`{0}` is empty")]
    Empty(&'static str),
    /// The batch path, which the seed warns of.
    #[error(
        "`event_stream_id` is `{0}`: ids that start with `is-` belong to batch ingest, which accepts \
         events but does not update profiles in real time; create a real-time stream and use its `esm-` id"
    )]
    BatchStream(String),
    /// Neither `esm-` nor `is-`.
    #[error(
        "`event_stream_id` is `{0}`: write the real-time stream's id, which starts with `esm-`"
    )]
    Stream(String),
    /// Not an `apc-` id.
    #[error(
        "`profile_collection_id` is `{0}`: write the profile collection's id, which starts with `apc-`"
    )]
    Collection(String),
    /// One of the two without the other.
    #[error("`{present}` is set without `{missing}`: profile look-ups need both")]
    HalfAProfile {
        /// The key that is there.
        present: &'static str,
        /// The key that is not.
        missing: &'static str,
    },
    /// One key for two scopes.
    #[error(
        "`api_key` and `profile_api_key` are the same: Amperity answers 403 across scopes, generate a \
         separate key with Profile Read Access"
    )]
    SameKeys,
    /// Credentials would travel in the clear.
    #[error("`base_url` is `{0}`: write an https URL (http only for a loopback address)")]
    BaseUrl(Url),
    /// More than where the API is; not shown, since it may be a password.
    #[error(
        "`base_url` has a user name, a password, a query or a fragment: write scheme, host and path only"
    )]
    BaseUrlParts,
    /// A secret that cannot be had.
    #[error("`{key}`: {reason}")]
    Secret {
        /// The configuration key.
        key: &'static str,
        /// Why.
        reason: SecretError,
    },
    /// Mappings that nothing uses, or a switch without mappings or look-ups.
    #[error("`{present}` is set without `{missing}`: personalisation by context needs both")]
    HalfAContext {
        /// The key that is there.
        present: &'static str,
        /// The key that is not.
        missing: &'static str,
    },
    /// A mapping to a parameter that the profile read has already.
    #[error(
        "`personalisation_context_mappings` has the target `{RESERVED_TARGET}`, which is the profile \
         read's own parameter: choose another name"
    )]
    ReservedTarget,
    /// A list that is none.
    #[error("`browser_attribute_caps`: {0}")]
    Caps(AllowlistError),
}

/// The profile read's own query parameter.
const RESERVED_TARGET: &str = "enrich";

impl Settings {
    /// Checks the section and fetches its secrets.
    pub fn resolve(
        self,
        secret: &dyn Fn(&SecretRef) -> Result<SecretString, SecretError>,
    ) -> Result<Config, ConfigError> {
        let fetch = |key: &'static str, reference: &SecretRef| {
            secret(reference).map_err(|reason| ConfigError::Secret { key, reason })
        };
        self.check_texts()?;
        self.check_context()?;
        let base_url = match self.base_url {
            Some(url) => with_trailing_slash(url)?,
            None => default_base_url(&self.tenant_subdomain)?,
        };
        let ingest_key = fetch("api_key", &self.api_key)?;
        let profiles = match (self.profile_api_key, self.profile_collection_id) {
            (None, None) => None,
            (Some(_), None) => {
                return Err(half("profile_api_key", "profile_collection_id"));
            }
            (None, Some(_)) => {
                return Err(half("profile_collection_id", "profile_api_key"));
            }
            (Some(key), Some(collection_id)) => {
                if !is_id(&collection_id, "apc-") {
                    return Err(ConfigError::Collection(collection_id));
                }
                let api_key = fetch("profile_api_key", &key)?;
                if api_key.expose_secret() == ingest_key.expose_secret() {
                    return Err(ConfigError::SameKeys);
                }
                Some(ProfileConfig { api_key, collection_id })
            }
        };
        Ok(Config {
            base_url,
            tenant_id: self.tenant_id,
            profiles,
            linking_keys: self.linking_keys,
            allowlist: self
                .browser_attribute_allowlist
                .with_caps(self.browser_attribute_caps)
                .map_err(ConfigError::Caps)?,
            context: self.personalisation_context_mappings,
        })
    }

    fn check_context(&self) -> Result<(), ConfigError> {
        const SWITCH: &str = "context_sensitive_personalisation";
        const MAPPINGS: &str = "personalisation_context_mappings";

        let mappings = &self.personalisation_context_mappings;
        let half = |present, missing| Err(ConfigError::HalfAContext { present, missing });
        match (self.context_sensitive_personalisation, mappings.is_empty()) {
            (true, true) => half(SWITCH, MAPPINGS),
            (false, false) => half(MAPPINGS, SWITCH),
            (true, false) if self.profile_api_key.is_none() => half(SWITCH, "profile_api_key"),
            _ if mappings.iter().any(|mapping| mapping.target == RESERVED_TARGET) => {
                Err(ConfigError::ReservedTarget)
            }
            _ => Ok(()),
        }
    }

    fn check_texts(&self) -> Result<(), ConfigError> {
        if self.tenant_id.trim().is_empty() {
            return Err(ConfigError::Empty("tenant_id"));
        }
        if self.source_value.trim().is_empty() {
            return Err(ConfigError::Empty("source_value"));
        }
        let stream = &self.event_stream_id;
        match () {
            () if is_id(stream, "esm-") => Ok(()),
            () if stream.starts_with("is-") => Err(ConfigError::BatchStream(stream.clone())),
            () => Err(ConfigError::Stream(stream.clone())),
        }
    }
}

fn half(present: &'static str, missing: &'static str) -> ConfigError {
    ConfigError::HalfAProfile { present, missing }
}

/// Ids go into URL paths, so nothing but what Amperity's own ids are made of.
fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

fn default_base_url(subdomain: &str) -> Result<Url, ConfigError> {
    let label =
        !subdomain.is_empty() && subdomain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let url = format!("https://{subdomain}.amperity.com/");
    match Url::parse(&url) {
        Ok(url) if label => Ok(url),
        _ => Err(ConfigError::Subdomain(subdomain.to_owned())),
    }
}

fn with_trailing_slash(mut url: Url) -> Result<Url, ConfigError> {
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        _ => return Err(ConfigError::BaseUrl(url)),
    }
    let plain = url.username().is_empty() && url.password().is_none();
    if !plain || url.query().is_some() || url.fragment().is_some() {
        return Err(ConfigError::BaseUrlParts);
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}
