//! What statuses mean where a vendor's own documentation is the owner's to read.

use http::StatusCode;

use super::token::{AUTH, AUTH_SECRET};
use crate::http::Answer;
use crate::profile::ProviderError;

/// The error that an answer is, if it is one; what means "nobody" has been taken out before.
pub(super) fn of_answer(answer: &Answer, key: &str, is_proven: bool) -> Option<ProviderError> {
    let credential = if is_proven { AUTH_SECRET } else { AUTH };
    Some(match answer.status {
        StatusCode::OK => return None,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            ProviderError::KeyRefused { key: key.to_owned() }
        }
        StatusCode::UNAUTHORIZED => ProviderError::CredentialRejected { key: credential },
        StatusCode::FORBIDDEN => {
            ProviderError::ScopeRefused { key: credential, scope: "leave to read from `url`" }
        }
        StatusCode::TOO_MANY_REQUESTS => {
            ProviderError::RateLimited { retry_after: answer.retry_after }
        }
        status if status.is_server_error() => {
            ProviderError::Unavailable { status: status.as_u16() }
        }
        status => ProviderError::Unexpected { status: status.as_u16() },
    })
}
