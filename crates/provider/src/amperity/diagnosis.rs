//! What is wrong with an Amperity integration: the seed's troubleshooting table, row by row, against the vendor.
//!
//! Nothing is written but by the canary. Whether the stream and its key are good is asked with a body that is no
//! event (`[]`), which Amperity documents to answer 400 once everything else is right (domain facts 2.2); a
//! collection, with a linking key that nobody has: one that lists its keys refuses it, and one that answers "no
//! match" lists none, or is none. Which of the two, the collection's own statistics tell (domain facts 2.4).
//!
//! The canary is one event of a visitor who exists in it only. It is waited for [`CANARY_WAIT`], since Amperity says
//! of a profile that it has an event after about 15 seconds (the seed, "Verify it's working").

mod ailments;
mod canary;
mod heard;
mod profiles;
mod stream;

use std::time::Duration;

use async_trait::async_trait;
use datafly_core::linking_key::LinkingKeys;

pub use self::ailments::AILMENTS;
use self::heard::Heard;
use super::config::Config;
use super::token::{EVENTS, PROFILES};
use super::{AmperityEvents, AmperityProfiles};
use crate::diagnosis::{Ailment, Check, Diagnosis, Exam};
use crate::surroundings::Surroundings;

/// How long the canary is waited for.
const CANARY_WAIT: Duration = Duration::from_secs(20);

/// Examines one integration.
pub struct AmperityDiagnosis {
    stream: AmperityEvents,
    profiles: Option<AmperityProfiles>,
    linking_keys: LinkingKeys,
    /// There is an allowlist or a linking key, which profiles alone are for.
    wants_profiles: bool,
    /// The key that the host comes from.
    host_key: &'static str,
    /// The keys that the credentials come from.
    events_key: &'static str,
    profiles_key: &'static str,
}

impl AmperityDiagnosis {
    /// The examination of an integration.
    pub fn new(around: &Surroundings, config: &Config) -> Self {
        let (lookups, profiles) = (&config.lookups, config.profiles.as_ref());
        let is_vendors =
            config.base_url.host_str().is_some_and(|host| host.ends_with(".amperity.com"));
        Self {
            stream: AmperityEvents::new(around, config),
            profiles: AmperityProfiles::new(around, config),
            linking_keys: lookups.linking_keys.clone(),
            wants_profiles: !lookups.allowlist.is_empty()
                || lookups.linking_keys.iter().next().is_some(),
            host_key: if is_vendors { "tenant_subdomain" } else { "base_url" },
            events_key: config.ingest.credential.key(&EVENTS),
            profiles_key: profiles.map_or(PROFILES.key, |it| it.credential.key(&PROFILES)),
        }
    }

    /// What is wrong with both sides alike, told once.
    fn of_both(&self, stream: &Heard, profiles: &Heard) -> Option<Check> {
        let claim = "Amperity takes both keys";
        let found = |ailment: &'static Ailment, key: &str, seen: String| {
            Some(Check::found(claim, ailment, key, seen))
        };
        match (stream, profiles) {
            (Heard::Unreachable(reason), Heard::Unreachable(_)) => {
                let seen = format!("no connection: {reason}");
                found(&ailments::VENDOR_UNREACHABLE, self.host_key, seen)
            }
            (Heard::Rejected, Heard::Rejected) => {
                let seen = "both keys are answered 401".to_owned();
                found(&ailments::TENANT_REFUSED, "tenant_id", seen)
            }
            (Heard::OutOfScope, Heard::OutOfScope) => {
                let seen = format!(
                    "`{}` and `{}` are both answered 403",
                    self.events_key, self.profiles_key
                );
                found(&ailments::KEYS_SWAPPED, self.events_key, seen)
            }
            _ => None,
        }
    }
}

#[async_trait]
impl Diagnosis for AmperityDiagnosis {
    async fn examine(&self, exam: &Exam) -> Vec<Check> {
        let stream = self.ask_stream().await;
        let profiles = match &self.profiles {
            Some(profiles) => Some(Self::ask_collection(profiles, exam).await),
            None => None,
        };
        if let Some(told) = profiles.as_ref().and_then(|heard| self.of_both(&stream, heard)) {
            return vec![told];
        }
        let mut checks = vec![self.of_stream(&stream)];
        let mut readable = None;
        if let (Some(provider), Some(heard)) = (&self.profiles, &profiles) {
            checks.push(self.of_collection(heard));
            readable = self.of_keys(provider, heard, exam, &mut checks).await;
        } else {
            checks.push(self.without_profiles());
        }
        if exam.canary {
            checks.push(self.canary(&stream, readable, exam).await);
        } else {
            let why = "it writes an event to the vendor: ask for it with `--canary`";
            checks.push(Check::skipped(canary::CLAIM, why));
        }
        checks
    }
}
