//! Other tabs, log-outs and denials that are not confirmed yet, and a page that goes away.

use std::mem;

use super::{Presence, Session};
use crate::{
    effect::{Effect, Kind, Parcel},
    epoch::Shared,
    queue::{is_consent, is_identify, is_personal, is_reset},
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
            // Who was claimed to be here before that log-out is not claimed after it, nor is what they allowed.
            self.withdraw();
            self.queue.void(is_personal);
            if self.shared.leaving() {
                self.own_left = self.shared.left;
                self.push_again(Kind::Reset);
                self.queue.lend();
            }
        }
        if self.shared != own {
            self.restart();
        }
    }

    /// Whether the server knows who is here: nobody waits to be named, and nobody to be let go.
    pub fn is_certain(&self) -> bool {
        !self.shared.leaving() && !self.queue.has(is_reset) && !self.queue.has(is_identify)
    }

    /// The page is hidden, perhaps for good, or `unloads`: nothing new is started for a page that is leaving. What is
    /// being sent, if it `flies`, goes on; for the rest see [`Self::parting`]. What does not leave outlives the page if
    /// that `keeps` it.
    pub fn leave(&mut self, unloads: bool, flies: bool, keeps: bool) {
        if unloads {
            self.presence = Presence::Away;
        } else if self.presence == Presence::Here {
            self.presence = Presence::Rests;
        }
        self.queue.leave(flies, keeps);
    }

    /// What leaves with the page next, as one beacon.
    pub fn parting(&mut self) -> Option<(Kind, Vec<Parcel<T>>)> {
        self.queue.parting()
    }

    /// The browser took it.
    pub fn parted(&mut self) {
        self.queue.parted();
    }

    /// The page is shown, perhaps again. Whether what left by beacon has arrived nobody knows.
    #[inline(never)]
    pub fn shown(&mut self) {
        if mem::replace(&mut self.presence, Presence::Here) != Presence::Here {
            self.queue.come_back();
            self.repeat();
        }
    }

    /// Sends what bars profiles and the server may not know of, unless that is being done already. A denial
    /// that a log-out followed was of somebody who is gone: the log-out goes first.
    pub(super) fn repeat(&mut self) {
        self.queue.take_back();
        if self.shared.leaving() && !self.queue.has(is_reset) {
            self.own_left = self.shared.left;
            self.push_again(Kind::Reset);
        }
        if self.shared.denying() && !self.queue.has(is_consent) {
            self.own_denied = self.shared.denied;
            self.push_again(Kind::Consent { denies: true });
        }
    }

    /// What is to be said is the page's to know: the state that was stored, or nothing.
    fn push_again(&mut self, kind: Kind) {
        self.queue.push(kind, None, 0);
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
