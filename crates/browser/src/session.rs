//! The session of one page with one pipeline: a state machine without I/O.
//!
//! Inputs are calls, answers, timers and what other tabs stored; outputs are [`Effect`]s, to be carried
//! out in order after each input. `T` is one provider's attributes and `W` whoever waits for a profile;
//! both are opaque.
//!
//! Contract:
//! - `identify` and `reset` start an epoch. What was asked in an older epoch is aborted and forgotten:
//!   its answer settles nobody and never becomes the profile.
//! - Every waiter is settled at most once, and exactly once as soon as its request ends. (The callers'
//!   own timers live outside, in the facade, so that they also run where this code does not.)
//! - An enrich that follows `identify` or `reset` is sent after the server has taken that event, or has
//!   failed to once; but never past a log-out that the server has not seen, in whichever tab, because
//!   the cookie would still name the visitor who left. A log-out whose tab is gone before the server
//!   confirmed it is sent again by the next page, or by a tab that waited for it in vain.
//! - Until the first successful credentialed answer one request is in flight, so that a first visit is
//!   given one visitor id; after that, events go one at a time and enrich beside them.

mod leaving;
mod rounds;

use std::{mem, rc::Rc};

use crate::{
    backoff,
    effect::{Effect, Failure, Kind, Outcome, Reason, RequestId, TimerId},
    enrich::{Answer, Round},
    epoch::Shared,
    queue::{Queue, Receipt},
};

/// No request is waited for longer: by then the page has long shown something.
const DEADLINE_MS: u32 = 15_000;

/// How long a log-out of another tab is waited for before this tab sends it too.
const PATIENCE_MS: u32 = 5_000;

/// Rounds that an epoch without an answer may start by itself: the first, and one more when somebody
/// asks again.
const MOST_ATTEMPTS: u32 = 2;

/// What a session is told at its start.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The providers' names, in order.
    pub providers: Vec<String>,
    /// How long the page waits; also the deadline of a request that others wait behind.
    pub timeout_ms: u32,
    /// Whether the visitor's cookie is known to exist already.
    pub credentialed: bool,
    /// Enrich requests under way already: providers `0..early`, as requests `0..early`.
    pub early: usize,
    /// What the tabs had stored.
    pub shared: Shared,
}

/// A profile request that is wanted and not started.
#[derive(Debug)]
struct Wanted {
    refresh: bool,
    /// Events up to this number go first, unless the server does not take events.
    after: u32,
    /// Whoever asked before the event after this one is answered by it.
    covers: u32,
}

/// See the module's contract.
#[derive(Debug)]
pub struct Session<T, W> {
    providers: Vec<String>,
    timeout_ms: u32,
    /// Whether a visitor id exists, so that requests may overlap.
    open: bool,
    shared: Shared,
    profile: Vec<Option<T>>,
    profile_epoch: u32,
    /// The epoch's answer, once there is one.
    settled: Option<Reason>,
    /// Failed rounds of this epoch, and the reason of the last.
    attempts: u32,
    failed: Reason,
    waiters: Vec<W>,
    /// With the number of the newest event before the call.
    refreshers: Vec<(W, u32)>,
    round: Option<Round<T>>,
    /// Requests of dropped rounds that are let finish, because they may be minting the visitor id.
    orphans: Vec<RequestId>,
    wanted: Option<Wanted>,
    queue: Queue,
    /// The `left` that the newest reset of this tab stands for.
    own_left: u32,
    /// Runs while another tab's log-out is waited for.
    patience: Option<TimerId>,
    /// Between [`Self::leave`] and the page's return.
    away: bool,
    /// Number of the event that started the epoch, or 0.
    epoch_event: u32,
    next_id: u32,
    out: Vec<Effect<T, W>>,
}

impl<T: Clone, W> Session<T, W> {
    /// Starts by hydrating: with the early requests, or else with a round of its own.
    pub fn new(setup: Setup) -> Self {
        let count = setup.providers.len();
        let early = setup.early.min(count);
        let mut session = Self {
            profile: vec![None; count],
            profile_epoch: setup.shared.epoch,
            providers: setup.providers,
            timeout_ms: setup.timeout_ms,
            open: setup.credentialed,
            shared: setup.shared,
            settled: None,
            attempts: 0,
            failed: Reason::Error,
            waiters: Vec::new(),
            refreshers: Vec::new(),
            round: None,
            orphans: Vec::new(),
            wanted: None,
            queue: Queue::default(),
            own_left: 0,
            patience: None,
            away: false,
            epoch_event: 0,
            next_id: 0,
            out: Vec::new(),
        };
        if early > 0 {
            let mut round = Round::new(count, false, 0);
            for provider in 0..early {
                round.sent(provider, session.request_id());
            }
            session.round = Some(round);
        } else {
            session.want(false, 0);
        }
        if session.shared.leaving() {
            session.repeat_log_out();
            session.restart();
        }
        session
    }

    /// What is to be done, in order. Empty when all has been handed out.
    pub fn effects(&mut self) -> Vec<Effect<T, W>> {
        self.pump();
        mem::take(&mut self.out)
    }

    /// The current epoch.
    pub fn epoch(&self) -> u32 {
        self.shared.epoch
    }

    /// An event is to be sent. [`Kind::Identify`] and [`Kind::Reset`] start an epoch;
    /// [`Kind::Reset`] also empties the profile.
    pub fn event(&mut self, kind: Kind, body: Rc<str>) {
        self.away = false;
        if self.queue.push(kind, body).is_some() {
            self.report(
                "QUEUE_FULL",
                "too many events wait for the server; the oldest was dropped",
            );
        }
        let log_out = kind == Kind::Reset;
        if log_out || kind == Kind::Identify {
            self.shared.epoch += 1;
            if log_out {
                self.shared.left += 1;
                self.own_left = self.shared.left;
                self.empty_profile();
            }
            self.out.push(Effect::Remember(self.shared));
            self.epoch_event = self.queue.last_number();
            self.restart();
        }
    }

    /// Somebody waits for the epoch's profile.
    pub fn ready(&mut self, waiter: W) {
        self.away = false;
        let under_way = self.round.is_some() || self.wanted.is_some();
        if let Some(reason) = self.settled {
            self.settle(waiter, reason);
        } else if under_way || self.attempts < MOST_ATTEMPTS {
            self.waiters.push(waiter);
            if !under_way {
                self.want(false, self.epoch_event);
            }
            if self.queue.paused() {
                self.do_not_wait_for_events();
            }
        } else {
            self.settle(waiter, self.failed);
        }
    }

    /// Somebody waits for a profile that reflects all events up to now.
    pub fn refresh(&mut self, waiter: W) {
        self.away = false;
        let now = self.queue.last_number();
        self.refreshers.push((waiter, now));
        let shares = self.round.as_ref().is_some_and(|r| r.refresh && r.covers >= now);
        if !shares {
            self.want(true, now);
            if !self.queue.hurry() {
                self.do_not_wait_for_events();
            }
        }
    }

    /// One provider answered.
    pub fn enriched(&mut self, request: RequestId, answer: Answer<T>) {
        let opens = matches!(answer, Answer::Attributes { .. });
        if let Some(orphan) = self.orphans.iter().position(|orphan| *orphan == request) {
            self.orphans.swap_remove(orphan);
            self.open |= opens;
            return;
        }
        let Some(round) = &mut self.round else { return };
        if !round.answered(request, answer) {
            return;
        }
        self.open |= opens;
        if round.complete() {
            self.finish();
        }
    }

    /// Whether this request carries an event, not a profile.
    pub fn is_posting(&self, request: RequestId) -> bool {
        self.queue.sending() == Some(request)
    }

    /// An attempt to send the first event ended. `random` is in `0.0..1.0`.
    pub fn posted(&mut self, request: RequestId, receipt: Receipt, random: f64) {
        if !self.queue.answered(request) {
            return;
        }
        let retry_after_ms = match receipt {
            Receipt::Accepted => {
                self.open = true;
                let heard = self.queue.pop() == Some(Kind::Reset) && self.queue.last_reset() == 0;
                if heard && self.shared.heard < self.own_left {
                    self.shared.heard = self.own_left;
                    self.out.push(Effect::Remember(self.shared));
                }
                return;
            }
            // A log-out is never given up: until it is heard, the cookie names the one who left.
            Receipt::Refused(failure) => {
                if self.queue.first() != Some(Kind::Reset) {
                    self.queue.pop();
                    self.out.push(Effect::Report(failure));
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

    /// A timer of [`Effect::Wake`] ran out.
    pub fn woken(&mut self, timer: TimerId) {
        if self.patience.take_if(|patience| *patience == timer).is_some() {
            self.repeat_log_out();
        }
        self.queue.woken(timer);
    }

    /// Sends what may be sent. The profile goes before the events: somebody looks at it.
    fn pump(&mut self) {
        if self.away {
            return;
        }
        if self.own_left <= self.shared.heard {
            // Another tab was faster. Sent now, it might log out whoever has come since.
            self.queue.undo(self.queue.last_reset(), true);
        }
        if self.shared.leaving() {
            let waits = self.wanted.is_some() && self.queue.last_reset() == 0;
            if waits && self.patience.is_none() {
                self.patience = Some(self.wake(PATIENCE_MS));
            }
        } else if self.round.is_none() {
            let may = |wanted: &mut Wanted| self.queue.done_up_to(wanted.after);
            if let Some(wanted) = self.wanted.take_if(may) {
                let Wanted { refresh, covers, .. } = wanted;
                self.round = Some(Round::new(self.providers.len(), refresh, covers));
                if self.providers.is_empty() {
                    self.finish();
                }
            }
        }
        while let Some(provider) = self.free().then(|| self.round.as_ref()?.next_unsent()).flatten()
        {
            let request = self.request_id();
            let deadline_ms = self.deadline_ms();
            if let Some(round) = &mut self.round {
                round.sent(provider, request);
                let refresh = round.refresh;
                self.out.push(Effect::Enrich { request, provider, refresh, deadline_ms });
            }
        }
        if let Some((kind, body)) = self.free().then(|| self.queue.ready()).flatten() {
            let request = self.request_id();
            let deadline_ms = self.deadline_ms();
            self.queue.sent(request);
            self.out.push(Effect::Post { request, kind, body, deadline_ms });
        }
    }

    /// Whether one more request may start beside those in flight.
    fn free(&self) -> bool {
        let round_flies = self.round.as_ref().is_some_and(|round| round.flying().next().is_some());
        self.open || !(round_flies || self.queue.sending().is_some() || !self.orphans.is_empty())
    }

    /// A request that others wait behind is given up when the page gives up.
    fn deadline_ms(&self) -> u32 {
        if self.open { DEADLINE_MS } else { self.timeout_ms.min(DEADLINE_MS) }
    }

    fn request_id(&mut self) -> RequestId {
        let id = RequestId(self.next_id);
        self.next_id += 1;
        id
    }

    fn wake(&mut self, after_ms: u32) -> TimerId {
        let timer = TimerId(self.request_id().0);
        self.out.push(Effect::Wake { timer, after_ms });
        timer
    }

    fn empty_profile(&mut self) {
        self.swap(vec![None; self.providers.len()]);
    }

    fn swap(&mut self, profile: Vec<Option<T>>) {
        let epoch = self.shared.epoch;
        self.out.push(Effect::Profile { attributes: profile.clone(), epoch });
        self.profile = profile;
        self.profile_epoch = epoch;
    }

    fn settle(&mut self, waiter: W, reason: Reason) {
        let epoch = self.shared.epoch;
        self.out.push(Effect::Settle { waiter, outcome: Outcome { reason, epoch } });
    }

    fn report(&mut self, code: &str, message: &str) {
        self.out.push(Effect::Report(Failure { code: code.into(), message: message.into() }));
    }

    fn report_provider(&mut self, code: &str, message: &str, provider: usize) {
        let message = [message, &self.providers[provider]].concat();
        self.report(code, &message);
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
