//! The credential: an access token of an API key for the Profile API.

use std::sync::Arc;

use http::StatusCode;

use super::config::Config;
use crate::profile::{Credential, Scheme};
use crate::surroundings::Surroundings;
use crate::token::Configured;

/// Configuration key of the credential.
pub(super) const PROFILE_KEY: &str = "profile_api_key";

/// What it has to be good for, as Amperity's key dialog calls it.
pub(super) const PROFILE_SCOPE: &str = "Profile API Data Access";

/// The credential for reading an index.
pub(super) fn credential(config: &Config, around: &Surroundings) -> Credential {
    let tokens = Configured::new(PROFILE_KEY, &config.api_keys, Arc::clone(&around.clock));
    Credential {
        tokens: Arc::new(tokens),
        scope: PROFILE_SCOPE.to_owned(),
        scheme: Scheme::Bearer,
        refused: StatusCode::UNAUTHORIZED,
    }
}
