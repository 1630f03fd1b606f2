//! Keys that several vendors' sections have, read alike.

use std::collections::BTreeSet;

use datafly_settings::Section;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::profile::Quota;

/// The key that replaces a vendor's host: another region, the sandbox.
pub(crate) const BASE_URL: &str = "base_url";

/// What a destination's owner may choose beside the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choices {
    /// The consent without which nothing is sent; `None` where everything is.
    pub(crate) consent_category: Option<String>,
    /// Requests a second that the destination is sent at most.
    pub(crate) requests_per_second: u32,
}

impl Choices {
    /// Reads `consent_category` and `requests_per_second`.
    pub(crate) fn read(
        section: &mut Section<'_>,
        category: Option<&str>,
        requests_per_second: u32,
    ) -> Option<Self> {
        let rate = section.number(
            "requests_per_second",
            i64::from(requests_per_second),
            1..=10_000,
            "requests a second",
        );
        Some(Self {
            consent_category: consent_category(section, category)?,
            requests_per_second: u32::try_from(rate?).ok()?,
        })
    }

    /// The quota of an account at a vendor that states no rate of its own.
    pub(crate) fn quota(&self, account: String) -> Quota {
        Quota { account, requests_per_second: self.requests_per_second }
    }
}

/// `consent_category`, or what the vendor's events need unless its owner says otherwise. The outer `None` is a
/// mistake that was noted.
#[expect(clippy::option_option, reason = "absent is one thing, unreadable another")]
pub(crate) fn consent_category(
    section: &mut Section<'_>,
    otherwise: Option<&str>,
) -> Option<Option<String>> {
    const KEY: &str = "consent_category";

    let written = section.has(KEY);
    match section.optional::<String>(KEY) {
        Some(category) if category.trim().is_empty() => {
            let reason = "it is empty: write `analytics`, `marketing`, `functional`, `personalization`, a code \
                          of the consent platform, or `essential` for what needs no consent";
            section.refuse(KEY, reason);
            None
        }
        Some(category) => Some(Some(category)),
        None if written => None,
        None => Some(otherwise.map(str::to_owned)),
    }
}

/// A text that is not blank.
pub(crate) fn text(section: &mut Section<'_>, key: &'static str, example: &str) -> Option<String> {
    let text = section.required::<String>(key, example)?;
    if text.trim().is_empty() {
        section.refuse(key, format_args!("it is empty: write for example `{example}`"));
        return None;
    }
    Some(text)
}

/// As [`text`], where it may be left out. The outer `None` is a mistake that was noted.
#[expect(clippy::option_option, reason = "absent is one thing, unreadable another")]
pub(crate) fn optional_text(
    section: &mut Section<'_>,
    key: &'static str,
    example: &str,
) -> Option<Option<String>> {
    if section.has(key) {
        return text(section, key, example).map(Some);
    }
    section.know(&[key]);
    Some(None)
}

/// A secret that a header can carry.
pub(crate) fn header_secret(section: &mut Section<'_>, key: &'static str) -> Option<SecretString> {
    let secret = section.required_secret(key)?;
    can_be_sent(section, key, &secret).then_some(secret)
}

/// One secret, or a list of two, that headers can carry.
pub(crate) fn header_secrets(
    section: &mut Section<'_>,
    key: &'static str,
) -> Option<Vec<SecretString>> {
    if section.has(key) {
        return optional_header_secrets(section, key);
    }
    header_secret(section, key).map(|secret| vec![secret])
}

/// As [`header_secrets`], where they may be left out.
pub(crate) fn optional_header_secrets(
    section: &mut Section<'_>,
    key: &'static str,
) -> Option<Vec<SecretString>> {
    let secrets = section.secrets(key)?;
    if !(1..=2).contains(&secrets.len()) {
        section.refuse(
            key,
            "write one token, or a list of two while you change from one to the other",
        );
        return None;
    }
    secrets.iter().all(|secret| can_be_sent(section, key, secret)).then_some(secrets)
}

fn can_be_sent(section: &Section<'_>, key: &str, secret: &SecretString) -> bool {
    let can = HeaderValue::from_str(secret.expose_secret()).is_ok();
    if !can {
        let reason = "it has characters that no HTTP header can carry: copy the token again";
        section.refuse(key, reason);
    }
    can
}

/// `base_url`, or the vendor's own. Its path ends with a slash.
pub(crate) fn base_url(section: &mut Section<'_>, otherwise: &str) -> Option<Url> {
    if !section.has(BASE_URL) {
        section.know(&[BASE_URL]);
        return Url::parse(otherwise).ok();
    }
    let url: Url = section.optional(BASE_URL)?;
    checked_base_url(section, url)
}

/// As [`checked_url`], of `base_url`; its path ends with a slash.
pub(crate) fn checked_base_url(section: &Section<'_>, url: Url) -> Option<Url> {
    let mut url = checked_url(section, BASE_URL, url)?;
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

/// A URL that holds a place and nothing else, and to which a credential may travel.
pub(crate) fn checked_url(section: &Section<'_>, key: &str, url: Url) -> Option<Url> {
    let plain = url.username().is_empty() && url.password().is_none();
    if !plain || url.query().is_some() || url.fragment().is_some() {
        // Not shown, since it may be a password.
        let reason = "it has a user name, a password, a query or a fragment: write scheme, host and path only";
        section.refuse(key, reason);
        return None;
    }
    // Credentials would travel in the clear.
    if !(url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url)) {
        let hint = "write an https URL (http only for a loopback address)";
        section.refuse_value(key, url, hint);
        return None;
    }
    Some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Paths without repetition, in their order.
pub(crate) fn distinct(paths: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    paths.into_iter().filter(|path| seen.insert(path.clone())).collect()
}
