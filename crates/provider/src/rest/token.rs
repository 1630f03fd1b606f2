//! The credential: what the owner pasted, sent as the vendor wants it.

use std::sync::Arc;

use http::StatusCode;

use super::config::Auth;
use crate::profile::Credential;
use crate::surroundings::Surroundings;
use crate::token::Configured;

/// Configuration key of how requests are proven.
pub(super) const AUTH: &str = "auth";

/// Configuration key of the credential.
pub(super) const AUTH_SECRET: &str = "auth_secret";

/// The credential for the declared request.
pub(super) fn credential(auth: &Auth, around: &Surroundings) -> Credential {
    let tokens = Configured::new(AUTH_SECRET, &auth.secrets, Arc::clone(&around.clock));
    Credential {
        tokens: Arc::new(tokens),
        scope: String::new(),
        scheme: auth.scheme.clone(),
        refused: StatusCode::UNAUTHORIZED,
    }
}
