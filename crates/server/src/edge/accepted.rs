//! `v1::Accepted`: the answer to an event, a log-out, a consent.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::headers::CORP_CROSS_ORIGIN;

/// Written around profiles that are JSON already; handles are of plain letters.
///
/// Without profiles it holds no visitor's data, and says so: an event also comes as a beacon, which is no
/// CORS request, and whose answer the page's console would otherwise report as blocked.
pub(super) fn accepted(
    headers: HeaderMap,
    handle: Option<&str>,
    profiles: Option<&str>,
) -> Response {
    let mut json = br#"{"success":true"#.to_vec();
    if let Some(handle) = handle {
        json.extend_from_slice(br#","handle":""#);
        json.extend_from_slice(handle.as_bytes());
        json.push(b'"');
    }
    if let Some(profiles) = profiles {
        json.extend_from_slice(br#","profiles":"#);
        json.extend_from_slice(profiles.as_bytes());
    }
    json.push(b'}');
    let mut response = Response::new(Body::from(json));
    *response.headers_mut() = headers;
    if profiles.is_none() {
        response.headers_mut().extend([CORP_CROSS_ORIGIN]);
    }
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
