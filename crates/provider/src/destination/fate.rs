//! What became of an event (design §9).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::Exchange;
use crate::http::HttpError;
use crate::token::TokenError;

/// One attempt to deliver one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What became of it.
    pub fate: Fate,
    /// What was sent and answered; shared by the events that travelled together. `None` where nothing was
    /// sent.
    pub exchange: Option<Arc<Exchange>>,
}

impl Attempt {
    /// An attempt that ended before anything was sent.
    pub(crate) const fn unsent(fate: Fate) -> Self {
        Self { fate, exchange: None }
    }

    /// The HTTP status that was answered.
    pub(crate) fn status(&self) -> Option<u16> {
        self.exchange.as_ref()?.status
    }
}

/// What is to be done about the event now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Nothing: the vendor has it.
    Done(Receipt),
    /// Send it again later: the vendor or the way to it is in trouble.
    Retry {
        /// What the trouble is.
        why: Trouble,
        /// How long the vendor asks to wait, where it says.
        retry_after: Option<Duration>,
    },
    /// Keep it as a dead letter: it would be refused every time.
    Refused(Refusal),
    /// Pause the destination until its owner has mended the configuration, and keep the event: it is not
    /// at fault.
    Paused(ConfigFault),
}

impl Fate {
    /// As a metric's label.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done(Receipt::Accepted) => "accepted",
            Self::Done(Receipt::Dropped) => "dropped",
            Self::Retry { .. } => "retry",
            Self::Refused(_) => "refused",
            Self::Paused(_) => "paused",
        }
    }
}

impl From<Refusal> for Fate {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<TokenError> for Fate {
    fn from(error: TokenError) -> Self {
        match error.to_mend() {
            Some(key) => Self::Paused(ConfigFault::new(key, error.to_string())),
            None => Self::Retry { why: Trouble::Token(error), retry_after: None },
        }
    }
}

impl From<HttpError> for Fate {
    /// Without an answer nobody knows whether the vendor has the event: it is sent again.
    fn from(error: HttpError) -> Self {
        Self::Retry { why: error.into(), retry_after: None }
    }
}

/// How a vendor took an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// Accepted.
    Accepted,
    /// Accepted and thrown away: the owner told the vendor to (Amperity's stream mode Drop).
    Dropped,
}

/// Why an event has to wait. Holds no body, token, identifier or URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    /// Too many requests.
    #[error("the vendor limits the rate of requests")]
    RateLimited,
    /// The vendor says that it is its own fault.
    #[error("the vendor is in trouble: it answered {0}")]
    Unavailable(Answered),
    /// An answer that does not say what became of the event.
    #[error("the vendor's answer cannot be read: {reason}")]
    BadAnswer {
        /// What is wrong with it, without its content.
        reason: &'static str,
    },
    /// No answer in time.
    #[error("the vendor did not answer in time")]
    Deadline,
    /// No connection.
    #[error("the vendor cannot be reached: {reason}")]
    Unreachable {
        /// What failed, without the URL.
        reason: String,
    },
    /// No credential to send.
    #[error("there is no credential to send: {0}")]
    Token(#[from] TokenError),
}

impl From<HttpError> for Trouble {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Deadline => Self::Deadline,
            HttpError::Connection(reason) => Self::Unreachable { reason },
            HttpError::NotPublic => Self::Unreachable { reason: error.to_string() },
            HttpError::TooLong(_) => Self::BadAnswer { reason: "it is too long" },
            HttpError::Encoded(_) => {
                Self::BadAnswer { reason: "it is compressed, which was not asked for" }
            }
        }
    }
}

/// Why an event will never be taken. Holds nothing of the event's content and none of the vendor's words, which
/// may repeat it: those are in the [`Exchange`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The vendor said so.
    #[error("the vendor refused it with {answered}: {reason}")]
    ByVendor {
        /// With what.
        answered: Answered,
        /// What that means.
        reason: &'static str,
    },
    /// It was not sent, because it breaks a documented rule of the vendor's.
    #[error("it was not sent: {0}")]
    Unfit(String),
}

/// What a vendor answered: the HTTP status, or the code in the body where that is what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// An HTTP status.
    Status(u16),
    /// A code in the body.
    Code(i64),
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}"),
            Self::Code(code) => write!(f, "code {code}"),
        }
    }
}

/// What the owner has to mend. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{key}`: {reason}")]
pub struct ConfigFault {
    /// The key of the integration's section.
    pub key: &'static str,
    /// What the vendor said, and what to do.
    pub reason: String,
}

impl ConfigFault {
    pub(crate) fn new(key: &'static str, reason: impl Into<String>) -> Self {
        Self { key, reason: reason.into() }
    }
}
