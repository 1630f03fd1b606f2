//! Who calls: the trust decision before any work and any cookie.
//!
//! Browsers say where a request comes from in `Origin` and `Sec-Fetch-*`, which no page can set. So:
//!
//! - a navigation is refused: `Lax` cookies may be set by, and are sent with, top-level navigations, so a
//!   cross-site form could otherwise plant or use a visitor;
//! - a POST with a `Cookie`, an `Origin` or any `Sec-Fetch-*` header is a browser's and needs an
//!   `Origin` that is exactly one of the pipeline's;
//! - a GET for a visitor's data needs the same, or to come from the very origin it asks (browsers
//!   send no `Origin` then);
//! - what has none of these headers is a server's: no cookie is read or set for it. Nor is what has
//!   `Sec-Fetch-Mode` alone a browser's: Node's own `fetch` sends it so, browsers all of them together.

use axum::http::{HeaderMap, HeaderName, header};

use super::error::EdgeError;
use crate::app::Pipeline;

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// A page of the pipeline: its cookies count.
    Page,
    /// A server's client: no cookies, and all it says are claims.
    Server,
}

/// Who sends a POST.
pub(super) fn of_post(headers: &HeaderMap, pipeline: &Pipeline) -> Result<Caller, EdgeError> {
    refuse_navigation(headers)?;
    match origin(headers) {
        Origin::One(origin) if pipeline.origins.contains(origin) => Ok(Caller::Page),
        Origin::None if !looks_like_a_browser(headers) => Ok(Caller::Server),
        _ => Err(EdgeError::OriginNotAllowed),
    }
}

/// Who sends a GET for a visitor's data.
pub(super) fn of_get(headers: &HeaderMap, pipeline: &Pipeline) -> Result<Caller, EdgeError> {
    refuse_navigation(headers)?;
    match origin(headers) {
        Origin::One(origin) if pipeline.origins.contains(origin) => Ok(Caller::Page),
        Origin::None if is_same_origin(headers) => Ok(Caller::Page),
        Origin::None if !looks_like_a_browser(headers) => Ok(Caller::Server),
        _ => Err(EdgeError::OriginNotAllowed),
    }
}

/// Whether a script include may read and set this visitor's cookie. A plain `<script src>` from anywhere
/// may load the loader, so refusing is not the question here, only what is in the answer. Without
/// `Sec-Fetch-Mode` there is no telling a CORS include from a plain one.
pub(super) fn is_trusted_include(headers: &HeaderMap, pipeline: &Pipeline) -> bool {
    match origin(headers) {
        Origin::One(origin) => {
            pipeline.origins.contains(origin) && fetch(headers, &SEC_FETCH_MODE) == Some("cors")
        }
        Origin::None => {
            is_same_origin(headers) && fetch(headers, &SEC_FETCH_MODE) != Some("navigate")
        }
        Origin::Unclear => false,
    }
}

/// Refuses what a person's navigation sent: before the body is read, before any cookie.
pub(super) fn refuse_navigation(headers: &HeaderMap) -> Result<(), EdgeError> {
    match fetch(headers, &SEC_FETCH_MODE) {
        Some("navigate") => Err(EdgeError::NavigationRefused),
        _ => Ok(()),
    }
}

/// The one origin a request names, if it names one.
pub(super) fn one_origin(headers: &HeaderMap) -> Option<&str> {
    match origin(headers) {
        Origin::One(origin) => Some(origin),
        Origin::None | Origin::Unclear => None,
    }
}

enum Origin<'h> {
    None,
    One(&'h str),
    /// Several, or not text: no browser sends that.
    Unclear,
}

fn origin(headers: &HeaderMap) -> Origin<'_> {
    let mut values = headers.get_all(header::ORIGIN).iter();
    match (values.next(), values.next()) {
        (None, _) => Origin::None,
        (Some(value), None) => value.to_str().map_or(Origin::Unclear, Origin::One),
        (Some(_), Some(_)) => Origin::Unclear,
    }
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    fetch(headers, &SEC_FETCH_SITE) == Some("same-origin")
}

fn looks_like_a_browser(headers: &HeaderMap) -> bool {
    let is_browsers = |name: &HeaderName| {
        name == header::COOKIE
            || (name.as_str().starts_with("sec-fetch-") && name != SEC_FETCH_MODE)
    };
    headers.keys().any(is_browsers)
}

fn fetch<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
