//! What an HTTP status means for an event where the vendor documents nothing else.

use http::StatusCode;

use super::fate::{Answered, ConfigFault, Fate, Receipt, Refusal, Trouble};
use crate::http::Answer;

/// What a status says about the event, the vendor, or us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The vendor has it.
    Accepted,
    /// Ask again more slowly.
    RateLimited,
    /// The vendor is in trouble.
    Unavailable,
    /// The vendor does not accept the credential.
    Unauthorised,
    /// The credential is good for something else.
    Forbidden,
    /// There is nothing at that URL which takes events: it redirects, is unknown, is gone, or takes no POST.
    WrongPlace,
    /// The event itself is at fault.
    Refused,
}

impl Meaning {
    /// By the status alone (RFC 9110, 15). A status that would be the same for any other event is a fault of the
    /// configuration, never of this one.
    pub(crate) fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            200..=299 => Self::Accepted,
            429 => Self::RateLimited,
            401 => Self::Unauthorised,
            402 | 403 | 407 => Self::Forbidden,
            300..=399 | 404 | 405 | 410 | 421 | 426 => Self::WrongPlace,
            408 | 425 => Self::Unavailable,
            400..=499 => Self::Refused,
            _ => Self::Unavailable,
        }
    }

    /// The fate by the status alone, for a vendor whose credential stands in `credential` and whose address
    /// follows from `place`.
    pub(crate) fn fate(answer: &Answer, credential: &'static str, place: &'static str) -> Fate {
        let status = answer.status.as_u16();
        let pause = |key, what: &str| {
            Fate::Paused(ConfigFault::new(key, format!("the vendor answered {status}: {what}")))
        };
        match Self::of(answer.status) {
            Self::Accepted => Fate::Done(Receipt::Accepted),
            Self::RateLimited => {
                Fate::Retry { why: Trouble::RateLimited, retry_after: answer.retry_after }
            }
            Self::Unavailable => Fate::Retry {
                why: Trouble::Unavailable(Answered::Status(status)),
                retry_after: answer.retry_after,
            },
            Self::Unauthorised => pause(credential, "it does not accept the credential, renew it"),
            Self::Forbidden => {
                pause(credential, "the credential may not write events there, use one that may")
            }
            Self::WrongPlace => pause(place, "nothing at that address takes events, correct it"),
            Self::Refused => Fate::Refused(Refusal::ByVendor {
                answered: Answered::Status(status),
                reason: reason(status),
            }),
        }
    }
}

/// What a refusal by status means.
fn reason(status: u16) -> &'static str {
    match status {
        400 => "the body is malformed or not what it takes",
        409 => "it is in conflict with what the vendor has",
        411 => "the body's length was not declared",
        413 => "the body is too long",
        415 => "the content type is not what it takes",
        422 => "the body's content is not what it takes",
        _ => "it gave no documented reason",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_meaning() {
        for (statuses, meaning) in [
            (&[200, 201, 202, 204, 299][..], Meaning::Accepted),
            (&[429], Meaning::RateLimited),
            (&[401], Meaning::Unauthorised),
            (&[402, 403, 407], Meaning::Forbidden),
            (&[301, 302, 307, 308, 404, 405, 410], Meaning::WrongPlace),
            (&[400, 406, 409, 411, 413, 415, 418, 422, 451], Meaning::Refused),
            (&[100, 408, 425, 500, 502, 503, 504, 599, 999], Meaning::Unavailable),
        ] {
            for status in statuses {
                let status = StatusCode::from_u16(*status).unwrap();
                assert_eq!(Meaning::of(status), meaning, "{status}");
            }
        }
    }
}
