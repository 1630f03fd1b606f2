//! When a round of profile requests is wanted, and what its end means.

use std::mem;

use super::{Session, Wanted};
use crate::{
    effect::{Effect, Kind, Reason},
    enrich::Round,
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
        self.carried = None;
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

    /// The server does not take events now: a wanted profile goes ahead, unless what waits bars it.
    pub(super) fn do_not_wait_for_events(&mut self) {
        let Some(wanted) = &mut self.wanted else {
            return;
        };
        wanted.after = self.queue.last(Kind::bars);
        if wanted.after > 0 {
            self.settle_waiters(Reason::Error);
            for (waiter, _) in mem::take(&mut self.refreshers) {
                self.settle(waiter, Reason::Error);
            }
        }
    }

    /// A page event brought the profile: what was asked before it says less.
    pub(super) fn supersede(&mut self) {
        self.wanted.take_if(|wanted| !wanted.refresh);
        if let Some(round) = self.round.take_if(|round| !round.refresh) {
            self.out.extend(round.flying().map(Effect::Abort));
        }
    }

    /// The round is complete: the profile first, then everybody it answers.
    pub(super) fn finish(&mut self, round: Round<T>) {
        let (refresh, covers) = (round.refresh, round.covers);
        let (answers, reason) = round.finish();
        let same_epoch = self.profile_epoch == self.shared.epoch;
        let mut profile = Vec::with_capacity(answers.len());
        let mut swap = false;
        let old = mem::take(&mut self.profile).into_iter().map(|old| old.filter(|_| same_epoch));
        for (provider, (answer, old)) in answers.into_iter().zip(old).enumerate() {
            swap |= answer.attributes.is_some();
            let failure = match answer.reason {
                Reason::Denied => Some(("ENRICH_DENIED", "this page may not read: ")),
                Reason::Error | Reason::Timeout => {
                    Some(("ENRICH_FAILED", "no usable answer for: "))
                }
                Reason::Network | Reason::Inline | Reason::Session | Reason::Empty => None,
            };
            if let Some((code, message)) = failure {
                self.out.push(Effect::Report { code, message, provider: Some(provider) });
            }
            profile.push(if answer.reason == Reason::Denied {
                swap |= old.is_some();
                None
            } else {
                // What the page shows stays: the visitor is the same, the server is not well.
                answer.attributes.or(old)
            });
        }
        if swap {
            self.swap(profile);
        } else {
            self.profile = profile;
        }
        if matches!(reason, Reason::Error | Reason::Timeout) {
            self.attempts += 1;
            self.failed = reason;
            if self.settled.is_some() {
                // Whoever waits is told what is known.
            } else if self.carries() {
                self.want(false, self.epoch_event);
            } else {
                self.settle_waiters(reason);
            }
        } else {
            // Whoever waits is told by `effects`.
            self.settled = Some(reason);
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
