//! What the owner declares of a vendor.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use datafly_settings::Section;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::NAME;
use super::client::Rest;
use super::template::{BodyTemplate, UrlTemplate};
use super::token::{AUTH, AUTH_SECRET};
use crate::http::Reach;
use crate::keys;
use crate::profile::{Lookups, ProfileProvider, ProviderConfig, Quota, Scheme};
use crate::surroundings::Surroundings;

/// Configuration key of the address.
const URL: &str = "url";

/// Requests a second: it is somebody's own service, or a vendor whose limit is the owner's to know.
const REQUESTS_PER_SECOND: i64 = 50;

/// How long one look-up may take unless the owner says otherwise.
const DEADLINE_MS: i64 = 1000;

/// Names that others have, or that mean something else to JavaScript.
const TAKEN: [&str; 11] = [
    "amperity",
    "amperity_index",
    "algonomy",
    "ansira",
    "ga4",
    "meta_capi",
    "tiktok",
    "webhook",
    NAME,
    "constructor",
    "prototype",
];

/// What follows a provider's name where its second map of attributes is.
const PERSONALIZED: &str = "_personalized";

/// Longest name.
const MAX_NAME_BYTES: usize = 64;

/// A checked section with its secrets.
#[derive(Clone)]
pub struct Config {
    name: String,
    pub(super) url: UrlTemplate,
    pub(super) reach: Reach,
    /// The body of a POST; a GET has none.
    pub(super) body: Option<BodyTemplate>,
    pub(super) auth: Option<Auth>,
    pub(super) headers: HeaderMap,
    /// JSON pointer to the attributes.
    pub(super) attributes: String,
    pub(super) not_found: Vec<StatusCode>,
    pub(super) deadline: Duration,
    requests_per_second: u32,
    lookups: Lookups,
}

/// What requests are proven with.
#[derive(Clone)]
pub(super) struct Auth {
    pub(super) scheme: Scheme,
    /// One, or two while they are changed.
    pub(super) secrets: Vec<SecretString>,
}

impl fmt::Debug for Config {
    /// Of the URL only the origin, of headers nothing: owners put secrets into both.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("name", &self.name)
            .field("origin", &self.origin())
            .field("reach", &self.reach)
            .field("attributes", &self.attributes)
            .field("not_found", &self.not_found)
            .field("lookups", &self.lookups)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Reads the section, and notes everything that is wrong in it.
    pub fn read(mut section: Section<'_>) -> Option<Self> {
        let name = name(&mut section);
        let url = UrlTemplate::read(&mut section, URL);
        let reach = keys::reach(&mut section, URL, url.as_ref().map(UrlTemplate::sample));
        let body = body(&mut section);
        if let (Some(url), Some(body)) = (&url, &body)
            && !(url.has_value() || body.as_ref().is_some_and(BodyTemplate::has_value))
        {
            let reason = "neither it nor `body` has `{value}`, where the visitor's identifier goes: everybody would \
                          have the same profile";
            section.refuse(URL, reason);
        }
        let auth = auth(&mut section);
        let headers = headers(&mut section);
        let attributes = keys::pointer(&mut section, "attributes", "");
        let not_found = not_found(&mut section);
        let deadline = section.number("deadline_ms", DEADLINE_MS, 50..=10_000, "milliseconds");
        let rate = section.number(
            "requests_per_second",
            REQUESTS_PER_SECOND,
            1..=10_000,
            "requests a second",
        );
        let lookups = Lookups::read(&mut section);
        section.end();
        Some(Self {
            name: name?,
            url: url?,
            reach: reach?,
            body: body?,
            auth: auth?,
            headers: headers?,
            attributes: attributes?,
            not_found: not_found?,
            deadline: Duration::from_millis(deadline?.unsigned_abs()),
            requests_per_second: u32::try_from(rate?).ok()?,
            lookups: lookups?,
        })
    }

    fn origin(&self) -> String {
        self.url.sample().origin().ascii_serialization()
    }

    /// Several providers at one host share what it is asked.
    pub(super) fn quota(&self) -> Quota {
        Quota {
            account: format!("{NAME} {}", self.origin()),
            requests_per_second: self.requests_per_second,
        }
    }

    /// What is asked and what is read of the answer. The secrets are part of it: they may decide whose customers these
    /// are, and somebody else's must not be found in a cache.
    pub(super) fn identity(&self) -> String {
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        };
        add(self.url.text().as_bytes());
        add(self.body.as_ref().map(BodyTemplate::text).unwrap_or_default().as_bytes());
        add(self.attributes.as_bytes());
        add(format!("{:?}", self.not_found).as_bytes());
        for (name, value) in &self.headers {
            add(name.as_str().as_bytes());
            add(value.as_bytes());
        }
        if let Some(auth) = &self.auth {
            add(format!("{:?}", auth.scheme).as_bytes());
            auth.secrets.iter().for_each(|secret| add(secret.expose_secret().as_bytes()));
        }
        format!("{NAME} {} {}", self.origin(), HEXLOWER.encode(&digest.finalize()))
    }
}

impl ProviderConfig for Config {
    fn name(&self) -> &str {
        &self.name
    }

    fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    fn build(&self, around: &Surroundings) -> Arc<dyn ProfileProvider> {
        Arc::new(Rest::new(around, self))
    }
}

fn name(section: &mut Section<'_>) -> Option<String> {
    const KEY: &str = "name";

    let name = keys::text(section, KEY, "name = \"loyalty\"")?;
    let mut bytes = name.bytes();
    let is_plain = bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.len() <= MAX_NAME_BYTES;
    let hint = if !is_plain {
        "write a letter and then letters, digits and `_`, as a page reads it: `loyalty` is \
         `window.datafly.profile.loyalty`"
    } else if TAKEN.contains(&&*name) || name.ends_with(PERSONALIZED) {
        "that name means something else: choose another"
    } else {
        return Some(name);
    };
    section.refuse_value(KEY, name, hint);
    None
}

/// The body of a POST, or none for a GET. The outer `None` is a mistake that was noted.
#[expect(clippy::option_option, reason = "absent is one thing, unreadable another")]
fn body(section: &mut Section<'_>) -> Option<Option<BodyTemplate>> {
    const METHOD: &str = "method";
    const BODY: &str = "body";

    let example = "body = '{\"email\": \"{value}\"}'";
    let Some(method) = keys::optional_text(section, METHOD, "method = \"POST\"") else {
        section.know(&[BODY]);
        return None;
    };
    let is_post = match method.as_deref() {
        None | Some("GET") => false,
        Some("POST") => true,
        Some(other) => {
            section.refuse_value(METHOD, other, "write `GET` or `POST`");
            section.know(&[BODY]);
            return None;
        }
    };
    if !is_post {
        if section.has(BODY) {
            section.refuse(BODY, "a GET has none: remove it, or write `method = \"POST\"`");
        }
        section.know(&[BODY]);
        return Some(None);
    }
    let text = keys::text(section, BODY, example)?;
    match BodyTemplate::parse(&text) {
        Ok(body) => Some(Some(body)),
        Err(error) => {
            section.refuse(
                BODY,
                format_args!("it is not JSON ({error}): write for example `{example}`"),
            );
            None
        }
    }
}

/// How requests are proven, or not at all. The outer `None` is a mistake that was noted.
#[expect(clippy::option_option, reason = "absent is one thing, unreadable another")]
fn auth(section: &mut Section<'_>) -> Option<Option<Auth>> {
    const HEADER: &str = "auth_header";
    const USER: &str = "auth_user";

    let Some(kind) = keys::optional_text(section, AUTH, "auth = \"bearer\"") else {
        section.know(&[HEADER, USER, AUTH_SECRET]);
        return None;
    };
    let kind =
        kind.unwrap_or_else(|| if section.has(AUTH_SECRET) { "bearer" } else { "none" }.into());
    // Each goes with one kind only.
    for (key, of) in [(HEADER, "header"), (USER, "basic")] {
        if kind != of {
            if section.has(key) {
                section.refuse(
                    key,
                    format_args!("it goes with `auth = \"{of}\"`: write that, or remove it"),
                );
            }
            section.know(&[key]);
        }
    }
    let scheme = match &*kind {
        "none" => {
            if section.has(AUTH_SECRET) {
                let reason = "`auth = \"none\"` sends no secret: remove it, or say how it is sent";
                section.refuse(AUTH_SECRET, reason);
            }
            section.know(&[AUTH_SECRET]);
            return Some(None);
        }
        "bearer" => Some(Scheme::Bearer),
        "header" => auth_header(section, HEADER),
        "basic" => auth_user(section, USER),
        _ => {
            section.refuse_value(AUTH, &kind, "write `bearer`, `header`, `basic` or `none`");
            None
        }
    };
    let secrets = keys::header_secrets(section, AUTH_SECRET);
    Some(Some(Auth { scheme: scheme?, secrets: secrets? }))
}

fn auth_header(section: &mut Section<'_>, key: &'static str) -> Option<Scheme> {
    let name = keys::text(section, key, "auth_header = \"x-api-key\"")?;
    let header = name.parse().ok().filter(|name| !is_ours(name));
    if header.is_none() {
        section.refuse_value(key, name, "write the header's name, `x-api-key`");
    }
    header.map(Scheme::Header)
}

fn auth_user(section: &mut Section<'_>, key: &'static str) -> Option<Scheme> {
    let user = keys::text(section, key, "auth_user = \"datafly\"")?;
    if user.contains(|character: char| character == ':' || character.is_control()) {
        section.refuse_value(key, user, "a user's name has no colon");
        return None;
    }
    Some(Scheme::Basic(user))
}

/// Headers that say what the client does, and not what the owner likes.
fn is_ours(name: &HeaderName) -> bool {
    [
        header::HOST,
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::UPGRADE,
        header::TE,
        header::TRAILER,
        header::EXPECT,
        header::ACCEPT_ENCODING,
        header::COOKIE,
    ]
    .contains(name)
}

fn headers(section: &mut Section<'_>) -> Option<HeaderMap> {
    const KEY: &str = "headers";

    if !section.has(KEY) {
        section.know(&[KEY]);
        return Some(HeaderMap::new());
    }
    let written: BTreeMap<String, String> = section.optional(KEY)?;
    let mut headers = HeaderMap::new();
    for (name, value) in written {
        let header = name.parse::<HeaderName>().ok();
        let header = header.filter(|name| !is_ours(name) && *name != header::AUTHORIZATION);
        match (header, HeaderValue::from_str(&value)) {
            (Some(name), Ok(value)) => drop(headers.insert(name, value)),
            (None, _) => {
                let reason = format!(
                    "`{name}` cannot be set here: credentials are `auth_secret`, and the rest of such headers \
                     is the client's"
                );
                section.refuse(KEY, reason);
                return None;
            }
            (_, Err(_)) => {
                // Not shown, since it may be a secret.
                section.refuse(
                    KEY,
                    format_args!("`{name}` has a value that no HTTP header can carry"),
                );
                return None;
            }
        }
    }
    Some(headers)
}

fn not_found(section: &mut Section<'_>) -> Option<Vec<StatusCode>> {
    const KEY: &str = "not_found";

    if !section.has(KEY) {
        section.know(&[KEY]);
        return Some(vec![StatusCode::NOT_FOUND]);
    }
    let written: Vec<u16> = section.optional(KEY)?;
    let statuses: Vec<_> =
        written.iter().filter_map(|status| StatusCode::from_u16(*status).ok()).collect();
    let is_one = |status: &StatusCode| {
        let is_credential = matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        *status == StatusCode::NO_CONTENT || status.is_client_error() && !is_credential
    };
    if statuses.len() != written.len() || !statuses.iter().all(is_one) {
        let hint = "write the statuses that mean nobody: 204, or 4xx but 401 and 403, for example `[404, 410]`";
        section.refuse(KEY, hint);
        return None;
    }
    Some(statuses)
}
