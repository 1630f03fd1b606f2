//! What the owner writes for a webhook.

use std::fmt;

use datafly_settings::Section;
use secrecy::SecretString;
use url::Url;

use super::token::SigningKey;
use crate::http::Reach;
use crate::keys::{self, Choices};

/// Configuration key of the address.
pub(super) const URL: &str = "url";

/// Configuration key of the secret.
pub(super) const SECRET: &str = "secret";

/// Requests a second: a receiver is somebody's own service, not a vendor's.
const REQUESTS_PER_SECOND: u32 = 100;

/// Where a mapped or an unmapped event has what names a person, unless the owner says where else.
const IDENTITY_FIELDS: [&str; 9] = [
    "userId",
    "user_id",
    "email",
    "phone",
    "amperity_id",
    "traits.email",
    "traits.phone",
    "context.traits.email",
    "context.traits.phone",
];

/// A checked section with its secrets.
#[derive(Clone)]
pub struct Config {
    pub(super) url: Url,
    pub(super) reach: Reach,
    /// What requests are signed with: the secret, and the previous one while it is being changed.
    pub(super) keys: Vec<SigningKey>,
    pub(super) identity_fields: Vec<String>,
    pub(super) choices: Choices,
}

impl fmt::Debug for Config {
    /// Of the URL only the origin: receivers put secrets into paths and queries.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("origin", &self.url.origin().ascii_serialization())
            .field("reach", &self.reach)
            .field("identity_fields", &self.identity_fields)
            .field("choices", &self.choices)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Reads the section, and notes everything that is wrong in it.
    pub fn read(mut section: Section<'_>) -> Option<Self> {
        let place = place(&mut section);
        let keys = signing_keys(&mut section);
        let identity_fields = section
            .optional::<Vec<String>>("identity_fields")
            .unwrap_or_else(|| IDENTITY_FIELDS.map(str::to_owned).into());
        if !section.has("consent_category") {
            let reason = "it is missing: write the category of consent that the receiver's purpose needs \
                          (`analytics`, `marketing`, `functional`, `personalization`, or a code of the consent \
                          platform), or `essential` for what needs none";
            section.refuse("consent_category", reason);
        }
        let choices = Choices::read(&mut section, None, REQUESTS_PER_SECOND);
        section.end();
        let (url, reach) = place?;
        Some(Self {
            url,
            reach,
            keys: keys?,
            identity_fields: keys::distinct(identity_fields),
            choices: choices?,
        })
    }
}

/// The URL, and whether its host may be one inside.
fn place(section: &mut Section<'_>) -> Option<(Url, Reach)> {
    let url = section.required::<Url>(URL, "url = \"https://hooks.example.com/events\"");
    let is_plain = |url: &Url| {
        url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
    };
    if url.as_ref().is_some_and(|url| !is_plain(url)) {
        // Not shown, since it may be a password.
        let reason = "it has a user name, a password or a fragment: requests are signed, the receiver needs none";
        section.refuse(URL, reason);
        section.know(&["private_host"]);
        return None;
    }
    let reach = keys::reach(section, URL, url.as_ref());
    Some((url?, reach?))
}

/// The secret's key, and the previous one's where there is one.
fn signing_keys(section: &mut Section<'_>) -> Option<Vec<SigningKey>> {
    const PREVIOUS: &str = "previous_secret";

    let changing = section.has(PREVIOUS);
    let [secret, previous] =
        [(SECRET, section.required_secret(SECRET)), (PREVIOUS, section.secret(PREVIOUS))]
            .map(|(key, secret)| signing_key(section, key, &secret?));
    if changing { Some(vec![secret?, previous?]) } else { Some(vec![secret?]) }
}

fn signing_key(section: &Section<'_>, key: &str, secret: &SecretString) -> Option<SigningKey> {
    let signing = SigningKey::decode(secret);
    if signing.is_none() {
        let reason = "it is no signing secret: make one with `openssl rand -base64 32`, and write it as \
                      `whsec_` and what that prints";
        section.refuse(key, reason);
    }
    signing
}
