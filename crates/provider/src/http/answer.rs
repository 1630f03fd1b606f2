//! A vendor's answer, read without trusting the vendor.

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, DATE};
use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use jiff::Timestamp;

use super::{HttpError, retry_after};

/// A vendor's answer, read to its end.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// How long the vendor asks to wait, where it says so.
    pub retry_after: Option<Duration>,
    /// When the vendor sent it, by the vendor's clock, where it says so.
    pub date: Option<Timestamp>,
    /// The body, at most as long as the caller allowed.
    pub body: Bytes,
}

impl fmt::Debug for Answer {
    /// Without the body, which is somebody's profile.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// Reads a response up to `max_bytes`. A body that is declared longer is not begun, one that turns
    /// out longer is left where it passes the cap.
    pub async fn read<B>(response: Response<B>, max_bytes: usize) -> Result<Self, HttpError>
    where
        B: Body<Data = Bytes>,
        B::Error: std::error::Error + 'static,
    {
        let (head, body) = response.into_parts();
        // A failure is told by its status, and then nobody needs the body: only a success is refused.
        if head.status.is_success() && is_encoded(&head.headers) {
            return Err(HttpError::Encoded(head.status));
        }
        if declared_length(&head.headers).is_some_and(|length| length > max_bytes as u64) {
            return Err(HttpError::TooLong(head.status));
        }
        let mut body = pin!(body);
        let mut read = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| HttpError::connection(&error))?;
            // What is no data is a trailer, which no vendor sends.
            let Ok(chunk) = frame.into_data() else { continue };
            if read.len() + chunk.len() > max_bytes {
                return Err(HttpError::TooLong(head.status));
            }
            read.extend_from_slice(&chunk);
        }
        let retry_after = retry_after::of(&head.headers);
        let date = date(&head.headers);
        Ok(Self { status: head.status, retry_after, date, body: read.freeze() })
    }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|encoding| encoding != "identity")
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    Timestamp::try_from(date).ok()
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
