//! `GET /v1/assets/…`: the bundle's files, immutable and compressed beforehand; and `datafly.js`, a name for the
//! module that outlives deployments.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::error::EdgeError;
use super::headers::CORP_CROSS_ORIGIN;
use crate::app::App;
use crate::bundle::{Asset, JAVASCRIPT};

const ANY: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// What a page imports that is not deployed with the server.
const STABLE_NAME: &str = "datafly.js";
/// A page is never longer behind a deployment.
const SHORT: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// Serves one file, in the best encoding the client takes.
pub(super) fn asset(app: &App, name: &str, headers: &HeaderMap) -> Result<Response, EdgeError> {
    let configured = app.glance();
    let bundle = &configured.bundle;
    if name == STABLE_NAME {
        let module = &bundle.module;
        let script =
            format!("export * from './{module}';\nexport {{ default }} from './{module}';\n");
        return Ok(readable(script.into_response(), JAVASCRIPT, SHORT, headers));
    }
    let asset = bundle.asset(name).ok_or(EdgeError::NotFound)?;
    let (encoding, body) = choose(asset, headers);
    let mut response = readable(body.into_response(), asset.content_type, IMMUTABLE, headers);
    if let Some(encoding) = encoding {
        let encoding = HeaderValue::from_static(encoding);
        response.headers_mut().insert(header::CONTENT_ENCODING, encoding);
    }
    Ok(response)
}

/// The same bytes for everybody, so any page may read them.
fn readable(
    mut response: Response,
    content_type: &'static str,
    cache: HeaderValue,
    headers: &HeaderMap,
) -> Response {
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer.insert(header::CACHE_CONTROL, cache);
    answer.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Origin"));
    answer.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A page's origin is named back to it, because the loader is included with credentials and so is what it
    // imports: then `*` does not do.
    match headers.get(header::ORIGIN) {
        Some(origin) => {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        }
        None => {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
        }
    }
    answer.extend([CORP_CROSS_ORIGIN]);
    response
}

/// A file that is not here may be here after the next deployment, or on the next node: nobody may keep that.
pub(super) fn refused(error: EdgeError) -> Response {
    ([(header::CACHE_CONTROL, NO_STORE)], error).into_response()
}

fn choose(asset: &Asset, headers: &HeaderMap) -> (Option<&'static str>, Bytes) {
    let accepted: Vec<&str> = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    // `br;q=0` is a refusal; other weights do not matter, the smallest that is taken is best.
    let takes = |coding: &str| {
        accepted.iter().any(|entry| {
            let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
            name.trim() == coding
                && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
        })
    };
    if takes("br") {
        (Some("br"), asset.brotli.clone())
    } else if takes("gzip") {
        (Some("gzip"), asset.gzip.clone())
    } else {
        (None, asset.plain.clone())
    }
}
