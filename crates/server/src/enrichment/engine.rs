//! Questions to a vendor, each asked once whatever the concurrency, and their answers put into the caches.

use std::sync::Arc;

use datafly_core::context::ContextValues;
use datafly_core::linking_key::KeyValue;
use datafly_provider::{ProfileId, ProfileProvider};
use jiff::Timestamp;

use super::caches::{Answered, Caches, Identity, Key, Resolution};
use super::flight::{Flights, Joined};
use super::lifetimes::Lifetimes;
use super::miss::Miss;
use crate::protection::{CallError, Guard};
use crate::runtime::Clock;

/// A profile that the vendor named.
pub(super) type Named = (ProfileId, Arc<Answered>);

type LookUp = Result<Option<Named>, CallError>;
type Read = Result<Option<Arc<Answered>>, CallError>;

/// What all integrations share: the caches, and the calls in flight. Outlives a reload.
pub struct Engine {
    pub(super) caches: Caches,
    pub(super) lives: Lifetimes,
    pub(super) clock: Arc<dyn Clock>,
    look_ups: Flights<Key, LookUp>,
    reads: Flights<Key, Read>,
}

/// The vendor of one integration.
#[derive(Clone)]
pub struct Vendor {
    profiles: Arc<dyn ProfileProvider>,
    identity: Identity,
    guard: Arc<Guard>,
}

impl Vendor {
    /// A vendor behind its guard.
    pub fn new(profiles: Arc<dyn ProfileProvider>, guard: Arc<Guard>) -> Self {
        Self { identity: Identity::of(&profiles.identity()), profiles, guard }
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    pub(super) fn guard(&self) -> &Guard {
        &self.guard
    }
}

impl Engine {
    /// Over empty caches.
    pub fn new(caches: Caches, lives: Lifetimes, clock: Arc<dyn Clock>) -> Self {
        let (look_ups, reads) = (Flights::default(), Flights::default());
        Self { caches, lives, clock, look_ups, reads }
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
    ) -> LookUp {
        let landed = || {
            let now = self.clock.now();
            match self.caches.resolution.get(&at)? {
                Resolution::Missed(miss) => (!miss.may_retry(now, news)).then_some(Ok(None)),
                Resolution::Found { id, at } if now.duration_since(at) < self.lives.resolution => {
                    let answered = self.attributes(vendor, &id)?;
                    Some(Ok(Some((id, answered))))
                }
                Resolution::Found { .. } => None,
            }
        };
        let call = || {
            let (engine, vendor, key) = (Arc::clone(self), vendor.clone(), key.clone());
            async move {
                let profile = vendor.guard.call(|| vendor.profiles.look_up(&key)).await?;
                let now = engine.clock.now();
                let Some(profile) = profile else {
                    let before = match engine.caches.resolution.get(&at) {
                        Some(Resolution::Missed(miss)) => Some(miss),
                        _ => None,
                    };
                    let miss = Miss::after(before, now, &engine.lives);
                    engine.caches.resolution.insert(at, Resolution::Missed(miss));
                    return Ok(None);
                };
                let found = Resolution::Found { id: profile.id.clone(), at: now };
                engine.caches.resolution.insert(at, found);
                let answered = Arc::new(Answered::new(&profile.attributes, now));
                engine.keep(&vendor, &profile.id, &answered);
                Ok(Some((profile.id, answered)))
            }
        };
        match self.look_ups.join(at, landed, call) {
            Joined::Landed(found) => found,
            Joined::Flying(flight) => flight.await,
        }
    }

    /// Reads a known profile anew, unless it was read since `not_before`. `None`: the vendor has it no more,
    /// and what was cached of it is gone.
    pub(super) fn read(
        self: &Arc<Self>,
        vendor: &Vendor,
        id: &ProfileId,
        not_before: Timestamp,
    ) -> Joined<Read> {
        let at = self.caches.profile_key(vendor.identity, id);
        let landed = || {
            let answered = self.caches.attributes.get(&at)?;
            (not_before < answered.at).then_some(Ok(Some(answered)))
        };
        let call = || {
            let (engine, vendor, id) = (Arc::clone(self), vendor.clone(), id.clone());
            async move {
                let profile = vendor.guard.call(|| vendor.profiles.profile(&id)).await?;
                let Some(profile) = profile else {
                    engine.caches.attributes.remove(&at);
                    return Ok(None);
                };
                let answered = Arc::new(Answered::new(&profile.attributes, engine.clock.now()));
                engine.keep(&vendor, &id, &answered);
                Ok(Some(answered))
            }
        };
        self.reads.join(at, landed, call)
    }

    /// Reads the personalised attributes of a known profile.
    pub(super) async fn personalise(
        self: &Arc<Self>,
        vendor: &Vendor,
        at: Key,
        id: &ProfileId,
        context: &ContextValues,
    ) -> Read {
        let landed = || self.personalised(at).map(|answered| Ok(Some(answered)));
        let call = || {
            let (engine, vendor) = (Arc::clone(self), vendor.clone());
            let (id, context) = (id.clone(), context.clone());
            async move {
                let read = || vendor.profiles.personalised(&id, &context);
                let attributes = vendor.guard.call(read).await?;
                Ok(attributes.map(|attributes| {
                    let answered = Arc::new(Answered::new(&attributes, engine.clock.now()));
                    engine.caches.personalised.insert(at, Arc::clone(&answered));
                    answered
                }))
            }
        };
        match self.reads.join(at, landed, call) {
            Joined::Landed(read) => read,
            Joined::Flying(flight) => flight.await,
        }
    }

    /// What is cached of a profile, at any age.
    pub(super) fn attributes(&self, vendor: &Vendor, id: &ProfileId) -> Option<Arc<Answered>> {
        self.caches.attributes.get(&self.caches.profile_key(vendor.identity, id))
    }

    /// Personalised attributes within their life.
    pub(super) fn personalised(&self, at: Key) -> Option<Arc<Answered>> {
        let answered = self.caches.personalised.get(&at)?;
        let age = self.clock.now().duration_since(answered.at);
        (age < self.lives.personalised).then_some(answered)
    }

    /// Drops what is cached of a linking key's profile, and that the key leads to it.
    pub(super) fn forget(&self, vendor: &Vendor, key: &KeyValue) {
        let at = self.caches.resolution_key(vendor.identity, key);
        if let Some((_, Resolution::Found { id, .. })) = self.caches.resolution.remove(&at) {
            self.caches.forget_profile(vendor.identity, &id);
        }
    }

    fn keep(&self, vendor: &Vendor, id: &ProfileId, answered: &Arc<Answered>) {
        let at = self.caches.profile_key(vendor.identity, id);
        self.caches.attributes.insert(at, Arc::clone(answered));
    }
}
