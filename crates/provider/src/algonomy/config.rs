//! What the owner writes for an Algonomy integration.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use datafly_settings::Section;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

use super::gdpr::AlgonomyErasure;
use super::{AlgonomyProfiles, NAME};
use crate::erasure::Erasure;
use crate::keys;
use crate::profile::{Lookups, ProfileProvider, ProviderConfig, Quota};
use crate::surroundings::Surroundings;
use crate::token::sensitive;

/// Configuration key of the secret that names the tenant.
pub(super) const TENANT_HASH: &str = "tenant_hash";

/// Configuration key of the secret that tokens are issued for, where the tenant has B2B OAuth on.
pub(super) const OAUTH_KEY_SECRET: &str = "oauth_key_secret";

/// Configuration key of the resources that make up a profile.
pub(super) const RESOURCES: &str = "resources";

/// Configuration key of the GDPR API's address.
const GDPR_URL: &str = "gdpr_url";

/// Configuration key of the switch that ties the GDPR API to `POST /v1/forget`.
const FORGET_REQUESTS: &str = "forget_requests";

/// The resource without which there is no profile: it tells whether the vendor knows the customer at all.
pub(super) const BASIC: &str = "basic";

/// Resources that answer a question about a segment, which a look-up does not ask.
const QUESTIONS: [&str; 2] = ["searchSegments", "isCustomerInSegment"];

/// Headers that may hold an identifier, and so the names of linking keys (domain facts 3.2).
pub(super) const IDENTIFIERS: [&str; 4] =
    ["gcrId", "mobile_number", "email_address", "customer_code_external"];

/// Most resources of a profile: each is a request of every look-up.
const MOST_RESOURCES: usize = 8;

/// Requests a second, unless the owner knows better: the vendor documents no limit.
const REQUESTS_PER_SECOND: i64 = 50;

/// Minutes that a token lives, unless the owner says otherwise: the vendor's own default.
const TOKEN_MINUTES: i64 = 15;

/// A checked section with its secrets.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the Customer Profile B2B API is, `B2B_API_URL`; its path ends with a slash.
    pub profile_url: Url,
    /// Where the GDPR API is, `GDPR_API_URL`, where the owner uses it; its path ends with a slash.
    pub gdpr_url: Option<Url>,
    /// Whether `POST /v1/forget` registers a request to forget as well.
    pub forget_requests: bool,
    /// What a profile is made of, [`BASIC`] first.
    pub(super) resources: Vec<Arc<str>>,
    /// Whom tokens are issued to.
    pub(super) tenant: Tenant,
    /// Minutes that a token is asked for.
    pub(super) token_minutes: u32,
    requests_per_second: u32,
    /// Whom look-ups are about, and what of the answer a browser may see.
    pub lookups: Lookups,
}

/// What proves the tenant, as headers carry it.
#[derive(Debug, Clone)]
pub(super) struct Tenant {
    pub(super) hash: HeaderValue,
    pub(super) oauth_key_secret: Option<HeaderValue>,
}

impl Tenant {
    /// Tells one tenant from another, and shows the secret of neither.
    pub(super) fn name(&self) -> String {
        let digest = HEXLOWER.encode(&Sha256::digest(self.hash.as_bytes()));
        digest.chars().take(12).collect()
    }
}

impl Config {
    /// Reads the section, and notes everything that is wrong in it.
    pub fn read(mut section: Section<'_>) -> Option<Self> {
        let profile_url = profile_url(&mut section);
        let gdpr_url = gdpr_url(&mut section);
        let tenant = tenant(&mut section);
        let resources = resources(&mut section);
        let minutes = section.number("token_validity_minutes", TOKEN_MINUTES, 1..=1_440, "minutes");
        let rate = section.number(
            "requests_per_second",
            REQUESTS_PER_SECOND,
            1..=10_000,
            "requests a second",
        );
        let lookups = Lookups::read(&mut section);
        if let Some(lookups) = &lookups {
            check_linking_keys(&section, lookups);
        }
        let forget_requests = forget_requests(&mut section, lookups.as_ref());
        section.end();
        Some(Self {
            profile_url: profile_url?,
            gdpr_url: gdpr_url?,
            forget_requests,
            resources: resources?,
            tenant: tenant?,
            token_minutes: u32::try_from(minutes?).ok()?,
            requests_per_second: u32::try_from(rate?).ok()?,
            lookups: lookups?,
        })
    }

    /// Look-ups a second. Each is as many requests as the profile has resources, which the budget counts as one.
    pub(super) fn quota(&self) -> Quota {
        let requests = u32::try_from(self.resources.len()).unwrap_or(u32::MAX).max(1);
        Quota {
            account: format!("{NAME} {} {}", self.profile_url, self.tenant.name()),
            requests_per_second: (self.requests_per_second / requests).max(1),
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
        Arc::new(AlgonomyProfiles::new(around, self))
    }

    fn erasure(&self, around: &Surroundings) -> Option<Arc<dyn Erasure>> {
        AlgonomyErasure::new(around, self).map(|erasure| Arc::new(erasure) as Arc<dyn Erasure>)
    }

    fn forgets_on_request(&self) -> bool {
        self.forget_requests
    }
}

fn profile_url(section: &mut Section<'_>) -> Option<Url> {
    const KEY: &str = "profile_url";

    let example = "profile_url = \"https://api.algonomy.com/rcdpapi\"";
    let url = section.required::<Url>(KEY, example)?;
    place(section, KEY, url)
}

/// An address that a credential may travel to. Its path ends with a slash.
fn place(section: &Section<'_>, key: &str, url: Url) -> Option<Url> {
    let mut url = keys::checked_url(section, key, url)?;
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

/// The outer `None` is a mistake that was noted.
#[expect(clippy::option_option, reason = "absent is one thing, unreadable another")]
fn gdpr_url(section: &mut Section<'_>) -> Option<Option<Url>> {
    if !section.has(GDPR_URL) {
        section.know(&[GDPR_URL]);
        return Some(None);
    }
    let url = section.optional::<Url>(GDPR_URL)?;
    place(section, GDPR_URL, url).map(Some)
}

fn tenant(section: &mut Section<'_>) -> Option<Tenant> {
    let hash = keys::header_secret(section, TENANT_HASH);
    let oauth = if section.has(OAUTH_KEY_SECRET) {
        keys::header_secret(section, OAUTH_KEY_SECRET).map(Some)
    } else {
        section.know(&[OAUTH_KEY_SECRET]);
        Some(None)
    };
    let header = |secret: SecretString| sensitive(secret.expose_secret()).ok();
    Some(Tenant {
        hash: header(hash?)?,
        oauth_key_secret: match oauth? {
            Some(secret) => Some(header(secret)?),
            None => None,
        },
    })
}

fn resources(section: &mut Section<'_>) -> Option<Vec<Arc<str>>> {
    let written = section.has(RESOURCES);
    let Some(names) = section.optional::<Vec<String>>(RESOURCES) else {
        return (!written).then(|| vec![BASIC.into()]);
    };
    if !names.iter().any(|name| name == BASIC) || names.len() > MOST_RESOURCES {
        let reason = format!(
            "write `{BASIC}`, which tells whether there is a profile, and what else it is to hold, for example \
             [\"{BASIC}\", \"segments\", \"userActivity\"]; at most {MOST_RESOURCES}"
        );
        section.refuse(RESOURCES, reason);
        return None;
    }
    for (index, name) in names.iter().enumerate() {
        let key = format!("{RESOURCES}[{index}]");
        if QUESTIONS.contains(&&**name) {
            let hint = "it answers a question about a segment, which a look-up does not ask: write `segments`";
            section.refuse_value(&key, name, hint);
        } else if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let hint = "write a resource's name as the vendor's documentation has it, `segments`";
            section.refuse_value(&key, name, hint);
        }
    }
    let others = keys::distinct(names).into_iter().filter(|name| name != BASIC);
    Some(std::iter::once(BASIC.into()).chain(others.map(Into::into)).collect())
}

fn check_linking_keys(section: &Section<'_>, lookups: &Lookups) {
    for (index, linking_key) in lookups.linking_keys.iter().enumerate() {
        if !IDENTIFIERS.contains(&&*linking_key.key) {
            let hint =
                format!("identifiers travel in headers of these names: {}", list(&IDENTIFIERS));
            section.refuse_value(&format!("linking_keys[{index}].key"), &linking_key.key, hint);
        }
    }
}

/// Read last: it needs an address, and somebody to ask about.
fn forget_requests(section: &mut Section<'_>, lookups: Option<&Lookups>) -> bool {
    let on = section.optional(FORGET_REQUESTS).unwrap_or(false);
    if on && !section.has(GDPR_URL) {
        let reason = format!("it is set without `{GDPR_URL}`: write where the GDPR API is");
        section.refuse(FORGET_REQUESTS, reason);
    }
    let can_ask = |lookups: &Lookups| {
        lookups.linking_keys.iter().any(|key| super::gdpr::parameter_of(&key.key).is_some())
    };
    if on && lookups.is_some_and(|lookups| !can_ask(lookups)) {
        let reason = "none of `linking_keys` is one that the GDPR API takes: add `gcrId`, `email_address` or \
                      `mobile_number`";
        section.refuse(FORGET_REQUESTS, reason);
    }
    on
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
