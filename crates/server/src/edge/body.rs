//! A body, of an event or no longer than one: capped in length and in the time it may take to arrive.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use datafly_core::event::MAX_EVENT_BYTES;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::error::EdgeError;

/// An event of the largest size over a slow mobile line takes a few seconds.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads a body, up to an event's largest size.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, EdgeError> {
    check_content_type(headers)?;
    let collected = Limited::new(body, MAX_EVENT_BYTES).collect();
    match tokio::time::timeout(READ_TIMEOUT, collected).await {
        Err(_) => Err(EdgeError::BodyTimeout),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(EdgeError::BodyTooLarge(MAX_EVENT_BYTES))
        }
        Ok(Err(_)) => Err(EdgeError::BodyBroken),
    }
}

/// `text/plain` is what a page may send without a preflight, JSON what everybody else sends.
fn check_content_type(headers: &HeaderMap) -> Result<(), EdgeError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    match essence {
        Some(essence)
            if essence.eq_ignore_ascii_case("text/plain")
                || essence.eq_ignore_ascii_case("application/json") =>
        {
            Ok(())
        }
        _ => Err(EdgeError::UnsupportedMediaType),
    }
}
