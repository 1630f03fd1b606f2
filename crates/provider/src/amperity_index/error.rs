//! What the Profile API's statuses mean (domain facts 2.5 and 2.6).

use http::StatusCode;

use super::token::{PROFILE_KEY, PROFILE_SCOPE};
use super::wire;
use crate::http::Answer;
use crate::profile::ProviderError;

/// What was asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question<'a> {
    /// v0: whose value a key of this name leads to.
    Value(&'a str),
    /// v2: which profiles have this attribute.
    List(&'a str),
    /// v2: a profile by its id.
    Profile,
}

/// Whether the answer holds what was asked for; `false` where there is nobody.
pub(super) fn is_found(answer: &Answer, question: Question<'_>) -> Result<bool, ProviderError> {
    let status = answer.status;
    Err(match (status, question) {
        (StatusCode::OK, _) => return Ok(true),
        (StatusCode::NOT_FOUND, Question::Profile) => return Ok(false),
        // Every other 404 means an index that is deleted, or was never generated.
        (StatusCode::NOT_FOUND, Question::Value(_)) if wire::is_nobody(&answer.body) => {
            return Ok(false);
        }
        (StatusCode::UNAUTHORIZED, _) => ProviderError::CredentialRejected { key: PROFILE_KEY },
        (StatusCode::FORBIDDEN, _) => {
            ProviderError::ScopeRefused { key: PROFILE_KEY, scope: PROFILE_SCOPE }
        }
        (StatusCode::BAD_REQUEST, Question::Value(key) | Question::List(key)) => {
            ProviderError::KeyRefused { key: key.to_owned() }
        }
        (StatusCode::TOO_MANY_REQUESTS, _) => {
            ProviderError::RateLimited { retry_after: answer.retry_after }
        }
        (status, _) if status.is_server_error() => {
            ProviderError::Unavailable { status: status.as_u16() }
        }
        (status, _) => ProviderError::Unexpected { status: status.as_u16() },
    })
}
