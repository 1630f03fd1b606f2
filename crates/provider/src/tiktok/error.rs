//! What TikTok's answers mean for the events of a request (domain facts 6.3).

use super::config::PIXEL_CODE;
use super::token::ACCESS_TOKEN;
use super::wire;
use crate::destination::{Answered, ConfigFault, Fate, Meaning, Refusal, Trouble};
use crate::http::Answer;

/// The fate of all events of the request. A code counts whatever the status, which is 200 for most.
pub(super) fn fate(answer: &Answer) -> Fate {
    match wire::code(&answer.body) {
        Some(code) => of_code(answer, code),
        None if answer.status.is_success() => {
            let why = Trouble::BadAnswer { reason: "it has no `code`" };
            Fate::Retry { why, retry_after: answer.retry_after }
        }
        None => Meaning::fate(answer, ACCESS_TOKEN, PIXEL_CODE),
    }
}

fn of_code(answer: &Answer, code: i64) -> Fate {
    let answered = Answered::Code(code);
    let retry = |why| Fate::Retry { why, retry_after: answer.retry_after };
    let refused = |reason| Fate::Refused(Refusal::ByVendor { answered, reason });
    let pause = |what: &str| {
        let reason = format!("TikTok answered {answered}: {what}");
        Fate::Paused(ConfigFault::new(ACCESS_TOKEN, reason))
    };
    match code {
        // Of a gateway in between, if the status is a failure.
        0 => Meaning::fate(answer, ACCESS_TOKEN, PIXEL_CODE),
        // Which ones it took is not documented; alone, each is told by its own answer.
        20_001 => refused("it was not taken, or not as a whole"),
        40_100 => retry(Trouble::RateLimited),
        40_001 => pause("the token may not write events to this pixel"),
        // The codes of this hundred are all about the token.
        40_101..=40_199 => pause("the token is invalid or has expired, renew it"),
        // A timeout inside of TikTok, although it looks like a refusal.
        40_700 => retry(Trouble::Unavailable(answered)),
        40_002 => refused("an event has a parameter that is missing or malformed"),
        40_000..=49_999 => refused("it is no documented code that asks for another try"),
        _ => retry(Trouble::Unavailable(answered)),
    }
}
