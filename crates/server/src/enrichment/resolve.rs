//! Resolution: which profile is this visitor's, and what is known of it.

use std::sync::Arc;

use datafly_core::linking_key::KeyValue;
use datafly_provider::{ProfileId, ProviderError};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use super::caches::{Answered, Key, Resolution};
use super::decision::{Source, Step, StepOutcome};
use super::engine::{LookUp, Named, Vendor};
use super::lifetimes::{REFRESH, REFRESH_PAUSE};
use super::{Ask, Enrichment};
use crate::protection::{CallError, Refusal};

/// The visitor's profile.
#[derive(Clone)]
pub(super) struct Profile {
    pub(super) id: ProfileId,
    pub(super) attributes: Arc<Answered>,
    pub(super) source: Source,
}

/// What is known so far of why the answer will be what it is; outlives a deadline.
#[derive(Default)]
pub(super) struct Trail {
    pub(super) steps: Vec<Step>,
    pub(super) unproven: bool,
    /// The plain attributes, while the personalised ones are waited for.
    pub(super) plain: Option<Profile>,
}

/// What one linking key came to.
enum ByKey {
    Profile(Profile, StepOutcome),
    Nobody(StepOutcome),
    Failed(CallError),
}

impl Enrichment {
    /// Tries the linking keys in order; the error is why there is no profile.
    pub(super) async fn resolve(
        &self,
        vendor: &Vendor,
        ask: &Ask<'_>,
        trail: &mut Trail,
    ) -> Result<Profile, Source> {
        let mut tried = false;
        for key in self.linking_keys.values_of(ask.who) {
            tried = true;
            trail.unproven |= self.is_unproven(ask, &key);
            let by_key = self.by_key(vendor, ask, &key).await;
            let mut step = |outcome| {
                // Kept for thousands of visitors, and mostly the only one.
                trail.steps.reserve_exact(1);
                trail.steps.push(Step { key: Arc::clone(&key.key), outcome });
            };
            match by_key {
                ByKey::Profile(profile, outcome) => {
                    step(outcome);
                    return Ok(profile);
                }
                ByKey::Nobody(outcome) => step(outcome),
                // A refused key says nothing of the next one; any other failure would repeat, and a later
                // key's profile would be the wrong person's if this one is the better.
                ByKey::Failed(CallError::Vendor(ProviderError::KeyRefused { .. })) => {
                    step(StepOutcome::Refused);
                }
                ByKey::Failed(error) => {
                    step(StepOutcome::Failed);
                    return Err(source_of(&error));
                }
            }
        }
        Err(if tried { Source::NoProfile } else { Source::NoIdentifier })
    }

    /// What is cached of the key that was being waited for when the time was up, at whatever age may be shown
    /// when the vendor fails. The keys before it lead nowhere; one behind it could name another person.
    pub(super) fn known(&self, vendor: &Vendor, ask: &Ask<'_>, trail: &Trail) -> Option<Profile> {
        let key = self.linking_keys.values_of(ask.who).nth(trail.steps.len())?;
        let at = self.engine.caches().resolution_key(vendor.identity(), &key);
        match self.engine.caches().resolution.get(&at)? {
            Resolution::Found { id, .. } => self.known_profile(vendor, &id, ask.now),
            Resolution::Missed(_) => None,
        }
    }

    async fn by_key(&self, vendor: &Vendor, ask: &Ask<'_>, key: &KeyValue) -> ByKey {
        let engine = &self.engine;
        let at = engine.caches().resolution_key(vendor.identity(), key);
        let cached = engine.caches().resolution.get(&at);
        let mut known = None;
        match cached {
            Some(Resolution::Missed(miss)) if !miss.may_retry(ask.now, ask.record.news_at()) => {
                return ByKey::Nobody(StepOutcome::Dampened);
            }
            Some(Resolution::Found { id, at: found_at })
                if ask.now.duration_since(found_at) < vendor.lives().resolution =>
            {
                match self.attributes(vendor, ask, &id).await {
                    Ok(Some(profile)) => return ByKey::Profile(profile, StepOutcome::Cached),
                    // The profile is gone, so the key leads nowhere now.
                    Ok(None) => {}
                    Err(error) => return ByKey::Failed(error),
                }
            }
            Some(Resolution::Found { id, .. }) => known = Some(id),
            Some(Resolution::Missed(_)) | None => {}
        }

        // Boxed, as is all that waits for a vendor: most answers are cached, and carry less around.
        match self.ask_vendor(vendor, ask, at, key).boxed().await {
            Ok(Some((id, attributes))) => {
                let profile = Profile { id, attributes, source: Source::Vendor };
                ByKey::Profile(profile, StepOutcome::Found)
            }
            Ok(None) => ByKey::Nobody(StepOutcome::Missed),
            Err(error) => match known.and_then(|id| self.known_profile(vendor, &id, ask.now)) {
                Some(profile) => ByKey::Profile(profile, StepOutcome::Cached),
                None => ByKey::Failed(error),
            },
        }
    }

    /// Asks the vendor whom a key names, unless it lately refused the key.
    async fn ask_vendor(
        &self,
        vendor: &Vendor,
        ask: &Ask<'_>,
        at: Key,
        key: &KeyValue,
    ) -> Result<LookUp, CallError> {
        let name = &key.key;
        if self.refused_keys.holds(name, ask.now) {
            return Err(ProviderError::KeyRefused { key: name.to_string() }.into());
        }
        if !(ask.may_call)() {
            return Err(CallError::Refused(Refusal::Limited));
        }
        let looked_up = self.engine.look_up(vendor, at, key, ask.record.news_at()).await;
        match &looked_up {
            Ok(_) => self.refused_keys.answered(name, ask.now),
            Err(CallError::Vendor(error)) => {
                if matches!(error, ProviderError::KeyRefused { .. }) {
                    self.refused_keys.refused(name, ask.now);
                }
                tracing::warn!(provider.name = %self.name, linking_key = &**name, %error,
                    "failed to look a visitor up");
            }
            // Our own doing, and reported where it began.
            Err(CallError::Refused(_)) => {}
        }
        looked_up
    }

    /// The attributes of a known profile: fresh, or stale while one refresh runs. `None`: it is gone.
    async fn attributes(
        &self,
        vendor: &Vendor,
        ask: &Ask<'_>,
        id: &ProfileId,
    ) -> Result<Option<Profile>, CallError> {
        let engine = &self.engine;
        let profile = |(id, attributes): Named, source| Profile { id, attributes, source };
        let cached = match engine.cached(vendor, id) {
            Some(None) => return Ok(None),
            cached => cached.flatten(),
        };
        let fresh = if ask.refresh { REFRESH } else { vendor.lives().fresh };
        let not_before = ask.now.checked_sub(fresh).unwrap_or(Timestamp::MIN);
        if let Some(cached) = &cached {
            if not_before < cached.at {
                return Ok(Some(profile((id.clone(), Arc::clone(cached)), Source::Fresh)));
            }
            if !ask.refresh && ask.now.duration_since(cached.at) < vendor.lives().stale {
                let source = self.revalidate(vendor, ask, id, cached, not_before);
                return Ok(Some(profile((id.clone(), Arc::clone(cached)), source)));
            }
        }
        let read = if (ask.may_call)() {
            engine.read(vendor, id, not_before).found().await
        } else {
            Err(CallError::Refused(Refusal::Limited))
        };
        match read {
            Ok(read) => {
                Ok(read.map(|attributes| profile((id.clone(), attributes), Source::Vendor)))
            }
            Err(error) => match self.known_profile(vendor, id, ask.now) {
                Some(known) => Ok(Some(known)),
                None => Err(error),
            },
        }
    }

    /// Starts a refresh that nobody waits for, unless one was started a moment ago.
    pub(super) fn revalidate(
        &self,
        vendor: &Vendor,
        ask: &Ask<'_>,
        id: &ProfileId,
        cached: &Answered,
        not_before: Timestamp,
    ) -> Source {
        if vendor.guard().refuses() {
            return Source::StaleOnError;
        }
        if cached.may_refresh(ask.now, REFRESH_PAUSE) && (ask.may_call)() {
            // A task of its own, which fills the cache.
            drop(self.engine.read(vendor, id, not_before));
        }
        Source::Stale
    }

    fn known_profile(&self, vendor: &Vendor, id: &ProfileId, now: Timestamp) -> Option<Profile> {
        let attributes = self.engine.attributes(vendor, id)?;
        let age: SignedDuration = now.duration_since(attributes.at);
        let source = Source::StaleOnError;
        (age < vendor.lives().stale).then(|| Profile { id: id.clone(), attributes, source })
    }

    /// Whether this key's value is one that `required` would not have given out.
    fn is_unproven(&self, ask: &Ask<'_>, key: &KeyValue) -> bool {
        ask.proven
            .is_some_and(|proven| !self.linking_keys.values_of(proven).any(|proven| proven == *key))
    }
}

fn source_of(error: &CallError) -> Source {
    match error {
        CallError::Refused(Refusal::Limited) => Source::Limited,
        CallError::Refused(Refusal::Forgotten) => Source::Forgotten,
        CallError::Refused(_) => Source::NotAsked,
        CallError::Vendor(_) => Source::VendorFailed,
    }
}
