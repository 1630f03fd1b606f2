//! When a round of profile requests is wanted, and what its end means.

use std::mem;

use super::{Session, Wanted};
use crate::{
    effect::{Effect, Reason},
    enrich::Answer,
};

impl<T: Clone, W> Session<T, W> {
    /// The epoch changed, or the server heard of a log-out: forgets what is under way, and asks anew for whoever cared.
    pub(super) fn restart(&mut self) {
        let cared = self.round.is_some()
            || self.wanted.is_some()
            || !self.waiters.is_empty()
            || !self.refreshers.is_empty();
        if let Some(round) = self.round.take() {
            if self.open {
                self.out.extend(round.flying().map(Effect::Abort));
            } else {
                // It may be minting the visitor id: another request now would mint a second one.
                // But half of the callers' time must be left for the answers they wait for.
                let after_ms = self.timeout_ms / 2;
                for request in round.flying() {
                    self.orphans.push(request);
                    self.out.push(Effect::Hasten { request, after_ms });
                }
            }
        }
        self.settled = None;
        self.attempts = 0;
        if cared {
            let newest = self.refreshers.iter().map(|(_, number)| *number).max();
            self.want(newest.is_some(), newest.unwrap_or(0).max(self.epoch_event));
        }
    }

    pub(super) fn want(&mut self, refresh: bool, after: u32) {
        let wanted = self.wanted.get_or_insert(Wanted { refresh, after, covers: after });
        wanted.refresh |= refresh;
        wanted.after = wanted.after.max(after);
        wanted.covers = wanted.covers.max(after);
    }

    /// The server does not take events now: a wanted profile goes ahead, unless a log-out waits.
    pub(super) fn do_not_wait_for_events(&mut self) {
        let Some(wanted) = &mut self.wanted else {
            return;
        };
        wanted.after = self.queue.last_reset();
        if wanted.after > 0 {
            for waiter in mem::take(&mut self.waiters) {
                self.settle(waiter, Reason::Error);
            }
            for (waiter, _) in mem::take(&mut self.refreshers) {
                self.settle(waiter, Reason::Error);
            }
        }
    }

    /// The round is complete: the profile first, then everybody it answers.
    pub(super) fn finish(&mut self) {
        let Some(round) = self.round.take() else {
            return;
        };
        let (refresh, covers) = (round.refresh, round.covers);
        let (answers, reason) = round.finish();
        let same_epoch = self.profile_epoch == self.shared.epoch;
        let mut profile = Vec::with_capacity(answers.len());
        let mut swap = false;
        for (provider, answer) in answers.into_iter().enumerate() {
            let old = self.profile.get(provider).cloned().flatten().filter(|_| same_epoch);
            profile.push(match answer {
                Answer::Attributes { value, .. } => {
                    swap = true;
                    Some(value)
                }
                Answer::Denied => {
                    swap |= old.is_some();
                    self.report_provider("ENRICH_DENIED", "this page may not read: ", provider);
                    None
                }
                // What the page shows stays: the visitor is the same, the server is not well.
                Answer::TimedOut | Answer::Failed => {
                    self.report_provider("ENRICH_FAILED", "no usable answer for: ", provider);
                    old
                }
            });
        }
        if swap {
            self.swap(profile);
        }
        if matches!(reason, Reason::Error | Reason::Timeout) {
            self.attempts += 1;
            self.failed = reason;
        } else {
            self.settled = Some(reason);
        }
        for waiter in mem::take(&mut self.waiters) {
            self.settle(waiter, reason);
        }
        for (waiter, number) in mem::take(&mut self.refreshers) {
            if refresh && number <= covers {
                self.settle(waiter, reason);
            } else {
                self.refreshers.push((waiter, number));
            }
        }
    }
}
