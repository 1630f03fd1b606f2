//! A body: capped in length, packed and unpacked, and in the time it may take to arrive.

use std::io::Read;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::error::EdgeError;

/// An event of the largest size over a slow mobile line takes a few seconds; a large batch comes from a server.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads a body of up to `limit` bytes.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<Bytes, EdgeError> {
    unpacked(headers, as_it_came(headers, body, limit).await?, limit)
}

/// The same, still packed if its sender has packed it.
pub(super) async fn as_it_came(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<Bytes, EdgeError> {
    check_content_type(headers)?;
    let collected = Limited::new(body, limit).collect();
    match tokio::time::timeout(READ_TIMEOUT, collected).await {
        Err(_) => Err(EdgeError::BodyTimeout),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(EdgeError::BodyTooLarge(limit)),
        Ok(Err(_)) => Err(EdgeError::BodyBroken),
    }
}

/// Segment's clients for servers can be told to pack what they send. Never more is unpacked than a body may have.
pub(super) fn unpacked(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, EdgeError> {
    let Some(encoding) = headers.get(header::CONTENT_ENCODING) else { return Ok(body) };
    if !encoding.as_bytes().eq_ignore_ascii_case(b"gzip") {
        return Err(EdgeError::UnsupportedEncoding);
    }
    let mut unpacked = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = GzDecoder::new(&*body).take(most).read_to_end(&mut unpacked);
    match read {
        Ok(length) if length > limit => Err(EdgeError::BodyTooLarge(limit)),
        Ok(_) => Ok(unpacked.into()),
        Err(_) => Err(EdgeError::BodyBroken),
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
