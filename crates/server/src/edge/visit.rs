//! A page's request, with the visitor it comes from.
//!
//! Where the owner sets no cookie without consent (`cookie = "after_consent"`), whoever has not given it is
//! nobody: an id for this request, no cookie, no record, no look-up. Who had given it and takes it back is
//! forgotten.

use std::sync::Arc;

use axum::http::HeaderMap;
use datafly_core::id::CanonicalId;
use datafly_core::linking_key::Identifiers;
use datafly_core::v1::NOBODY;
use datafly_core::visitor::{Verification, Visitor};
use datafly_store::VisitorWrite;
use jiff::Timestamp;

use super::asked::Asked;
use super::cookies::{self, Renewal};
use super::error::EdgeError;
use super::intake::Identity;
use crate::app::Pipeline;
use crate::credential::Credential;
use crate::visitors::{News, Present};

/// The visitor of a request.
pub(super) struct Visit<'a> {
    pub(super) asked: &'a Asked<'a>,
    pub(super) now: Timestamp,
    sent: Option<Credential>,
    pub(super) present: Present,
    /// The record before what events have changed since, which is written with them.
    before: Option<Arc<Visitor>>,
}

/// Whom an event is about.
pub(super) enum Subject {
    /// Who is here now.
    Present,
    /// Another visitor of the pipeline, perhaps who was here before a log-out.
    Other(CanonicalId),
    /// The handle is not ours.
    Nobody,
}

impl<'a> Visit<'a> {
    /// Recognises the visitor, or makes one. A visitor from before the owner asked for consent is not used.
    pub(super) async fn recognise(asked: &'a Asked<'a>) -> Result<Self, EdgeError> {
        let sent = cookies::credential(asked);
        let Asked { app, pipeline, .. } = *asked;
        let now = app.clock.now();
        let mut present = app.visitors.recognise(&pipeline.key, sent.as_ref(), now).await?;
        if !present.minted && !pipeline.consent.may_keep(present.record.consent()) {
            present = app.visitors.recognise(&pipeline.key, None, now).await?;
        }
        Ok(Self { asked, now, sent, present, before: None })
    }

    /// Counts a piece of work of this visitor's.
    pub(super) fn work(&self) -> Result<(), EdgeError> {
        let visitor = (!self.present.minted).then_some(self.present.id);
        Ok(self.asked.work(visitor, self.asked.address)?)
    }

    /// The cookies the browser is due, or their removal.
    pub(super) fn cookies(&self, renewal: Renewal) -> HeaderMap {
        if self.is_kept() {
            return cookies::due(self.asked, &self.present, self.sent.as_ref(), renewal, self.now);
        }
        match (&self.sent, renewal) {
            (Some(_), Renewal::Daily) => cookies::removal(self.asked),
            // A late removal could take away what was allowed meanwhile.
            (Some(_), Renewal::Never) | (None, _) => HeaderMap::new(),
        }
    }

    /// Whether the browser may have a cookie, and the visitor a record.
    pub(super) fn is_kept(&self) -> bool {
        self.asked.pipeline.consent.may_keep(self.present.record.consent())
    }

    /// What an event that is sent later names the visitor by.
    pub(super) fn handle(&self) -> &str {
        if !self.is_kept() {
            return NOBODY;
        }
        let Asked { configured, pipeline, .. } = *self.asked;
        let new = || configured.credentials.handle(&pipeline.key, self.present.id);
        self.present.handle.get_or_init(new)
    }

    /// Whom an event is about that came with this handle, if with any.
    pub(super) fn subject(&self, handle: Option<&str>) -> Subject {
        let Some(handle) = handle else { return Subject::Present };
        // As a rule it is the very one that was made for them, and need not be made once more to be compared.
        if self.present.handle.get().is_some_and(|own| own == handle) {
            return Subject::Present;
        }
        let Asked { configured, pipeline, .. } = *self.asked;
        match configured.credentials.read_handle(&pipeline.key, handle) {
            Some(id) if id == self.present.id => Subject::Present,
            Some(id) => Subject::Other(id),
            None => Subject::Nobody,
        }
    }

    /// The identifiers that may be used, under a mode.
    pub(super) fn identifiers(&self, mode: Verification) -> Identifiers {
        self.present.record.identifiers(self.present.id, mode, self.now)
    }

    /// Whether the visitor may be looked up, as far as consent goes.
    pub(super) fn consents(&self) -> bool {
        self.asked.pipeline.consent.may_look_up(self.present.record.consent())
    }

    /// Applies an event to the visitor. One of whom nothing may be kept stays nobody.
    ///
    /// What an event tells of a login or a consent is written at once. All else is only noted, and durable with
    /// the event: [`Self::to_write`].
    pub(super) async fn take(
        &mut self,
        identity: Option<Identity>,
        news: News,
    ) -> Result<(), EdgeError> {
        let Pipeline { key, verification, consent, .. } = self.asked.pipeline;
        if !self.is_kept() && !consent.may_keep(news.consent.as_ref()) {
            return Ok(());
        }
        if identity.is_none() && news.consent.is_none() {
            self.before.get_or_insert_with(|| Arc::clone(&self.present.record));
            self.asked.app.visitors.note(&mut self.present, news);
            return Ok(());
        }
        let consented = self.consents();
        let (visitors, present) = (&self.asked.app.visitors, self.present.clone());
        let present = match identity {
            Some((claims, proof)) => {
                visitors.identify(key, present, claims, proof, *verification, news).await?
            }
            None => visitors.note_event(key, present, news).await?,
        };
        let before = std::mem::replace(&mut self.present, present);
        if self.present.id != before.id || self.present.version != before.version {
            // What was noted was written as well, or of somebody who is here no more.
            self.before = None;
        }
        if !self.is_kept() {
            // Taken back, or somebody else is here, who has allowed nothing yet.
            self.forget().await?;
        } else if consented && !self.consents() && before.id == self.present.id {
            self.drop_profiles();
        }
        Ok(())
    }

    /// The write that makes durable what was noted of events.
    pub(super) fn to_write(&self) -> Option<VisitorWrite> {
        let Asked { app, pipeline, .. } = *self.asked;
        app.visitors.to_write(&pipeline.key, &self.present, self.before.as_deref()?)
    }

    /// It was written.
    pub(super) fn written(&mut self, write: VisitorWrite) {
        self.before = None;
        self.asked.app.visitors.written(&mut self.present, write);
    }

    /// Deletes what is stored of the visitor; afterwards a new one is here. The record becomes a tombstone,
    /// which holds a time and nothing else: without it an event that is still under way would bring the id back.
    pub(super) async fn forget(&mut self) -> Result<(), EdgeError> {
        let Asked { app, pipeline, .. } = *self.asked;
        let successor = app.visitors.reset(&pipeline.key, self.present.clone()).await?;
        app.outbox.forget(&pipeline.key, self.present.id, self.now).await?;
        // Only now: while the id was alive another tab would have filled them again.
        self.drop_profiles();
        app.decisions.forget(&pipeline.key, self.present.id);
        self.present = successor;
        // What was noted was about the one who is gone.
        self.before = None;
        Ok(())
    }

    /// Drops what is cached of the visitor's profiles.
    pub(super) fn drop_profiles(&self) {
        let Asked { pipeline, .. } = *self.asked;
        let all = self.present.record.all_identifiers(self.present.id, pipeline.verification);
        for enrichment in &pipeline.enrichments {
            for who in &all {
                enrichment.forget(who);
            }
        }
    }
}
