//! Amperity's shapes. Only what is used is read: `links`, which carries raw e-mails and phone numbers,
//! and everything else besides the attributes never becomes a value of ours.

use std::collections::BTreeMap;

use datafly_core::attributes::Attributes;
use serde::{Deserialize, Serialize};

use crate::profile::{Profile, ProfileId, ProviderError};

/// Body of `POST /prof/lookup/{collection}/keychain`. The POST form, because a GET would put the
/// identifier into URLs and access logs.
#[derive(Serialize)]
pub(super) struct LookupRequest<'a> {
    keys: BTreeMap<&'a str, &'a str>,
    enrich: bool,
}

impl<'a> LookupRequest<'a> {
    /// One key per call: whether several are AND-ed or OR-ed is not documented.
    pub(super) fn of(key: &'a str, value: &'a str) -> Self {
        Self { keys: BTreeMap::from([(key, value)]), enrich: false }
    }
}

#[derive(Deserialize)]
struct ProfileResponse {
    profile_id: String,
    #[serde(default)]
    attributes: Attributes,
}

/// Reads the answer of a look-up or of a profile read: one shape for both.
pub(super) fn profile(body: &[u8]) -> Result<Profile, ProviderError> {
    let response: ProfileResponse = serde_json::from_slice(body).map_err(|error| {
        let reason = if error.is_data() {
            "it is JSON, but not a profile with `profile_id` and `attributes`"
        } else {
            "it is not JSON"
        };
        ProviderError::BadAnswer { reason }
    })?;
    // A URL drops what these hold, so that the id would be read as another one.
    let id = response.profile_id;
    if id.is_empty() || matches!(&*id, "." | "..") || id.contains(char::is_control) {
        let reason = "`profile_id` is empty, or nothing that a URL can carry";
        return Err(ProviderError::BadAnswer { reason });
    }
    Ok(Profile { id: ProfileId::new(id), attributes: response.attributes })
}
