//! Whether profiles can be looked up: the key, the collection and its linking keys.

use std::collections::BTreeSet;

use datafly_core::id::Identifier;
use datafly_core::linking_key::{KeyValue, Source};

use super::ailments::{
    COLLECTION_UNKNOWN, COLLECTION_WITHOUT_LINKING_KEYS, LINKING_KEY_NOT_IN_COLLECTION,
    PROFILE_CREDENTIALS_MISSING, PROFILE_TOKEN_REFUSED, PROFILE_TOKEN_SCOPE, VENDOR_IN_TROUBLE,
    VENDOR_UNREACHABLE,
};
use super::heard::Heard;
use super::{AmperityDiagnosis, AmperityProfiles};
use crate::diagnosis::{Ailment, Check, Exam};
use crate::profile::{ProfileProvider, ProviderError};

/// Configuration key of the collection.
const COLLECTION_KEY: &str = "profile_collection_id";

/// Configuration key of what is looked up by.
const LINKING_KEYS: &str = "linking_keys";

/// A linking key that no collection lists.
const NO_LINKING_KEY: &str = "datafly_doctor_no_such_key";

impl AmperityDiagnosis {
    /// What the collection says to a linking key that it cannot have. A collection that has any refuses it.
    pub(super) async fn ask_collection(profiles: &AmperityProfiles, exam: &Exam) -> Heard {
        let value = Identifier::from(exam.marker);
        let key = KeyValue { key: NO_LINKING_KEY.into(), value };
        match profiles.look_up(&key).await {
            Ok(Some(_)) | Err(ProviderError::KeyRefused { .. }) => Heard::Fine,
            Ok(None) => match profiles.has_collection().await {
                Ok(true) => Heard::NoLinkingKeys,
                Ok(false) => Heard::Unknown,
                Err(error) => error.into(),
            },
            Err(error) => error.into(),
        }
    }

    /// What that says of the configuration.
    pub(super) fn of_collection(&self, heard: &Heard) -> Check {
        let claim = "Amperity takes the profiles' key, and the collection has linking keys";
        let found = |ailment: &'static Ailment, key: &str, seen: &str| {
            Check::found(claim, ailment, key, seen)
        };
        match heard {
            Heard::Fine => Check::good(claim),
            Heard::Unreachable(reason) => {
                found(&VENDOR_UNREACHABLE, self.host_key, &format!("no connection: {reason}"))
            }
            Heard::Rejected => found(&PROFILE_TOKEN_REFUSED, self.profiles_key, "401 on a look-up"),
            Heard::OutOfScope => found(&PROFILE_TOKEN_SCOPE, self.profiles_key, "403 on a look-up"),
            Heard::Unknown => {
                let seen = "404 on a look-up, and on the collection itself";
                found(&COLLECTION_UNKNOWN, COLLECTION_KEY, seen)
            }
            Heard::NoLinkingKeys => {
                let seen = "404 even on a look-up by a key that no collection lists, which is 400 otherwise";
                found(&COLLECTION_WITHOUT_LINKING_KEYS, LINKING_KEYS, seen)
            }
            Heard::NoToken(reason) => Check::skipped(claim, reason),
            Heard::Trouble(seen) => found(&VENDOR_IN_TROUBLE, self.profiles_key, seen),
            Heard::Dropped | Heard::Refused => {
                found(&VENDOR_IN_TROUBLE, self.profiles_key, "an answer that look-ups do not have")
            }
        }
    }

    /// Looks nobody up by each key; answers the one that a visitor's own id can be looked up by.
    pub(super) async fn of_keys(
        &self,
        profiles: &AmperityProfiles,
        collection: &Heard,
        exam: &Exam,
        checks: &mut Vec<Check>,
    ) -> Option<KeyValue> {
        if *collection != Heard::Fine {
            return None;
        }
        let nobody = exam.nobody().ok()?;
        let (mut readable, mut asked) = (None, BTreeSet::new());
        for (index, linking) in self.linking_keys.iter().enumerate() {
            let Some(key) = linking.value_of(&nobody) else { continue };
            if !asked.insert(linking.key.clone()) {
                continue;
            }
            let claim = format!("the collection lists the linking key `{}`", linking.key);
            let check = match profiles.look_up(&key).await {
                Ok(_) => {
                    if matches!(linking.source, Source::CanonicalId | Source::AnonymousId) {
                        readable.get_or_insert(key);
                    }
                    Check::good(claim)
                }
                Err(ProviderError::KeyRefused { .. }) => {
                    let at = format!("{LINKING_KEYS}[{index}].key");
                    Check::found(
                        claim,
                        &LINKING_KEY_NOT_IN_COLLECTION,
                        at,
                        "400 on a look-up by it",
                    )
                }
                Err(error) => {
                    Check::found(claim, &VENDOR_IN_TROUBLE, self.profiles_key, error.to_string())
                }
            };
            checks.push(check);
        }
        readable
    }

    /// Where no look-up is configured: whether something needs one.
    pub(super) fn without_profiles(&self) -> Check {
        let claim = "what needs profiles has a key to look them up with";
        if !self.wants_profiles {
            return Check::skipped(claim, "nothing of this integration needs profiles");
        }
        let seen =
            "`linking_keys` or `browser_attribute_allowlist` is written, and no `profile_api_key`";
        Check::found(claim, &PROFILE_CREDENTIALS_MISSING, self.profiles_key, seen)
    }
}
