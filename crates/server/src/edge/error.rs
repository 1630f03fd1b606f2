//! Refusals as browsers and developers see them: `{"error":{"code","message"}}` with the right status.
//!
//! Messages are for the site's developer. What failed inside is logged once, here, and not sent.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use datafly_core::consent::ConsentError;
use datafly_core::event::EventError;
use datafly_core::v1::{ErrorBody, ErrorResponse};
use datafly_store::StoreError;

use crate::identity::IdentityError;
use crate::limits::Exceeded;
use crate::runtime::EntropyError;
use crate::signature::SignatureError;
use crate::visitors::VisitorError;

/// Seconds after which a client may try again when state could not be written.
const STATE_RETRY_SECONDS: u64 = 2;

/// The same when the outbox was full: it empties as fast as its destinations take events.
const OUTBOX_RETRY_SECONDS: u64 = 30;

/// The same when a vendor could not be asked to forget somebody.
const VENDOR_RETRY_SECONDS: u64 = 30;

/// Why a request is refused.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum EdgeError {
    /// No key was sent.
    #[error("no pipeline key: send `key=` in the query, or `Authorization: Bearer`")]
    NoKey,
    /// The key names no pipeline.
    #[error("this pipeline key is not known here: check `pipelineKey`")]
    InvalidKey,
    /// The page's origin is not one of the pipeline's.
    #[error("this origin may not use this pipeline: add it to the pipeline's `origins`")]
    OriginNotAllowed,
    /// A navigation, for example a form that was submitted to us.
    #[error("this address is for scripts, not for navigation")]
    NavigationRefused,
    /// A required query parameter is absent.
    #[error("the query parameter `{0}` is missing")]
    MissingParameter(&'static str),
    /// A query parameter is there more than once.
    #[error("the query parameter `{0}` is there more than once: send it once")]
    DoubledParameter(&'static str),
    /// A provider is named more than once.
    #[error("a provider is named more than once: name each once")]
    DoubledProvider,
    /// The provider is not one of the pipeline's.
    #[error("this pipeline has no provider of that name: check `providers`")]
    UnknownProvider,
    /// Neither JSON nor plain text.
    #[error("send the body as `text/plain` or `application/json`")]
    UnsupportedMediaType,
    /// Packed otherwise than by gzip.
    #[error("send the body as it is, or packed by `gzip`")]
    UnsupportedEncoding,
    /// Over the limit.
    #[error("the body is longer than it may be, {0} bytes")]
    BodyTooLarge(usize),
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    BodyTimeout,
    /// More events than a batch may have.
    #[error("a batch may have {0} events: send the rest in another one")]
    TooManyEvents(usize),
    /// One of a batch is over the limit.
    #[error("`batch[{index}]` is longer than an event may be, {limit} bytes")]
    EventTooLarge {
        /// Its position, from 0.
        index: usize,
        /// In bytes.
        limit: usize,
    },
    /// The body broke off.
    #[error("the body could not be read")]
    BodyBroken,
    /// Not an event.
    #[error(transparent)]
    InvalidEvent(#[from] EventError),
    /// A server client must say whose event it is.
    #[error(
        "`anonymousId` is missing: an event without a cookie needs an `anonymousId` or a `userId`"
    )]
    NoSubject,
    /// About a browser, from a client that is none.
    #[error("this is about the browser that sends it: send it from a page of the site")]
    NoBrowser,
    /// The token is refused.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Not a consent state.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// The signature is refused.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Not what a bootstrap takes.
    #[error("`{0}`")]
    InvalidBootstrap(String),
    /// Not what a request to be forgotten takes.
    #[error("send no body, or `{{\"token\": \"…\"}}` with the identity token of who asks")]
    InvalidForget,
    /// What is stored here is forgotten, but not every vendor could be asked to forget as well.
    #[error(
        "this server has forgotten the visitor, and not every vendor could be asked to: send this again"
    )]
    VendorsNotAsked,
    /// Too many requests, or too much work.
    #[error("too many requests: try again after {} s", seconds(.0.retry_after))]
    RateLimited(Exceeded),
    /// No such route.
    #[error("there is nothing at this address")]
    NotFound,
    /// The route takes another method.
    #[error("this address takes {0}")]
    MethodNotAllowed(&'static str),
    /// Visitor state could not be read or written.
    #[error("the visitor's state cannot be reached, try again")]
    StateUnavailable,
    /// The outbox takes nothing at the moment: it is full, or its disk is.
    #[error("events cannot be kept at the moment, send them again later")]
    OutboxUnavailable,
}

impl EdgeError {
    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoKey | Self::InvalidKey => (StatusCode::UNAUTHORIZED, "INVALID_PIPELINE_KEY"),
            Self::OriginNotAllowed => (StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED"),
            Self::NavigationRefused => (StatusCode::FORBIDDEN, "NAVIGATION_REFUSED"),
            Self::MissingParameter(_) => (StatusCode::BAD_REQUEST, "MISSING_PARAMETER"),
            Self::DoubledParameter(_) | Self::DoubledProvider => {
                (StatusCode::BAD_REQUEST, "DOUBLED_PARAMETER")
            }
            Self::UnknownProvider => (StatusCode::NOT_FOUND, "UNKNOWN_PROVIDER"),
            Self::UnsupportedMediaType | Self::UnsupportedEncoding => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE")
            }
            Self::BodyTooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE"),
            Self::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "BODY_TIMEOUT"),
            Self::BodyBroken => (StatusCode::BAD_REQUEST, "BODY_BROKEN"),
            // 400, as Datafly's and Segment's own servers answer a batch that is too large.
            Self::TooManyEvents(_) | Self::EventTooLarge { .. } => {
                (StatusCode::BAD_REQUEST, "BATCH_TOO_LARGE")
            }
            Self::InvalidEvent(_) | Self::NoSubject => (StatusCode::BAD_REQUEST, "INVALID_EVENT"),
            Self::NoBrowser => (StatusCode::BAD_REQUEST, "NO_BROWSER"),
            Self::Identity(IdentityError::Contradiction(_)) => {
                (StatusCode::UNAUTHORIZED, "IDENTITY_MISMATCH")
            }
            Self::Identity(IdentityError::Expired) => {
                (StatusCode::UNAUTHORIZED, "IDENTITY_TOKEN_EXPIRED")
            }
            Self::Identity(_) => (StatusCode::UNAUTHORIZED, "IDENTITY_TOKEN_REJECTED"),
            Self::Consent(_) => (StatusCode::BAD_REQUEST, "INVALID_CONSENT"),
            Self::Signature(_) => (StatusCode::UNAUTHORIZED, "SIGNATURE_REJECTED"),
            Self::InvalidBootstrap(_) => (StatusCode::BAD_REQUEST, "INVALID_BOOTSTRAP"),
            Self::InvalidForget => (StatusCode::BAD_REQUEST, "INVALID_FORGET"),
            Self::VendorsNotAsked => (StatusCode::SERVICE_UNAVAILABLE, "VENDORS_NOT_ASKED"),
            Self::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
            Self::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
            Self::StateUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "STATE_UNAVAILABLE"),
            Self::OutboxUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "OUTBOX_UNAVAILABLE"),
        }
    }

    /// Whether the event is at fault, so that others of its batch are accepted.
    pub(super) fn is_the_event_s(&self) -> bool {
        matches!(
            self,
            Self::InvalidEvent(_) | Self::NoSubject | Self::Identity(_) | Self::Consent(_)
        )
    }

    /// As it is shown.
    pub(super) fn to_body(&self) -> ErrorBody {
        let (_, code) = self.status_and_code();
        ErrorBody { code: code.to_owned(), message: self.to_string() }
    }
}

impl From<StoreError> for EdgeError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "failed to put events into the outbox");
        Self::OutboxUnavailable
    }
}

impl From<EntropyError> for EdgeError {
    fn from(error: EntropyError) -> Self {
        VisitorError::from(error).into()
    }
}

impl From<VisitorError> for EdgeError {
    fn from(error: VisitorError) -> Self {
        tracing::error!(%error, "failed to reach visitor state");
        Self::StateUnavailable
    }
}

impl From<Exceeded> for EdgeError {
    fn from(exceeded: Exceeded) -> Self {
        Self::RateLimited(exceeded)
    }
}

impl IntoResponse for EdgeError {
    fn into_response(self) -> Response {
        let (status, _) = self.status_and_code();
        let mut response = (status, Json(ErrorResponse { error: self.to_body() })).into_response();
        let (name, value) = match self {
            Self::StateUnavailable => (header::RETRY_AFTER, STATE_RETRY_SECONDS.into()),
            Self::OutboxUnavailable => (header::RETRY_AFTER, OUTBOX_RETRY_SECONDS.into()),
            Self::VendorsNotAsked => (header::RETRY_AFTER, VENDOR_RETRY_SECONDS.into()),
            Self::RateLimited(exceeded) => {
                (header::RETRY_AFTER, seconds(exceeded.retry_after).into())
            }
            Self::MethodNotAllowed(methods) => (header::ALLOW, HeaderValue::from_static(methods)),
            _ => return response,
        };
        response.headers_mut().insert(name, value);
        response
    }
}

/// Whole seconds, none of them too early: what `Retry-After` can say.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
