//! Which credential serves which call. Amperity's keys are scoped: the Profile API key reads profiles
//! and nothing else, the Streaming Ingest key writes events and nothing else; crossed, they answer 403. The control
//! API takes a third.

use std::sync::Arc;

use secrecy::SecretString;

use super::config::{IngestConfig, ProfileConfig};
use crate::surroundings::Surroundings;
use crate::token::{Configured, TokenSource};

/// Configuration key of the credential that reads profiles.
pub(super) const PROFILE_KEY: &str = "profile_api_key";

/// The scope it needs, as Amperity's key dialog calls it.
pub(super) const PROFILE_SCOPE: &str = "Profile Read Access";

/// Configuration key of the credential that writes events.
pub(super) const INGEST_KEY: &str = "api_key";

/// The scope it needs, as Amperity's key dialog calls it.
pub(super) const INGEST_SCOPE: &str = "Streaming Ingest Write Access";

/// Configuration key of the credential that asks the control API.
pub(super) const CONTROL_KEY: &str = "control.api_key";

/// The option it is generated with, as Amperity's key dialog calls it.
pub(super) const CONTROL_SCOPE: &str = "DataGrid Operator";

/// The credential for reading profiles.
pub(super) fn for_profiles(config: &ProfileConfig, around: &Surroundings) -> Arc<dyn TokenSource> {
    Arc::new(Configured::new(PROFILE_KEY, &config.api_keys, Arc::clone(&around.clock)))
}

/// The credential for writing events.
pub(super) fn for_events(config: &IngestConfig, around: &Surroundings) -> Arc<dyn TokenSource> {
    Arc::new(Configured::new(INGEST_KEY, &config.api_keys, Arc::clone(&around.clock)))
}

/// The credential for the control API.
pub(super) fn for_control(keys: &[SecretString], around: &Surroundings) -> Arc<dyn TokenSource> {
    Arc::new(Configured::new(CONTROL_KEY, keys, Arc::clone(&around.clock)))
}
