//! `POST /prof/events/{stream}`: one event.
//!
//! | status | when |
//! |---|---|
//! | 202 | accepted; also with a `source` that nothing routes on, silently |
//! | 204 | the stream's mode is Drop |
//! | 400 | the body is missing, malformed or not an object |
//! | 404 | no such stream |
//! | 409 | the stream's mode is Reject |
//! | 411 | no `Content-Length`, as in a chunked request |
//! | 413 | more than 64 KB |
//! | 415 | the content type is not `application/json` |
//!
//! 503 happens by fault only. An event sent twice counts twice: the vendor documents no deduplication.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use super::auth::authorize;
use super::error::ApiError;
use crate::config::{Scope, StreamMode};
use crate::sandbox::Sandbox;

const MAX_EVENT_BYTES: u64 = 64 * 1024;

pub(super) async fn accept(
    State(sandbox): State<Sandbox>,
    Path(stream): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    authorize(&sandbox, &headers, Scope::Ingest)?;
    if stream != sandbox.config().stream_id {
        return Err(ApiError::not_found("no such event stream"));
    }
    check_headers(&headers)?;
    let event: Map<String, Value> = serde_json::from_slice(&body)
        .map_err(|_| ApiError::bad_request("the body is not a JSON object"))?;
    match sandbox.stream_mode() {
        StreamMode::Active => {
            sandbox.accept(event);
            Ok(StatusCode::ACCEPTED)
        }
        StreamMode::Drop => Ok(StatusCode::NO_CONTENT),
        StreamMode::Reject => {
            Err(ApiError::new(StatusCode::CONFLICT, "the stream is not accepting events"))
        }
    }
}

fn check_headers(headers: &HeaderMap) -> Result<(), ApiError> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length: u64 = length.and_then(|text| text.parse().ok()).ok_or_else(|| {
        ApiError::new(StatusCode::LENGTH_REQUIRED, "the Content-Length header is missing")
    })?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case("application/json") {
        let message = "the Content-Type is not application/json";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    if length > MAX_EVENT_BYTES {
        let message = "the event exceeds 64 KB";
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message));
    }
    Ok(())
}
