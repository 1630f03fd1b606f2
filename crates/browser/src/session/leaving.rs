//! Other tabs, log-outs that are not confirmed yet, and a page that goes away.

use std::mem;

use super::Session;
use crate::{
    effect::{Effect, Kind, RequestId},
    epoch::Shared,
    queue::Entry,
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
        if self.shared.left > own.left {
            self.empty_profile();
            // Who was claimed to be here before that log-out is not claimed after it.
            self.queue.undo(self.queue.last_number(), false);
        }
        if self.shared != own {
            self.restart();
        }
    }

    /// The page unloads: takes out every queued event, and the request to abort. Nothing new is started
    /// for a page that is leaving.
    pub fn leave(&mut self) -> (Vec<Entry>, Option<RequestId>) {
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
    pub fn stay(&mut self, entries: Vec<Entry>) {
        self.queue.put_back(entries);
    }

    /// Sends a log-out that the server may not know of, unless that is being done already.
    pub(super) fn repeat_log_out(&mut self) {
        if self.shared.leaving() && self.queue.last_reset() == 0 {
            self.queue.push(Kind::Reset, "".into());
            self.own_left = self.shared.left;
            self.epoch_event = self.queue.last_number();
        }
    }
}
