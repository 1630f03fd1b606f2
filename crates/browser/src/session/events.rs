//! The page's events: what each starts, and what became of it.

use super::Session;
use crate::{
    backoff,
    effect::{Effect, Kind, RequestId},
    epoch::Shared,
    queue::{Receipt, is_consent},
};

impl<T: Clone, W> Session<T, W> {
    /// An event is to be sent. All but [`Kind::Page`], [`Kind::Track`] and [`Kind::Group`] start an epoch; one that bars
    /// profiles also empties the one that is shown.
    pub fn event(&mut self, kind: Kind, body: T) {
        self.away = false;
        if kind == Kind::Reset {
            self.withdraw();
        }
        if self.queue.push(kind, Some(body)).is_some() {
            self.report("QUEUE_FULL", "too many events wait for the server; one was dropped");
        }
        match kind {
            Kind::Page | Kind::Track | Kind::Group => return,
            Kind::Reset => {
                self.shared.left += 1;
                self.own_left = self.shared.left;
                // Whoever comes next has allowed nothing that could be taken back.
                self.shared.obeyed = self.shared.denied;
            }
            Kind::Consent { denies } => {
                self.shared.denied += u32::from(denies);
                self.own_denied = self.shared.denied;
            }
            Kind::Identify { .. } => {}
        }
        self.shared.epoch += 1;
        if kind.bars() {
            self.empty_profile();
        }
        self.out.push(Effect::Remember(self.shared));
        self.epoch_event = self.queue.last_number();
        self.restart();
        if matches!(kind, Kind::Consent { .. }) {
            // It changes what may be shown, whether or not somebody waits.
            self.want(false, self.epoch_event);
        }
    }

    /// Whether this request carries an event, not a profile.
    pub fn is_posting(&self, request: RequestId) -> bool {
        self.queue.sending() == Some(request)
    }

    /// An attempt to send the first event ended. `random` is in `0.0..1.0`.
    pub fn posted(&mut self, request: RequestId, receipt: Receipt<T>, random: f64) {
        if !self.queue.answered(request) {
            return;
        }
        self.carried = None;
        let retry_after_ms = match receipt {
            // Another attempt would ask for a token again: that of whoever is here now.
            Receipt::Unreachable { .. } if self.queue.last_reset() > 0 && self.first_asks() => {
                self.queue.pop();
                return;
            }
            Receipt::Accepted => {
                self.open = true;
                let kind = self.queue.pop();
                if kind == Some(Kind::Reset) && self.queue.last_reset() == 0 {
                    let heard = self.shared.heard.max(self.own_left);
                    self.confirm(Shared { heard, ..self.shared });
                }
                self.confirm_consent(kind);
                return;
            }
            Receipt::Withdrawn => {
                self.queue.pop();
                return;
            }
            // A log-out is never given up: until it is heard, the cookie names the one who left.
            Receipt::Refused(words) => {
                if self.queue.first().is_none_or(|entry| entry.kind != Kind::Reset) {
                    let kind = self.queue.pop();
                    self.out.push(Effect::Refused(words));
                    self.confirm_consent(kind);
                    return;
                }
                None
            }
            Receipt::Unreachable { retry_after_ms } => retry_after_ms,
        };
        self.queue.failures += 1;
        if self.queue.failures == 1 {
            self.report("EVENTS_DELAYED", "the server did not take an event; will retry");
        }
        let after_ms = backoff::pause_ms(self.queue.failures, random, retry_after_ms);
        let timer = self.wake(after_ms);
        self.queue.pause(timer, retry_after_ms.is_some());
        self.do_not_wait_for_events();
    }

    /// The server has decided on an event; a second attempt would change nothing. Of several consents the
    /// last one is the word that counts.
    fn confirm_consent(&mut self, kind: Option<Kind>) {
        if kind.is_some_and(is_consent) && self.queue.last(is_consent) == 0 {
            let obeyed = self.shared.obeyed.max(self.own_denied);
            self.confirm(Shared { obeyed, ..self.shared });
        }
    }

    /// Whoever a token would name now is not the one who was here.
    pub(super) fn withdraw(&mut self) {
        self.queue.drop_before(u32::MAX, asks);
        if let Some(request) = self.queue.sending()
            && self.first_asks()
        {
            self.out.push(Effect::Withdraw(request));
        }
    }

    fn first_asks(&self) -> bool {
        self.queue.first().is_some_and(|entry| asks(entry.kind))
    }
}

/// Whether the page is asked for a token when such an event is sent.
fn asks(kind: Kind) -> bool {
    kind == Kind::Identify { asks: true }
}
