//! Other tabs, log-outs that are not confirmed yet, and a page that goes away.

use std::mem;

use super::Session;
use crate::{
    effect::{Effect, Kind, RequestId},
    epoch::Shared,
    queue::{Entry, is_identify},
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

    /// The page unloads: takes out every queued event, and the request to abort. Nothing new is started
    /// for a page that is leaving.
    pub fn leave(&mut self) -> (Vec<Entry<T>>, Option<RequestId>) {
        self.away = true;
        self.queue.take()
    }

    /// The page is shown, perhaps again. Whether a log-out arrived that left by beacon nobody knows.
    pub fn shown(&mut self) {
        if mem::take(&mut self.away) {
            self.repeat_log_out();
        }
    }

    /// Puts back what the browser did not take from [`Self::leave`].
    pub fn stay(&mut self, entries: Vec<Entry<T>>) {
        self.queue.put_back(entries);
    }

    /// Sends a log-out that the server may not know of, unless that is being done already.
    pub(super) fn repeat_log_out(&mut self) {
        if self.shared.leaving() && self.queue.last_reset() == 0 {
            self.queue.push(Kind::Reset, None);
            self.own_left = self.shared.left;
            self.epoch_event = self.queue.last_number();
        }
    }

    /// Another tab did not get to tell the server what it had to: a log-out is told by this tab, and of a
    /// consent only the server can say whether it arrived.
    pub(super) fn lose_patience(&mut self) {
        self.repeat_log_out();
        if self.queue.last(Kind::bars) == 0 {
            self.confirm(Shared { obeyed: self.shared.denied, ..self.shared });
        }
    }

    /// The server knows more than it did.
    pub(super) fn confirm(&mut self, shared: Shared) {
        if self.shared != shared {
            self.shared = shared;
            self.out.push(Effect::Remember(shared));
        }
    }
}
