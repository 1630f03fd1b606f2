//! Answers in JSON, written around texts that are JSON already.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::headers::CORP_CROSS_ORIGIN;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Headers of an answer, ours and the connection's; room for them is made once.
const HEADERS: usize = 16;

/// An answer of this JSON.
pub(super) fn json(json: impl Into<Body>) -> Response {
    let mut response = Response::new(json.into());
    response.headers_mut().reserve(HEADERS);
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// `v1::Accepted`: the answer to an event, a log-out, a consent. Handles are of plain letters.
///
/// Without profiles it holds no visitor's data, but for the id in the handle, and says so: an event also
/// comes as a beacon, which is no CORS request, and whose answer the page's console would otherwise report
/// as blocked.
pub(super) fn accepted(
    headers: HeaderMap,
    handle: Option<&str>,
    profiles: Option<&str>,
) -> Response {
    let mut text = r#"{"success":true"#.to_owned();
    if let Some(handle) = handle {
        text.push_str(r#","handle":""#);
        text.push_str(handle);
        text.push('"');
    }
    if let Some(profiles) = profiles {
        text.push_str(r#","profiles":"#);
        text.push_str(profiles);
    }
    text.push('}');
    let mut response = json(text);
    response.headers_mut().extend(headers);
    if profiles.is_none() {
        response.headers_mut().extend([CORP_CROSS_ORIGIN]);
    }
    response
}
