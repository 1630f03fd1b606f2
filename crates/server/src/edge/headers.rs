//! Headers of whole groups of answers: CORS, caching, and what other sites may do with them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::EdgeError;
use super::{caller, client};
use crate::app::App;

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// For answers without a visitor's data, which any site may include.
pub(super) const CORP_CROSS_ORIGIN: (HeaderName, HeaderValue) =
    (CORP, HeaderValue::from_static("cross-origin"));

const VARY: HeaderValue =
    HeaderValue::from_static("Origin, Cookie, Sec-Fetch-Site, Sec-Fetch-Mode");
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");
const ALLOW_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");
const ALLOW_HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type");
/// Two hours, the most Chromium keeps a preflight's answer.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Around every route that could answer with a visitor's data. Marks the answer as private whatever it
/// became, errors included, and lets the page that asked read it.
pub(super) async fn visitor_data(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let configured = app.configured();
    // A page may read an error of any pipeline; data is only ever in answers to the pipeline's own
    // origins, which the handlers check.
    let origin = caller::one_origin(request.headers())
        .filter(|origin| configured.pipelines.any_has_origin(origin))
        .and_then(|origin| HeaderValue::from_str(origin).ok());
    let preflight = request.method() == Method::OPTIONS;

    // Before any work. What is counted as work is counted where it is done.
    let address = client::address(request.extensions(), request.headers(), &configured);
    let flood = configured.limits.request(address);
    let mut response = match (flood, &origin, preflight) {
        (Err(exceeded), ..) => {
            app.metrics.limited(exceeded.limit);
            EdgeError::from(exceeded).into_response()
        }
        (_, Some(_), true) => (StatusCode::NO_CONTENT, preflight_headers()).into_response(),
        (_, None, true) => EdgeError::OriginNotAllowed.into_response(),
        (_, _, false) => next.run(request).await,
    };
    let headers = response.headers_mut();
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers
            .insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    }
    headers.insert(header::CACHE_CONTROL, PRIVATE);
    headers.insert(header::VARY, VARY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CORP).or_insert(HeaderValue::from_static("same-origin"));
    response
}

fn preflight_headers() -> HeaderMap {
    HeaderMap::from_iter([
        (header::ACCESS_CONTROL_ALLOW_METHODS, ALLOW_METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ])
}
