//! Bodies that a client must survive.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];
const CHUNK: &[u8] = &[b'a'; 64 * 1024];
/// A body that cannot be shorter when cut, for answers whose own is empty.
const MIN_DECLARED_BYTES: usize = 64;
/// Gives the server time to send the first half; an error right behind it would swallow both.
const FLUSH_TIME: Duration = Duration::from_millis(20);

/// Neither UTF-8 nor JSON.
pub(crate) fn garbage() -> Response {
    let bytes: &'static [u8] = b"\xff\xfe<html>\x00{\"attributes\":\xc3\x28";
    (JSON, bytes).into_response()
}

/// An object that opens and goes on for `bytes` bytes, of undeclared length.
pub(crate) fn huge(bytes: u64) -> Response {
    let opening = Bytes::from_static(b"{\"attributes\":{\"filler\":\"");
    let chunks = stream::unfold((Some(opening), bytes), |(opening, left)| async move {
        let source = opening.unwrap_or(Bytes::from_static(CHUNK));
        let take = usize::try_from(left).unwrap_or(usize::MAX).min(source.len());
        let sent = u64::try_from(take).unwrap_or(left);
        (take > 0).then(|| (Ok::<_, io::Error>(source.slice(..take)), (None, left - sent)))
    });
    (JSON, Body::from_stream(chunks)).into_response()
}

/// Declares the response's own length, sends half and breaks off.
pub(crate) async fn cut(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let declared = body.len().max(MIN_DECLARED_BYTES);
    let half = body.slice(..body.len() / 2);
    let halves = stream::unfold(Some(half), |half| async move {
        if let Some(half) = half {
            return Some((Ok(half), None));
        }
        tokio::time::sleep(FLUSH_TIME).await;
        Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), None))
    });
    parts.headers.remove(header::TRANSFER_ENCODING);
    parts.headers.insert(header::CONTENT_LENGTH, declared.into());
    Response::from_parts(parts, Body::from_stream(halves))
}
