//! Visitors: who a request comes from, and what changes about them.
//!
//! A visitor exists once an event was accepted from it: an id that came with no event leaves no record.
//! A log-out and what somebody consents to are durable before the change returns; what else an event
//! changes is so once the event is appended. Writes are conditional on the version that was read; a lost
//! race is read and decided again.

mod news;
mod present;
mod recent;

use std::sync::Arc;

use datafly_core::consent::Consent;
use datafly_core::id::{CanonicalId, PipelineKey};
use datafly_core::visitor::{Binding, Claims, Identified, Verification, Visitor};
use datafly_store::{Durable, Put, State, StoreError, VisitorKey, VisitorWrite};
use jiff::{SignedDuration, Timestamp};

pub use self::news::News;
pub use self::present::Present;
use self::recent::{Recent, Seen};
use crate::credential::Credential;
use crate::runtime::{EntropyError, Runtime};

/// How long a record lives after its last write: as long as the cookie that names it.
const LIFE: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A record is written anew when it has lost this much of its life, so that visitors who only look
/// around do not expire, and do not cost a write per page either.
const RENEW_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// How long a dead id is remembered: as long as the cookie that names it. The answer to a log-out may never
/// have reached the browser, and the id must not come alive again while any cookie still holds it.
const TOMBSTONE_LIFE: SignedDuration = LIFE;

/// Races are between a browser's own tabs; more than this many in a row is something else.
pub const MAX_RACES: usize = 16;

/// Why a visitor's record could not be read or changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VisitorError {
    /// The engine failed.
    #[error(transparent)]
    State(#[from] StoreError),
    /// No random bytes for a new id.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// Every try was overtaken by another write.
    #[error("the visitor's record kept changing while it was written")]
    Contended,
}

/// Reads and changes visitors of all pipelines.
pub struct Visitors {
    state: Arc<dyn State>,
    recent: Recent,
    runtime: Runtime,
}

impl Visitors {
    /// Over an engine.
    pub fn new(state: Arc<dyn State>, runtime: Runtime) -> Self {
        Self { state, recent: Recent::new(), runtime }
    }

    /// The visitor a credential names; a new one where there is no credential, or a dead one.
    pub async fn recognise(
        &self,
        pipeline: &PipelineKey,
        credential: Option<&Credential>,
        now: Timestamp,
    ) -> Result<Present, VisitorError> {
        let Some(Credential { id, version, .. }) = credential else { return self.mint(None) };
        let key = VisitorKey { pipeline: pipeline.clone(), id: *id };
        let present = match self.recent.get(&key, *version, now) {
            Some(seen) => Present::known(*id, seen),
            None => self.read(pipeline, *id).await?,
        };
        self.successor(present)
    }

    /// The record of an id that somebody names who may; `None` where the id is dead.
    pub async fn look_at(
        &self,
        pipeline: &PipelineKey,
        id: CanonicalId,
    ) -> Result<Option<Arc<Visitor>>, VisitorError> {
        let present = self.read(pipeline, id).await?;
        Ok(present.record.left_at().is_none().then_some(present.record))
    }

    /// When the visitor logged out, if so.
    pub async fn left_at(
        &self,
        pipeline: &PipelineKey,
        id: CanonicalId,
    ) -> Result<Option<Timestamp>, VisitorError> {
        Ok(self.read(pipeline, id).await?.record.left_at())
    }

    /// Whether the engine answers.
    pub async fn probe(&self) -> Result<(), VisitorError> {
        // A sweep of nothing goes all the way to the file.
        self.state.sweep(Timestamp::MIN, 1).await?;
        Ok(())
    }

    /// Notes an accepted event, which is to be appended after that.
    pub async fn note_event(
        &self,
        pipeline: &PipelineKey,
        present: Present,
        news: News,
    ) -> Result<Present, VisitorError> {
        let apply = |record: &mut Visitor, now| news.clone().apply(record, now);
        self.change(pipeline, present, durable_with_event, apply).await
    }

    /// What an event leaves of a record, which is still to be written.
    pub fn note(&self, present: &mut Present, news: News) {
        news.apply(Arc::make_mut(&mut present.record), self.runtime.clock.now());
    }

    /// The write that makes durable what was noted since the record was `before`; `None` where that changed
    /// nothing and the record lasts.
    pub fn to_write(
        &self,
        pipeline: &PipelineKey,
        present: &Present,
        before: &Visitor,
    ) -> Option<VisitorWrite> {
        let now = self.runtime.clock.now();
        (!present.lasts(now) || *present.record != *before).then(|| VisitorWrite {
            key: VisitorKey { pipeline: pipeline.clone(), id: present.id },
            visitor: Arc::clone(&present.record),
            expected: present.version,
            expires_at: now + LIFE,
        })
    }

    /// The visitor whose record was written.
    pub fn written(&self, present: &mut Present, write: VisitorWrite) {
        let VisitorWrite { key, visitor, expected, expires_at } = write;
        present.version = expected + 1;
        present.record = visitor;
        present.expires_at = expires_at;
        self.recent.put(key, Seen::again(present, self.runtime.clock.now()));
    }

    /// Another write came first: whoever is recognised next is as that one left them.
    pub async fn overtaken(&self, write: &VisitorWrite) -> Result<(), VisitorError> {
        self.read(&write.key.pipeline, write.key.id).await.map(drop)
    }

    /// Replaces what the visitor consents to.
    pub async fn consent(
        &self,
        pipeline: &PipelineKey,
        present: Present,
        consent: Consent,
    ) -> Result<Present, VisitorError> {
        let consent = |record: &mut Visitor, _| record.set_consent(consent.clone());
        self.change(pipeline, present, |_, _| Durable::AtOnce, consent).await
    }

    /// Writes the record as `change` leaves it; where it leaves it as it was, only to renew its life.
    async fn change(
        &self,
        pipeline: &PipelineKey,
        mut present: Present,
        durable: impl Fn(&Visitor, &Visitor) -> Durable,
        change: impl Fn(&mut Visitor, Timestamp),
    ) -> Result<Present, VisitorError> {
        for _ in 0..MAX_RACES {
            present = self.successor(present)?;
            let now = self.runtime.clock.now();
            let before = Arc::clone(&present.record);
            change(Arc::make_mut(&mut present.record), now);
            if present.lasts(now) && present.record == before {
                return Ok(present);
            }
            let durable = durable(&before, &present.record);
            if self.write(pipeline, &mut present, durable).await? {
                return Ok(present);
            }
            present = self.reread(pipeline, &present).await?;
        }
        Err(VisitorError::Contended)
    }

    /// Adds what an identify claims and proves. Somebody else than the record's person is a new visitor.
    ///
    /// An identify that was sent before a log-out may arrive after it, from another tab or out of order.
    /// What it says must not bind whoever comes next: of such a one only a token counts that was issued
    /// after the log-out.
    pub async fn identify(
        &self,
        pipeline: &PipelineKey,
        mut present: Present,
        mut claims: Claims,
        mut proof: Option<Binding>,
        mode: Verification,
        news: News,
    ) -> Result<Present, VisitorError> {
        for _ in 0..MAX_RACES {
            present = self.successor(present)?;
            if let Some(left_at) = present.left_at {
                claims = Claims::default();
                proof = proof.filter(|proof| left_at < proof.issued_at);
            }
            let now = self.runtime.clock.now();
            let before = Arc::clone(&present.record);
            let record = Arc::make_mut(&mut present.record);
            match record.identify(claims.clone(), proof.clone(), mode, now) {
                Identified::AnotherPerson => present = self.reset(pipeline, present).await?,
                Identified::SamePerson if present.record == before => {
                    return self.note_event(pipeline, present, news).await;
                }
                Identified::SamePerson => {
                    news.clone().apply(Arc::make_mut(&mut present.record), now);
                    let durable = durable_with_event(&before, &present.record);
                    if self.write(pipeline, &mut present, durable).await? {
                        return Ok(present);
                    }
                    present = self.reread(pipeline, &present).await?;
                }
            }
        }
        Err(VisitorError::Contended)
    }

    /// Logs out: the old id is dead, the answer is a new visitor without a record.
    pub async fn reset(
        &self,
        pipeline: &PipelineKey,
        mut present: Present,
    ) -> Result<Present, VisitorError> {
        for _ in 0..MAX_RACES {
            let unknown = present.minted && present.version == 0;
            if unknown || present.record.left_at().is_some() {
                return self.mint(None);
            }
            let now = self.runtime.clock.now();
            let key = VisitorKey { pipeline: pipeline.clone(), id: present.id };
            let until = now + TOMBSTONE_LIFE;
            let tombstone = Visitor::tombstone(now);
            let (state, version, durable) = (&self.state, present.version, Durable::AtOnce);
            match state.put(&key, &tombstone, version, until, durable, now).await? {
                Put::Done { version } => {
                    self.recent.put(key, Seen::new(version, Arc::new(tombstone), until, now));
                    return self.mint(None);
                }
                Put::Conflict => present = self.read(pipeline, present.id).await?,
            }
        }
        Err(VisitorError::Contended)
    }

    /// Removes what has expired, a little at a time so that visitors' writes get through in between.
    pub async fn sweep(&self) -> Result<usize, VisitorError> {
        const STEP: usize = 500;
        let now = self.runtime.clock.now();
        let mut swept = 0;
        loop {
            let step = self.state.sweep(now, STEP).await?;
            swept += step;
            if step < STEP {
                return Ok(swept);
            }
        }
    }

    /// The visitor itself, or a new one where the id is dead.
    fn successor(&self, present: Present) -> Result<Present, VisitorError> {
        match present.record.left_at() {
            None => Ok(present),
            left_at => self.mint(left_at),
        }
    }

    fn mint(&self, left_at: Option<Timestamp>) -> Result<Present, VisitorError> {
        Ok(Present {
            left_at,
            id: CanonicalId::from_random_bytes(self.runtime.entropy.bytes()?),
            version: 0,
            record: Arc::default(),
            minted: true,
            handle: Arc::default(),
            expires_at: Timestamp::MIN,
        })
    }

    async fn read(&self, pipeline: &PipelineKey, id: CanonicalId) -> Result<Present, VisitorError> {
        let key = VisitorKey { pipeline: pipeline.clone(), id };
        let now = self.runtime.clock.now();
        let seen = match self.state.get(&key, now).await? {
            Some(stored) => {
                Seen::new(stored.version, Arc::new(stored.visitor), stored.expires_at, now)
            }
            None => Seen::new(0, Arc::default(), Timestamp::MAX, now),
        };
        self.recent.put(key, seen.clone());
        Ok(Present::known(id, seen))
    }

    async fn reread(
        &self,
        pipeline: &PipelineKey,
        present: &Present,
    ) -> Result<Present, VisitorError> {
        let read = self.read(pipeline, present.id).await?;
        Ok(Present { minted: present.minted, left_at: present.left_at, ..read })
    }

    /// Writes the record as it stands; `false` when another write came first.
    async fn write(
        &self,
        pipeline: &PipelineKey,
        present: &mut Present,
        durable: Durable,
    ) -> Result<bool, VisitorError> {
        let now = self.runtime.clock.now();
        let key = VisitorKey { pipeline: pipeline.clone(), id: present.id };
        let until = now + LIFE;
        let (record, version) = (&present.record, present.version);
        match self.state.put(&key, record, version, until, durable, now).await? {
            Put::Done { version } => {
                present.version = version;
                present.expires_at = until;
                self.recent.put(key, Seen::again(present, now));
                Ok(true)
            }
            Put::Conflict => Ok(false),
        }
    }
}

/// What an event changes is durable with it, for it is appended next. But for a consent: whoever says the same once
/// more, without an event, is told at once that it is kept.
fn durable_with_event(before: &Visitor, after: &Visitor) -> Durable {
    if before.consent() == after.consent() { Durable::WithNextAppend } else { Durable::AtOnce }
}

#[cfg(test)]
#[path = "visitors_tests.rs"]
mod tests;
