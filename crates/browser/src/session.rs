//! The session of one page with one pipeline: a state machine without I/O.
//!
//! Inputs are calls, answers, timers and what other tabs stored; outputs are [`Effect`]s, to be carried
//! out in order after each input. `T` is a value of the page's (a provider's attributes, an event's body,
//! a refusal) and `W` whoever waits for a profile; both are opaque.
//!
//! Contract:
//! - `identify`, `consent` and `reset` start an epoch. What was asked in an older epoch is aborted and
//!   forgotten: its answer settles nobody and never becomes the profile.
//! - Every waiter is settled at most once, and exactly once as soon as its request ends. (The callers'
//!   own timers live outside, in the facade, so that they also run where this code does not.)
//! - An enrich that follows one of those three is sent after the server has taken that event, or has
//!   failed to once; but never past a log-out that the server has not seen, in whichever tab, because
//!   the cookie would still name the visitor who left; nor past a consent that allows no profile. Either,
//!   where its tab is gone before the server confirmed it, is sent again by the next page, or by a tab that
//!   waited for it in vain.
//! - Where profiles depend on the page, the answer to a page event brings them. Whoever waits while such
//!   an event of this epoch is on its way waits for that answer, whatever is known already.
//! - Another tab's log-out that the server has not confirmed stands in this tab's line of events too, so that nothing
//!   called after it is taken for the one who left. It is sent from here only if that tab does not get to it.
//! - Until the first successful credentialed answer one request is in flight, so that a first visit is
//!   given one visitor id; after that, events go one at a time and enrich beside them.

mod events;
mod leaving;
mod rounds;

use std::mem;

use crate::{
    effect::{Effect, Kind, Outcome, Reason, RequestId, TimerId},
    enrich::{Answer, Round},
    epoch::Shared,
    queue::{Queue, is_personal, is_reset},
};

/// No request is waited for longer: by then the page has long shown something.
const DEADLINE_MS: u32 = 15_000;

/// How long another tab is waited for that has something to tell the server before profiles are asked for.
const PATIENCE_MS: u32 = 5_000;

/// Rounds that an epoch without an answer may start by itself: the first, and one more when somebody
/// asks again.
const MOST_ATTEMPTS: u32 = 2;

/// What a session is told at its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setup {
    /// How many providers there are.
    pub providers: usize,
    /// How long the page waits; also the deadline of a request that others wait behind.
    pub timeout_ms: u32,
    /// Whether the visitor's cookie is known to exist already.
    pub credentialed: bool,
    /// Answers on their way already: of the providers `0..early`, as requests `0..early`.
    pub early: usize,
    /// Whether profiles depend on the page, so that page events ask for them.
    pub context: bool,
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

#[derive(Debug, Clone, Copy, PartialEq)]
enum Presence {
    Here,
    /// What could leave has left with a page that was hidden: no event is sent before something happens.
    Rests,
    /// Nothing is started for a page that has gone.
    Away,
}

/// See the module's contract.
#[derive(Debug)]
pub struct Session<T, W> {
    providers: usize,
    timeout_ms: u32,
    context: bool,
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
    /// What the page event that is being sent will bring.
    carried: Option<Round<T>>,
    /// Requests of dropped rounds that are let finish, because they may be minting the visitor id.
    orphans: Vec<RequestId>,
    wanted: Option<Wanted>,
    queue: Queue<T>,
    /// The `left` that the newest reset of this tab stands for.
    own_left: u32,
    /// The `denied` that the newest consent of this tab stands for.
    own_denied: u32,
    /// Runs while another tab is waited for.
    patience: Option<TimerId>,
    presence: Presence,
    /// Number of the event that started the epoch, or 0.
    epoch_event: u32,
    next_id: u32,
    out: Vec<Effect<T, W>>,
}

impl<T: Clone, W> Session<T, W> {
    /// Starts by hydrating: with the early answers, or else with a round of its own.
    pub fn new(setup: Setup) -> Self {
        let count = setup.providers;
        let early = setup.early.min(count);
        let mut session = Self {
            profile: vec![None; count],
            profile_epoch: setup.shared.epoch,
            providers: count,
            timeout_ms: setup.timeout_ms,
            context: setup.context && count > 0,
            open: setup.credentialed,
            shared: setup.shared,
            settled: None,
            attempts: 0,
            failed: Reason::Error,
            waiters: Vec::new(),
            refreshers: Vec::new(),
            round: None,
            carried: None,
            orphans: Vec::new(),
            wanted: None,
            queue: Queue::new(),
            own_left: 0,
            own_denied: 0,
            patience: None,
            presence: Presence::Here,
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
        if session.shared.barred() {
            session.repeat();
            session.restart();
        }
        session
    }

    /// What is to be done, in order. Empty when all has been handed out.
    pub fn effects(&mut self) -> Vec<Effect<T, W>> {
        self.pump();
        if let Some(reason) = self.settled
            && !self.carries()
        {
            self.settle_waiters(reason);
        }
        self.out.extend(self.queue.gone.drain(..).map(Effect::Gone));
        mem::take(&mut self.out)
    }

    /// The current epoch.
    pub fn epoch(&self) -> u32 {
        self.shared.epoch
    }

    /// Whether no event waits, nor is on its way.
    pub fn is_idle(&self) -> bool {
        self.queue.entries().is_empty()
    }

    /// Somebody waits for the epoch's profile.
    pub fn ready(&mut self, waiter: W) {
        if self.presence == Presence::Away {
            self.presence = Presence::Rests;
        }
        let under_way = self.round.is_some() || self.wanted.is_some();
        if self.settled.is_some() {
            self.waiters.push(waiter);
        } else if under_way || self.carries() || self.attempts < MOST_ATTEMPTS {
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
        self.shown();
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

    /// One provider answered; or, for each provider in order, what the answer to a page event brings.
    pub fn enriched(&mut self, request: RequestId, answer: Answer<T>) {
        let opens = answer.attributes.is_some();
        if let Some(orphan) = self.orphans.iter().position(|orphan| *orphan == request) {
            self.orphans.swap_remove(orphan);
            self.open |= opens;
            return;
        }
        let carried = self.is_posting(request);
        let slot = if carried { &mut self.carried } else { &mut self.round };
        let Some(round) = slot else { return };
        if !round.answered(request, answer) {
            return;
        }
        self.open |= opens;
        if round.complete()
            && let Some(round) = slot.take()
        {
            if carried {
                self.supersede();
            }
            self.finish(round);
        }
    }

    /// A timer of [`Effect::Wake`] ran out.
    pub fn woken(&mut self, timer: TimerId) {
        if self.patience.take_if(|patience| *patience == timer).is_some() {
            // Another tab did not get to tell the server what it had to.
            self.repeat();
        }
        self.queue.woken(timer);
    }

    /// Sends what may be sent. The profile goes before the events: somebody looks at it.
    fn pump(&mut self) {
        if self.presence == Presence::Away {
            return;
        }
        if self.own_left <= self.shared.heard {
            // Another tab was faster. Sent now, it might log out whoever has come since, or be said of them.
            self.queue.void_before(is_reset, is_personal);
            self.queue.void(is_reset);
        }
        if self.shared.barred() {
            let events_wait = self.queue.is_lent() && self.queue.entries().len() > 1;
            let is_told = self.queue.has(Kind::bars) && !self.queue.is_lent();
            if (events_wait || self.wanted.is_some() && !is_told) && self.patience.is_none() {
                self.patience = Some(self.wake(PATIENCE_MS));
            }
        } else if self.round.is_none() {
            let carries = self.carries();
            let may = |wanted: &mut Wanted| {
                self.queue.done_up_to(wanted.after) && (wanted.refresh || !carries)
            };
            if let Some(wanted) = self.wanted.take_if(may) {
                let round = Round::new(self.providers, wanted.refresh, wanted.covers);
                if self.providers == 0 {
                    self.finish(round);
                } else {
                    self.round = Some(round);
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
        if self.may_post()
            && let Some(first) = self.queue.entries().first()
        {
            // While the page looks for a token the other tabs go on.
            let shared = first.kind != Kind::Identify { asks: true };
            let request = self.request_id();
            self.queue.wait(request);
            self.out.push(Effect::Turn { request, shared });
        }
    }

    fn may_post(&self) -> bool {
        self.presence == Presence::Here && self.free() && self.queue.ready()
    }

    /// It is this tab's turn to send events. False if it has nothing to send any more.
    pub fn turn(&mut self, request: RequestId) -> bool {
        if !self.queue.turn(request) || !self.may_post() {
            return false;
        }
        let brings_after = if self.carries() { self.epoch_event } else { u32::MAX };
        let Some(first) = self.queue.entries().first() else { return false };
        let (kind, enrich) = (first.kind, first.brings(brings_after));
        let events = self.queue.send(request, brings_after);
        let deadline_ms = self.deadline_ms();
        self.carried = enrich.then(|| Round::carried(self.providers, request));
        self.out.push(Effect::Post { request, kind, events, enrich, deadline_ms });
        true
    }

    /// Whether a page event of this epoch is on its way whose answer will bring the profile.
    fn carries(&self) -> bool {
        self.context
            && !self.queue.paused()
            && !self.shared.barred()
            && self.queue.entries().iter().any(|entry| entry.brings(self.epoch_event))
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
        self.swap(vec![None; self.providers]);
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

    fn settle_waiters(&mut self, reason: Reason) {
        for waiter in mem::take(&mut self.waiters) {
            self.settle(waiter, reason);
        }
    }

    fn report(&mut self, code: &'static str, message: &'static str) {
        self.out.push(Effect::Report { code, message, provider: None });
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
