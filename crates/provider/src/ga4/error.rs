//! What Google's answers mean: nothing but trouble, since a success proves nothing (domain facts 6.2).

use super::config::MEASUREMENT_ID;
use super::token::API_SECRET;
use crate::destination::{Fate, Meaning};
use crate::http::Answer;

/// The fate of a request's events by the answer's status.
pub(super) fn fate(answer: &Answer) -> Fate {
    Meaning::fate(answer, API_SECRET, MEASUREMENT_ID)
}
