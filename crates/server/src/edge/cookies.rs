//! The two cookies: the credential that names the visitor, and the copy of its id for the site's backend.
//!
//! The credential is host-only and carries a MAC; `_dfid` is domain-wide and never read here, because
//! any sibling subdomain can plant one. Two credentials in one request can only be a trick: they count
//! as none.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use jiff::Timestamp;

use super::asked::Asked;
use crate::app::CookiePolicy;
use crate::credential::Credential;
use crate::visitors::Present;

/// The longest life browsers allow.
const MAX_AGE: Duration = Duration::days(400);

/// The copy for the site's backend.
const COPY: &str = "_dfid";

impl CookiePolicy {
    /// Name of the credential cookie. Browsers refuse the prefix without https.
    pub(super) const fn credential_name(self) -> &'static str {
        if self.secure { "__Host-dfk" } else { "dfk" }
    }
}

/// The visitor's credential, if the request has exactly one and it is ours.
pub(super) fn credential(asked: &Asked<'_>) -> Option<Credential> {
    let Asked { headers, configured, pipeline, .. } = asked;
    let name = configured.cookies.credential_name().as_bytes();
    let mut values = headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|cookie| value_of(cookie, name));
    let (first, second) = (values.next()?, values.next());
    if second.is_some() {
        return None;
    }
    configured.credentials.read(&pipeline.key, std::str::from_utf8(first).ok()?)
}

/// The value of a `name=value` pair of that name. Bytes, not text: other cookies of the site may hold
/// anything, and white space is what browsers put there (RFC 6265 §5.4), not what Unicode says, or a
/// planted `\u{2000}__Host-dfk` would pass for ours.
fn value_of<'c>(cookie: &'c [u8], name: &[u8]) -> Option<&'c [u8]> {
    let pair = cookie.trim_ascii();
    let at = pair.iter().position(|byte| *byte == b'=')?;
    let (found, value) = (&pair[..at], &pair[at + 1..]);
    (found == name).then_some(value)
}

/// When the credential is written anew besides when the visitor is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    /// When its version changed, and both cookies once a day. For answers that come at once.
    Daily,
    /// Never. For an answer that may have waited for a vendor: by the time the browser stores its cookie
    /// the visitor may have logged out and be another one.
    Never,
}

/// The `Set-Cookie` headers this visitor's browser is due.
pub(super) fn due(
    asked: &Asked<'_>,
    present: &Present,
    sent: Option<&Credential>,
    renewal: Renewal,
    now: Timestamp,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let sent = sent.filter(|sent| sent.id == present.id);
    let (credential_is_due, copy_is_due) = match (sent, renewal) {
        (None, _) => (true, true),
        (Some(_), Renewal::Never) => (false, false),
        // The copy knows no version.
        (Some(sent), Renewal::Daily) => {
            let stale = sent.is_stale(now);
            (stale || sent.version != present.version, stale)
        }
    };
    let Asked { configured, pipeline, .. } = asked;
    let policy = configured.cookies;
    if credential_is_due {
        let value = configured.credentials.issue(&pipeline.key, present.id, present.version, now);
        append(&mut headers, &build(policy, policy.credential_name(), value, None));
    }
    if copy_is_due {
        let domain = pipeline.cookie_domain.clone();
        append(&mut headers, &build(policy, COPY, present.id.to_string(), domain));
    }
    headers
}

/// The `Set-Cookie` headers that take both cookies away.
pub(super) fn removal(asked: &Asked<'_>) -> HeaderMap {
    let Asked { configured, pipeline, .. } = asked;
    let mut headers = HeaderMap::new();
    let policy = configured.cookies;
    let gone = |name, domain| {
        let mut cookie = build(policy, name, String::new(), domain);
        cookie.set_max_age(Duration::ZERO);
        cookie
    };
    append(&mut headers, &gone(policy.credential_name(), None));
    append(&mut headers, &gone(COPY, pipeline.cookie_domain.clone()));
    headers
}

fn append(headers: &mut HeaderMap, cookie: &Cookie<'_>) {
    if let Ok(value) = HeaderValue::try_from(cookie.to_string()) {
        headers.append(header::SET_COOKIE, value);
    }
}

fn build(
    policy: CookiePolicy,
    name: &'static str,
    value: String,
    domain: Option<String>,
) -> Cookie<'static> {
    let mut cookie = Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(MAX_AGE)
        .build();
    // Set only where true: `cookie` would write `Domain=` for an empty one.
    if policy.secure {
        cookie.set_secure(true);
    }
    if let Some(domain) = domain {
        cookie.set_domain(domain);
    }
    cookie
}
