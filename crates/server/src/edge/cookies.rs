//! The two cookies: the credential that names the visitor, and the copy of its id for the site's backend.
//!
//! The credential is host-only and carries a MAC; `_dfid` is domain-wide and never read here, because
//! any sibling subdomain can plant one. Two credentials in one request can only be a trick: they count
//! as none.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use datafly_core::id::CanonicalId;

use crate::app::{App, CookiePolicy, Pipeline};
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
pub(super) fn credential(headers: &HeaderMap, app: &App) -> Option<Credential> {
    let name = app.cookies.credential_name();
    let mut values = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .filter(|cookie| cookie.name() == name);
    let (first, second) = (values.next()?, values.next());
    if second.is_some() {
        return None;
    }
    app.credentials.read(first.value())
}

/// When the credential is renewed besides when it is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    /// Once a day. For answers that come at once.
    Daily,
    /// Never. For an answer that may have waited for a vendor: by the time the browser stores its cookie
    /// the visitor may have logged out and be another one.
    Never,
}

/// The `Set-Cookie` headers this visitor's browser is due: when it is new, when its version changed, or
/// for the day's renewal.
pub(super) fn due(
    app: &App,
    pipeline: &Pipeline,
    present: &Present,
    sent: Option<&Credential>,
    renewal: Renewal,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let now = app.clock.now();
    let current = sent.is_some_and(|sent| {
        sent.id == present.id
            && sent.version == present.version
            && (renewal == Renewal::Never || !sent.is_stale(now))
    });
    if !current {
        let value = app.credentials.issue(present.id, present.version, now);
        let credential = build(app.cookies, app.cookies.credential_name(), value, None);
        let copy = copy_of(app.cookies, present.id, pipeline.cookie_domain.clone());
        for cookie in [credential, copy] {
            if let Ok(value) = HeaderValue::try_from(cookie.to_string()) {
                headers.append(header::SET_COOKIE, value);
            }
        }
    }
    headers
}

fn copy_of(policy: CookiePolicy, id: CanonicalId, domain: Option<String>) -> Cookie<'static> {
    build(policy, COPY, id.to_string(), domain)
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
