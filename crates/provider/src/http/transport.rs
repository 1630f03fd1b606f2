//! The `Transport` port: one request to a vendor, one answer.

use std::error::Error;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, StatusCode};
use thiserror::Error;

use super::Answer;

/// Why there is no answer. Never holds a URL: it may carry an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HttpError {
    /// The deadline passed, wherever the call was.
    #[error("no answer within the deadline")]
    Deadline,
    /// The connection could not be made or broke.
    #[error("{0}")]
    Connection(String),
    /// The request may go to public addresses only, and its host has none.
    #[error("the host has no public address")]
    NotPublic,
    /// The body is longer than the caller allowed; it came with this status.
    #[error("the body is too long")]
    TooLong(StatusCode),
    /// The body is compressed, which nobody asked for; it came with this status.
    #[error("the body is compressed")]
    Encoded(StatusCode),
}

impl HttpError {
    /// A broken connection, by its innermost cause: the outer errors' texts repeat the URL.
    pub fn connection(error: &(dyn Error + 'static)) -> Self {
        let mut cause = error.source();
        while let Some(inner) = cause.and_then(Error::source) {
            cause = Some(inner);
        }
        let reason = cause.map_or("the request could not be made".to_owned(), ToString::to_string);
        Self::Connection(reason)
    }
}

/// Sends requests to vendors.
///
/// An implementation makes the call once, follows no redirect (the credential would follow it: a 3xx
/// is an answer like any other), decodes no body, and reads the answer with [`Answer::read`]. One that opens
/// sockets goes no further than the request's [`Reach`](super::Reach), and judges the address it connects
/// to. It needs no deadline of its own: callers go through [`send`](super::send), and dropping the future
/// ends the call.
#[async_trait]
pub trait Transport: Send + Sync {
    /// The answer to the request, with a body of at most `max_bytes`.
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError>;
}
