//! What Ansira's statuses mean (seed 003).

use http::StatusCode;

use super::token::{ASSERTION_FILE, SCOPES};
use crate::http::Answer;
use crate::profile::ProviderError;

/// The error that an answer to a listing is, if it is one. `key` is what was looked up.
pub(super) fn of_answer(answer: &Answer, key: &str) -> Option<ProviderError> {
    Some(match answer.status {
        StatusCode::OK => return None,
        // The condition holds a field that the endpoint does not filter by.
        StatusCode::BAD_REQUEST => ProviderError::KeyRefused { key: key.to_owned() },
        // No token arrived: a proxy in between has taken it off.
        StatusCode::UNAUTHORIZED => ProviderError::CredentialRejected { key: ASSERTION_FILE },
        // A new token was refused as well, so that it is not about its age.
        StatusCode::FORBIDDEN => ProviderError::ScopeRefused {
            key: SCOPES,
            scope: "the scopes of the endpoint's specification, granted to the API client",
        },
        StatusCode::TOO_MANY_REQUESTS => {
            ProviderError::RateLimited { retry_after: answer.retry_after }
        }
        // Ansira's own limit of 30 seconds.
        StatusCode::GATEWAY_TIMEOUT => ProviderError::Deadline,
        status if status.is_server_error() => {
            ProviderError::Unavailable { status: status.as_u16() }
        }
        // 404 among them: a wrong path, not an unknown person.
        status => ProviderError::Unexpected { status: status.as_u16() },
    })
}
