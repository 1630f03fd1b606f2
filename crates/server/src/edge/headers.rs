//! Headers of whole groups of answers: CORS, caching, and what other sites may do with them.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::caller;
use crate::app::Pipelines;

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// For answers without a visitor's data, which any site may include.
pub(super) const CORP_CROSS_ORIGIN: (HeaderName, HeaderValue) =
    (CORP, HeaderValue::from_static("cross-origin"));

const TRUE: HeaderValue = HeaderValue::from_static("true");
const VARY: HeaderValue =
    HeaderValue::from_static("Origin, Cookie, Sec-Fetch-Site, Sec-Fetch-Mode");
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("retry-after");
const ALLOW_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");
/// What pages send besides what needs no leave. Other people's clients add headers of their own, some of them
/// only when they try again. Jitsu's `X-IP-Policy` is not among them: it asks for a shortened address, and a
/// client that is not heeded should hear so.
const ALLOW_HEADERS: HeaderValue = HeaderValue::from_static(concat!(
    "authorization, content-type, ",
    // Segment
    "x-retry-count, ",
    // RudderStack
    "anonymousid, sentat, ",
    "rsa-retry-attempt, rsa-retry-reason, rsa-since-first-attempt, rsa-since-last-attempt, ",
    // Jitsu
    "x-write-key, x-enable-debug",
));
/// Two hours, the most Chromium keeps a preflight's answer.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// The origin that may read the answer. A page may read an error of any pipeline; data is only ever in
/// answers to the pipeline's own origins, which the handlers check.
pub(super) fn readable_by(headers: &HeaderMap, pipelines: &Pipelines) -> Option<HeaderValue> {
    pipelines.origin(caller::one_origin(headers)?).cloned()
}

/// For every route that could answer with a visitor's data.
pub(super) fn make_private(headers: &mut HeaderMap, readable_by: Option<HeaderValue>) {
    if let Some(origin) = readable_by {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        if headers.contains_key(header::RETRY_AFTER) {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, RETRY_AFTER);
        }
    }
    headers.insert(header::CACHE_CONTROL, PRIVATE);
    headers.insert(header::VARY, VARY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.entry(CORP).or_insert(HeaderValue::from_static("same-origin"));
}

/// The answer to a preflight of an origin that may read the answer.
pub(super) fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, ALLOW_METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
