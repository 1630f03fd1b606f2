//! How often an account was asked, by what came of it; how often it was not, by why.

use std::collections::BTreeMap;

use datafly_provider::ProviderError;

use super::Refusal;

/// What an answer counts as.
const ANSWERED: &str = "answered";

/// Counts of one account, by words of a fixed list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that were made.
    pub calls: BTreeMap<&'static str, u64>,
    /// Calls that were not.
    pub refusals: BTreeMap<&'static str, u64>,
}

impl Counts {
    pub(super) fn called(&mut self, error: Option<&ProviderError>) {
        *self.calls.entry(error.map_or(ANSWERED, ProviderError::as_str)).or_default() += 1;
    }

    pub(super) fn refused(&mut self, refusal: Refusal) {
        *self.refusals.entry(refusal.as_str()).or_default() += 1;
    }
}
