//! Other tabs, log-outs and denials that are not confirmed yet, and a page that goes away.

use std::mem;

use super::Session;
use crate::{
    effect::{Effect, Kind, RequestId},
    epoch::Shared,
    queue::{Entry, is_consent, is_identify},
};

impl<T: Clone, W> Session<T, W> {
    /// What is stored now, by whichever tab. Its epoch is this tab's too; a newer log-out empties it.
    pub fn stored(&mut self, stored: Shared) {
        let own = self.shared;
        self.shared = own.merge(stored);
        if self.shared != stored {
            // Somebody cleared the storage: the other tabs must not miss what this one knows.
            self.out.push(Effect::Remember(self.shared));
        }
        let left = self.shared.left > own.left;
        if left || self.shared.denied > own.denied {
            self.empty_profile();
        }
        if left {
            // Who was claimed to be here before that log-out is not claimed after it.
            self.withdraw();
            self.queue.drop_before(u32::MAX, is_identify);
        }
        if self.shared != own {
            self.restart();
        }
    }

    /// Whether the server knows who is here: nobody waits to be named, and nobody to be let go.
    pub fn is_certain(&self) -> bool {
        let renames = |kind| kind == Kind::Reset || is_identify(kind);
        !self.shared.leaving() && self.queue.last(renames) == 0
    }

    /// The page unloads: takes out every queued event, and the request to abort. Nothing new is started
    /// for a page that is leaving.
    pub fn leave(&mut self) -> (Vec<Entry<T>>, Option<RequestId>) {
        self.away = true;
        self.queue.take()
    }

    /// The page is shown, perhaps again. Whether what left by beacon has arrived nobody knows.
    pub fn shown(&mut self) {
        if mem::take(&mut self.away) {
            self.repeat();
        }
    }

    /// Puts back what the browser did not take from [`Self::leave`].
    pub fn stay(&mut self, entries: Vec<Entry<T>>) {
        self.queue.put_back(entries);
    }

    /// Sends what bars profiles and the server may not know of, unless that is being done already. A denial
    /// that a log-out followed was of somebody who is gone: the log-out goes first.
    pub(super) fn repeat(&mut self) {
        if self.shared.leaving() && self.queue.last_reset() == 0 {
            self.own_left = self.shared.left;
            self.push_again(Kind::Reset);
        }
        if self.shared.denying() && self.queue.last(is_consent) == 0 {
            self.own_denied = self.shared.denied;
            self.push_again(Kind::Consent { denies: true });
        }
    }

    /// What is to be said is the page's to know: the state that was stored, or nothing.
    fn push_again(&mut self, kind: Kind) {
        self.queue.push(kind, None);
        self.epoch_event = self.queue.last_number();
    }

    /// The server knows more than it did.
    pub(super) fn confirm(&mut self, shared: Shared) {
        if self.shared != shared {
            self.shared = shared;
            self.out.push(Effect::Remember(shared));
        }
    }
}
