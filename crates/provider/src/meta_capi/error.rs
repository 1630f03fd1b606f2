//! What Meta's answers mean for the events of a request.
//!
//! Errors come as 400 whatever they are about, so it is `error.code` that counts. The codes are those of Meta's
//! Graph API and Marketing API error references, as public connectors sort them.

use super::config::{API_VERSION, PIXEL_ID};
use super::token::ACCESS_TOKEN;
use super::wire::{self, GraphError, Response};
use crate::destination::{Answered, ConfigFault, Fate, Meaning, Receipt, Refusal, Trouble};
use crate::http::Answer;

/// With code 100: the pixel does not exist, or the token may not see it.
const NO_SUCH_OBJECT: i64 = 33;

/// The fate of all `sent` events: a request is taken whole or not at all.
pub(super) fn fate(answer: &Answer, sent: usize) -> Fate {
    match wire::response(&answer.body) {
        Some(Response {
            error: Some(GraphError { code: Some(code), error_subcode, is_transient }),
            ..
        }) => of_error(answer, code, error_subcode, is_transient),
        Some(Response { events_received: Some(received), error: None })
            if answer.status.is_success() =>
        {
            of_count(answer, sent, received)
        }
        _ if answer.status.is_success() => {
            let reason = "it has neither `events_received` nor an error's code";
            Fate::Retry { why: Trouble::BadAnswer { reason }, retry_after: answer.retry_after }
        }
        _ => Meaning::fate(answer, ACCESS_TOKEN, PIXEL_ID),
    }
}

fn of_count(answer: &Answer, sent: usize, received: usize) -> Fate {
    if received >= sent {
        return Fate::Done(Receipt::Accepted);
    }
    // Which ones is not said; alone, each is told by its own answer.
    let answered = Answered::Status(answer.status.as_u16());
    let reason = "`events_received` is less than was sent";
    Fate::Refused(Refusal::ByVendor { answered, reason })
}

fn of_error(answer: &Answer, code: i64, subcode: Option<i64>, is_transient: bool) -> Fate {
    let answered = Answered::Code(code);
    let pause = |key, what: &str| {
        Fate::Paused(ConfigFault::new(key, format!("Meta answered {answered}: {what}")))
    };
    let retry = |why| Fate::Retry { why, retry_after: answer.retry_after };
    match (code, subcode) {
        (4 | 17 | 32 | 341 | 613 | 80_000..=80_099, _) => retry(Trouble::RateLimited),
        (1 | 2 | 368 | 5_000, _) => retry(Trouble::Unavailable(answered)),
        _ if is_transient => retry(Trouble::Unavailable(answered)),
        (102 | 104 | 190, _) => {
            pause(ACCESS_TOKEN, "the token is invalid or has expired, renew it")
        }
        (3 | 10 | 200..=299, _) => {
            pause(ACCESS_TOKEN, "the token may not write events to this pixel")
        }
        (100, Some(NO_SUCH_OBJECT)) | (803, _) => {
            pause(PIXEL_ID, "there is no such pixel, or the token may not see it")
        }
        (2_500 | 2_635, _) => pause(API_VERSION, "there is no such version any more"),
        _ if answer.status.is_server_error() => retry(Trouble::Unavailable(answered)),
        (100, _) => {
            let reason = "an event has a parameter that is missing, malformed or too old";
            Fate::Refused(Refusal::ByVendor { answered, reason })
        }
        _ => {
            let reason = "it is no code that asks for another try";
            Fate::Refused(Refusal::ByVendor { answered, reason })
        }
    }
}
