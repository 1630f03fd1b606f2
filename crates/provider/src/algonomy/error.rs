//! What Algonomy's answers mean. No document lists statuses, so each is taken for what HTTP says it is; and a 200
//! whose `status` is not `OK` is a failure.

use http::StatusCode;
use serde_json::Value;

use super::config::{RESOURCES, TENANT_HASH};
use super::wire::{self, Said};
use crate::http::Answer;
use crate::profile::ProviderError;

/// What the vendor says, `None` where it knows nobody of the kind.
pub(super) fn data(answer: &Answer) -> Result<Option<Value>, ProviderError> {
    match answer.status {
        StatusCode::OK => match wire::said(&answer.body)? {
            Said::Ok(data) => Ok(Some(data)),
            Said::NotFound => Ok(None),
            Said::Failure => Err(ProviderError::Failed),
        },
        StatusCode::NOT_FOUND => Ok(None),
        StatusCode::UNAUTHORIZED => Err(ProviderError::CredentialRejected { key: TENANT_HASH }),
        StatusCode::FORBIDDEN => Err(ProviderError::ScopeRefused {
            key: RESOURCES,
            scope: "nothing but what the tenant was granted",
        }),
        StatusCode::TOO_MANY_REQUESTS => {
            Err(ProviderError::RateLimited { retry_after: answer.retry_after })
        }
        status if status.is_server_error() => {
            Err(ProviderError::Unavailable { status: status.as_u16() })
        }
        status => Err(ProviderError::Unexpected { status: status.as_u16() }),
    }
}

/// Whether another token may help. How the vendor tells of a dead one is documented nowhere: it may as well be a
/// failure inside a 200. What another token does not mend stands, and is not tried again for a minute.
pub(super) fn may_be_the_token_s(answer: &Answer) -> bool {
    match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => true,
        StatusCode::OK => matches!(wire::said(&answer.body), Ok(Said::Failure)),
        _ => false,
    }
}
