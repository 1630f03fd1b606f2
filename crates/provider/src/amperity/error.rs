//! What Amperity's statuses mean (domain facts 2.2 to 2.4).

use http::StatusCode;

use super::token::PROFILE_SCOPE;
use crate::http::{Answer, HttpError};
use crate::profile::ProviderError;

/// What was asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question<'a> {
    /// Whom a linking key of this name leads to.
    LookUp(&'a str),
    /// A profile by its id.
    Profile,
    /// A profile as it is for a context.
    Personalised,
}

/// The error that an answer to a profile call is, if it is one; `key` is the credential's. 404 is none: it means no
/// profile.
pub(super) fn of_answer(
    answer: &Answer,
    question: Question<'_>,
    key: &'static str,
) -> Option<ProviderError> {
    let status = answer.status;
    let error = match (status, question) {
        (StatusCode::OK | StatusCode::NOT_FOUND, _) => return None,
        (StatusCode::UNAUTHORIZED, _) => ProviderError::CredentialRejected { key },
        (StatusCode::FORBIDDEN, _) => ProviderError::ScopeRefused { key, scope: PROFILE_SCOPE },
        (StatusCode::BAD_REQUEST, Question::LookUp(key)) => {
            ProviderError::KeyRefused { key: key.to_owned() }
        }
        (StatusCode::BAD_REQUEST, Question::Personalised) => ProviderError::ContextRefused,
        (StatusCode::TOO_MANY_REQUESTS, _) => {
            ProviderError::RateLimited { retry_after: answer.retry_after }
        }
        (status, _) if status.is_server_error() => {
            ProviderError::Unavailable { status: status.as_u16() }
        }
        (status, _) => ProviderError::Unexpected { status: status.as_u16() },
    };
    Some(error)
}

impl From<HttpError> for ProviderError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Deadline => Self::Deadline,
            HttpError::Connection(reason) => Self::Unreachable { reason },
            HttpError::NotPublic => Self::Unreachable { reason: error.to_string() },
            HttpError::TooLong(_) => {
                Self::BadAnswer { reason: "it is longer than a profile may be" }
            }
            HttpError::Encoded(_) => {
                Self::BadAnswer { reason: "it is compressed, which was not asked for" }
            }
        }
    }
}
