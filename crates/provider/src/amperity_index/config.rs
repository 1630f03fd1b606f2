//! What the owner writes for an index of Amperity's Profile API.

use std::sync::Arc;

use datafly_settings::Section;
use http::HeaderValue;
use secrecy::SecretString;
use url::Url;

use super::client::AmperityIndex;
use super::token::PROFILE_KEY;
use super::{NAME, wire};
use crate::profile::{Lookups, ProfileProvider, ProviderConfig, Quota};
use crate::surroundings::Surroundings;
use crate::{amperity, keys};

/// Requests a second to v0, for which Amperity states none: a fifth of what its real-time API allows a tenant.
const V0_REQUESTS_PER_SECOND: i64 = 100;

/// Requests a second that a tenant has at v2, sandboxes included (domain facts 2.6).
const V2_REQUESTS_PER_SECOND: i64 = 2000;

/// Which generation is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    /// `/attribute/v0`, with the identifier in the query.
    V0Get,
    /// `/attribute/v0`, with the identifier in the body.
    V0Post,
    /// `/api/indexes`.
    V2,
}

impl Api {
    pub(super) const fn version(self) -> &'static str {
        match self {
            Self::V0Get | Self::V0Post => "v0",
            Self::V2 => "v2",
        }
    }
}

/// A checked section with its secrets.
#[derive(Debug, Clone)]
pub struct Config {
    pub(super) base_url: Url,
    pub(super) tenant_id: String,
    pub(super) tenant_header: HeaderValue,
    pub(super) index_id: String,
    pub(super) api: Api,
    pub(super) api_keys: Vec<SecretString>,
    requests_per_second: u32,
    lookups: Lookups,
}

impl Config {
    /// Reads the section, and notes everything that is wrong in it.
    pub fn read(mut section: Section<'_>) -> Option<Self> {
        let base_url = amperity::base_url(&mut section);
        let tenant = amperity::tenant(&mut section);
        let api_keys = keys::header_secrets(&mut section, PROFILE_KEY);
        let index_id = index_id(&mut section);
        let api = api(&mut section);
        let otherwise = match api {
            Some(Api::V2) => V2_REQUESTS_PER_SECOND,
            _ => V0_REQUESTS_PER_SECOND,
        };
        let rate =
            section.number("requests_per_second", otherwise, 1..=10_000, "requests a second");
        let lookups = Lookups::read(&mut section);
        section.end();
        let (tenant_id, tenant_header) = tenant?;
        Some(Self {
            base_url: base_url?,
            tenant_id,
            tenant_header,
            index_id: index_id?,
            api: api?,
            api_keys: api_keys?,
            requests_per_second: u32::try_from(rate?).ok()?,
            lookups: lookups?,
        })
    }

    /// All indexes of a tenant share what it may be asked, of each generation.
    pub(super) fn quota(&self) -> Quota {
        let Self { base_url, tenant_id, .. } = self;
        Quota {
            account: format!("{NAME} {} {base_url} {tenant_id}", self.api.version()),
            requests_per_second: self.requests_per_second,
        }
    }
}

impl ProviderConfig for Config {
    fn name(&self) -> &str {
        NAME
    }

    fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    fn build(&self, around: &Surroundings) -> Arc<dyn ProfileProvider> {
        Arc::new(AmperityIndex::new(around, self))
    }
}

fn index_id(section: &mut Section<'_>) -> Option<String> {
    const KEY: &str = "index_id";

    let id = keys::text(section, KEY, "index_id = \"ix-1a2b3c\"")?;
    if !amperity::is_id(&id, wire::INDEX_PREFIX) {
        let hint = "write the index's id, which starts with `ix-`: Destinations, Profile API, Copy index ID";
        section.refuse_value(KEY, id, hint);
        return None;
    }
    Some(id)
}

fn api(section: &mut Section<'_>) -> Option<Api> {
    const VERSION: &str = "api_version";
    const METHOD: &str = "method";

    let version = keys::optional_text(section, VERSION, "api_version = \"v2\"");
    let method = keys::optional_text(section, METHOD, "method = \"POST\"");
    let (version, method) = (version?, method?);
    match (version.as_deref().unwrap_or("v0"), method.as_deref()) {
        ("v0", None | Some("GET")) => Some(Api::V0Get),
        ("v0", Some("POST")) => Some(Api::V0Post),
        ("v2", None | Some("GET")) => Some(Api::V2),
        ("v2", Some(other)) => {
            let hint = "the Profile API v2 is asked by GET only: remove it";
            section.refuse_value(METHOD, other, hint);
            None
        }
        ("v0", Some(other)) => {
            section.refuse_value(METHOD, other, "write `GET` or `POST`");
            None
        }
        (other, _) => {
            section.refuse_value(VERSION, other, "write `v0` or `v2`");
            None
        }
    }
}
