//! The page's events: what each starts, and what became of it.

use super::Session;
use crate::{
    backoff,
    effect::{Effect, Kind, RequestId},
    epoch::Shared,
    queue::{Receipt, is_consent, is_reset},
};

impl<T: Clone, W> Session<T, W> {
    /// An event is to be sent. All but [`Kind::Page`], [`Kind::Track`] and [`Kind::Group`] start an epoch; one that bars
    /// profiles also empties the one that is shown.
    pub fn event(&mut self, kind: Kind, body: T, bytes: u32) {
        self.shown();
        if kind == Kind::Reset {
            self.withdraw();
            self.queue.take_back();
        }
        if self.queue.push(kind, Some(body), bytes) {
            self.report(
                "QUEUE_FULL",
                "too many events wait for the server; the oldest are dropped",
            );
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

    /// An event of a page that is gone, which the server has not confirmed. It starts nothing; whether it has
    /// arrived is asked first where it `left`.
    pub fn adopt(&mut self, kind: Kind, body: T, bytes: u32, left: bool) {
        self.queue.adopt(kind, body, bytes, left);
    }

    /// Nothing may be collected from here on: what waits is forgotten, and so is what waits for another attempt.
    pub fn opt_out(&mut self) {
        if self.queue.entries().first().is_some_and(|first| first.kind.is_told())
            && let Some(request) = self.queue.stop()
        {
            self.carried = None;
            self.out.push(Effect::Abort(request));
        }
        self.queue.void(Kind::is_told);
    }

    /// The server says that this one of a request's events has not arrived, and that it has taken none of them.
    pub fn missing(&mut self, request: RequestId, index: usize) {
        if self.is_posting(request) {
            self.queue.missing(index);
        }
    }

    /// Whether this request carries an event, not a profile.
    pub fn is_posting(&self, request: RequestId) -> bool {
        self.queue.sending() == Some(request)
    }

    /// An attempt to send the oldest events ended. `random` is in `0.0..1.0`.
    pub fn posted(&mut self, request: RequestId, receipt: Receipt<T>, random: f64) {
        let Some(count) = self.queue.answered(request) else {
            return;
        };
        self.carried = None;
        let kind = self.queue.entries().first().map(|first| first.kind);
        let retry_after_ms = match receipt {
            Receipt::Accepted => {
                self.open = true;
                self.queue.finish(count);
                if kind == Some(Kind::Reset) && !self.queue.has(is_reset) {
                    let heard = self.shared.heard.max(self.own_left);
                    self.confirm(Shared { heard, ..self.shared });
                }
                self.confirm_consent(kind);
                return;
            }
            Receipt::Withdrawn => {
                self.queue.finish(count);
                return;
            }
            // A log-out is never given up: until it is heard, the cookie names the one who left.
            Receipt::Refused(words) if kind != Some(Kind::Reset) => {
                self.queue.finish(count);
                self.out.push(Effect::Refused(words));
                self.confirm_consent(kind);
                return;
            }
            Receipt::Refused(_) => None,
            // What a log-out has made void meanwhile was of whoever left.
            Receipt::Unreachable { .. } if self.queue.is_spent(count) => return,
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
        if kind.is_some_and(is_consent) && !self.queue.has(is_consent) {
            let obeyed = self.shared.obeyed.max(self.own_denied);
            self.confirm(Shared { obeyed, ..self.shared });
        }
    }

    /// Whoever a token would name now is not the one who was here.
    pub(super) fn withdraw(&mut self) {
        self.queue.void(asks);
        if let Some(request) = self.queue.sending()
            && self.queue.entries().first().is_some_and(|entry| asks(entry.kind))
        {
            self.out.push(Effect::Withdraw(request));
        }
    }
}

/// Whether the page is asked for a token when such an event is sent.
fn asks(kind: Kind) -> bool {
    kind == Kind::Identify { asks: true }
}
