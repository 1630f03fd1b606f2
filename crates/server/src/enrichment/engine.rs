//! Questions to a vendor, each asked once whatever the concurrency, and their answers put into the caches.

use std::sync::Arc;

use datafly_core::attributes::Attributes;
use datafly_core::context::ContextValues;
use datafly_core::linking_key::KeyValue;
use datafly_provider::{ProfileId, ProfileProvider, ProviderError, TokenStatus};
use jiff::Timestamp;

use super::caches::{Answered, Caches, Identity, Key, Resolution};
use super::flight::{Flights, Joined};
use super::lifetimes::Lifetimes;
use super::miss::Miss;
use super::observed::Observed;
use crate::protection::{CallError, Guard};
use crate::runtime::Clock;

/// A profile that the vendor named.
pub(super) type Named = (ProfileId, Arc<Answered>);

/// Whom a linking key names.
pub(super) type LookUp = Option<Named>;

/// What the vendor has of a profile.
pub(super) type Read = Option<Arc<Answered>>;

/// What all integrations share: the caches, the calls in flight, and what attributes have been. Outlives a reload.
pub struct Engine {
    pub(super) caches: Caches,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observed: Observed,
    look_ups: Flights<Key, LookUp>,
    reads: Flights<Key, Read>,
}

/// The vendor of one integration.
#[derive(Clone)]
pub struct Vendor {
    profiles: Arc<dyn ProfileProvider>,
    identity: Identity,
    guard: Arc<Guard>,
    lives: Lifetimes,
}

impl Vendor {
    /// A vendor behind its guard, whose answers live so long.
    pub fn new(profiles: Arc<dyn ProfileProvider>, guard: Arc<Guard>, lives: Lifetimes) -> Self {
        Self { identity: Identity::of(&profiles.identity()), profiles, guard, lives }
    }

    pub(super) fn tokens(&self) -> Vec<TokenStatus> {
        self.profiles.tokens()
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    pub(super) fn guard(&self) -> &Guard {
        &self.guard
    }

    pub(super) fn lives(&self) -> &Lifetimes {
        &self.lives
    }
}

impl Engine {
    /// Over empty caches.
    pub fn new(caches: Caches, clock: Arc<dyn Clock>) -> Self {
        let (look_ups, reads) = (Flights::default(), Flights::default());
        Self { caches, clock, observed: Observed::default(), look_ups, reads }
    }

    /// How full the caches are.
    pub fn caches(&self) -> &Caches {
        &self.caches
    }

    /// Asks whom a linking key names. A key whose answer has just landed is not asked again.
    pub(super) async fn look_up(
        self: &Arc<Self>,
        vendor: &Vendor,
        at: Key,
        key: &KeyValue,
        news: Option<Timestamp>,
    ) -> Result<LookUp, CallError> {
        let landed = || {
            let now = self.clock.now();
            match self.caches.resolution.get(&at)? {
                Resolution::Missed(miss) => (!miss.may_retry(now, news)).then_some(None),
                Resolution::Found { id, at }
                    if now.duration_since(at) < vendor.lives.resolution =>
                {
                    let answered = self.attributes(vendor, &id)?;
                    Some(Some((id, answered)))
                }
                Resolution::Found { .. } => None,
            }
        };
        let call = || {
            let (engine, vendor, key) = (Arc::clone(self), vendor.clone(), key.clone());
            async move {
                let profile = vendor.guard.call(|| vendor.profiles.look_up(&key)).await?;
                Ok(profile.map(|profile| {
                    let answered = Answered::plain(&profile.attributes, engine.clock.now());
                    (profile.id, Arc::new(answered))
                }))
            }
        };
        let (engine, vendor) = (Arc::clone(self), vendor.clone());
        let keep = move |found: &LookUp| engine.keep_resolution(&vendor, at, found.as_ref());
        self.look_ups.join(at, landed, call, keep).found().await
    }

    fn keep_resolution(&self, vendor: &Vendor, at: Key, found: Option<&Named>) {
        let resolution = if let Some((id, answered)) = found {
            let profile = self.caches.profile_key(vendor.identity, id);
            self.caches.attributes.insert(profile, Some(Arc::clone(answered)));
            Resolution::Found { id: id.clone(), at: answered.at }
        } else {
            let before = match self.caches.resolution.get(&at) {
                Some(Resolution::Missed(miss)) => Some(miss),
                _ => None,
            };
            Resolution::Missed(Miss::after(before, self.clock.now(), &vendor.lives))
        };
        self.caches.resolution.insert(at, resolution);
    }

    /// Reads a known profile anew, unless it was read since `not_before`. `None`: the vendor has it no more.
    /// That is kept, so that every key which leads there is looked up anew without asking for it again.
    pub(super) fn read(
        self: &Arc<Self>,
        vendor: &Vendor,
        id: &ProfileId,
        not_before: Timestamp,
    ) -> Joined<Read> {
        let at = self.caches.profile_key(vendor.identity, id);
        let landed = || match self.caches.attributes.get(&at)? {
            Some(answered) => (not_before < answered.at).then_some(Some(answered)),
            None => Some(None),
        };
        let call = || {
            let (engine, vendor, id) = (Arc::clone(self), vendor.clone(), id.clone());
            async move {
                let profile = vendor.guard.call(|| vendor.profiles.profile(&id)).await?;
                let now = engine.clock.now();
                Ok(profile.map(|profile| Arc::new(Answered::plain(&profile.attributes, now))))
            }
        };
        let engine = Arc::clone(self);
        let keep = move |read: &Read| engine.caches.attributes.insert(at, read.clone());
        self.reads.join(at, landed, call, keep)
    }

    /// Reads the personalised attributes of a known profile, to be shown over `underneath` bytes. `None`: the
    /// vendor has no such profile, or not for this context. Either, and a context that it refuses, counts
    /// as an empty map for as long as any other: asked on every page it would answer the same.
    pub(super) async fn personalise(
        self: &Arc<Self>,
        vendor: &Vendor,
        at: Key,
        id: &ProfileId,
        underneath: usize,
        context: &ContextValues,
    ) -> Result<Read, CallError> {
        let landed = || self.personalised(vendor, at).map(Some);
        let call = || {
            let (engine, vendor) = (Arc::clone(self), vendor.clone());
            let (id, context) = (id.clone(), context.clone());
            async move {
                let read = || vendor.profiles.personalised(&id, &context);
                let attributes = match vendor.guard.call(read).await {
                    Err(CallError::Vendor(error @ ProviderError::ContextRefused)) => {
                        tracing::warn!(vendor.account = vendor.guard.account(), %error, "failed to personalise");
                        Some(Attributes::new())
                    }
                    attributes => attributes?,
                };
                let now = engine.clock.now();
                Ok(attributes
                    .map(|attributes| Arc::new(Answered::over(underneath, &attributes, now))))
            }
        };
        let engine = Arc::clone(self);
        let keep = move |read: &Read| {
            let nothing = || Answered::over(0, &Attributes::new(), engine.clock.now());
            let answered = read.clone().unwrap_or_else(|| Arc::new(nothing()));
            engine.caches.personalised.insert(at, answered);
        };
        self.reads.join(at, landed, call, keep).found().await
    }

    /// What is cached of a profile, at any age.
    pub(super) fn attributes(&self, vendor: &Vendor, id: &ProfileId) -> Option<Arc<Answered>> {
        self.cached(vendor, id).flatten()
    }

    /// The same, where `Some(None)` is a profile that is gone.
    pub(super) fn cached(&self, vendor: &Vendor, id: &ProfileId) -> Option<Read> {
        self.caches.attributes.get(&self.caches.profile_key(vendor.identity, id))
    }

    /// Personalised attributes within their life.
    pub(super) fn personalised(&self, vendor: &Vendor, at: Key) -> Option<Arc<Answered>> {
        let answered = self.caches.personalised.get(&at)?;
        let age = self.clock.now().duration_since(answered.at);
        (age < vendor.lives.personalised).then_some(answered)
    }

    /// Drops what is cached of a linking key's profile, and that the key leads to it. Calls under way bring
    /// neither back.
    pub(super) fn forget(&self, vendor: &Vendor, key: &KeyValue) {
        let at = self.caches.resolution_key(vendor.identity, key);
        self.look_ups.call_off(|flight| *flight == at);
        if let Some((_, Resolution::Found { id, .. })) = self.caches.resolution.remove(&at) {
            let [profile, _] = self.caches.profile_key(vendor.identity, &id);
            // Its own read, and those of its contexts.
            self.reads.call_off(|[flight, _]| *flight == profile);
            self.caches.forget_profile(vendor.identity, &id);
        }
    }
}
