//! What a receiver's answers mean: the status is all there is.

use super::config::{SECRET, URL};
use crate::destination::{ConfigFault, Fate, Meaning};
use crate::http::{Answer, HttpError};

/// The event's fate by the answer's status.
pub(super) fn fate(answer: &Answer) -> Fate {
    Meaning::fate(answer, SECRET, URL)
}

/// The event's fate where there is no answer.
pub(super) fn without_answer(error: HttpError) -> Fate {
    if error == HttpError::NotPublic {
        let reason =
            "its host has no public address: name it in `private_host` if it is one of yours";
        return Fate::Paused(ConfigFault::new(URL, reason));
    }
    Fate::from(error)
}
