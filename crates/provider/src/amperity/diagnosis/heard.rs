//! An answer, by what it says of the configuration.

use http::StatusCode;

use crate::destination::{Attempt, Fate, Trouble};
use crate::profile::ProviderError;

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// As it should be.
    Fine,
    /// Nothing: there is no connection.
    Unreachable(String),
    /// 401.
    Rejected,
    /// 403.
    OutOfScope,
    /// 404.
    Unknown,
    /// 404 to a key, from a collection that there is.
    NoLinkingKeys,
    /// 204: the stream throws events away.
    Dropped,
    /// 409: the stream refuses events.
    Refused,
    /// Nothing was asked: there is no token to ask with, for this reason.
    NoToken(String),
    /// Anything else.
    Trouble(String),
}

impl From<ProviderError> for Heard {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::CredentialRejected { .. } => Self::Rejected,
            ProviderError::ScopeRefused { .. } => Self::OutOfScope,
            ProviderError::Unreachable { reason } => Self::Unreachable(reason),
            ProviderError::Token(error) => Self::NoToken(error.to_string()),
            other => Self::Trouble(other.to_string()),
        }
    }
}

impl Heard {
    /// Of what was posted to the stream. 400 is for the body, which came last.
    pub(super) fn of_attempt(attempt: &Attempt) -> Self {
        let status = attempt.status().and_then(|status| StatusCode::from_u16(status).ok());
        match (status, &attempt.fate) {
            (Some(StatusCode::ACCEPTED | StatusCode::BAD_REQUEST), _) => Self::Fine,
            (Some(StatusCode::NO_CONTENT), _) => Self::Dropped,
            (Some(StatusCode::UNAUTHORIZED), _) => Self::Rejected,
            (Some(StatusCode::FORBIDDEN), _) => Self::OutOfScope,
            (Some(StatusCode::NOT_FOUND), _) => Self::Unknown,
            (Some(StatusCode::CONFLICT), _) => Self::Refused,
            (Some(status), _) => Self::Trouble(format!("the vendor answered {status}")),
            (None, Fate::Retry { why: Trouble::Unreachable { reason }, .. }) => {
                Self::Unreachable(reason.clone())
            }
            (None, Fate::Retry { why: Trouble::Token(error), .. }) => {
                Self::NoToken(error.to_string())
            }
            (None, Fate::Retry { why, .. }) => Self::Trouble(why.to_string()),
            (None, Fate::Paused(fault)) => Self::NoToken(fault.reason.clone()),
            (None, _) => Self::Trouble("nothing was answered".to_owned()),
        }
    }
}
