//! The exported class: calls in, effects out.

use std::cell::{Cell, RefCell};

use wasm_bindgen::prelude::*;

use super::host::{Host, Start};
use crate::{
    effect::{Effect, Kind, Parcel, Reason, RequestId, TimerId},
    enrich::Answer,
    epoch::Shared,
    queue::{Receipt, is_final},
    session::{Session, Setup},
};

/// The session of this page, wired to it.
#[wasm_bindgen]
pub struct Engine {
    host: Host,
    session: RefCell<Session<JsValue, JsValue>>,
    started: Cell<bool>,
}

#[wasm_bindgen]
impl Engine {
    /// Takes over from the facade, which has `early` answers on their way: as those of the requests
    /// `0..early`, asked when this was stored.
    #[wasm_bindgen(constructor)]
    pub fn new(
        start: &Start,
        host: Host,
        epoch: u32,
        left: u32,
        heard: u32,
        denied: u32,
        obeyed: u32,
    ) -> Self {
        let session = Session::new(Setup {
            providers: start.providers() as usize,
            timeout_ms: start.timeout_ms(),
            credentialed: start.credentialed(),
            early: start.early() as usize,
            context: start.context(),
            shared: Shared { epoch, left, heard, denied, obeyed },
        });
        Self { host, session: RefCell::new(session), started: Cell::new(false) }
    }

    /// What is stored, before anything else is told: another tab may have counted further, whose event is
    /// yet to come.
    pub fn stored(&self, epoch: u32, left: u32, heard: u32, denied: u32, obeyed: u32) {
        self.session.borrow_mut().stored(Shared { epoch, left, heard, denied, obeyed });
    }

    /// Another tab stored something, or this page was restored. The first call also starts the engine:
    /// until then calls are only taken in, so that an `identify` counts for what is asked first.
    pub fn shown(&self) {
        self.started.set(true);
        self.input(Session::shown);
    }

    /// Queues an event; `kind` is the letter of its path, with `r` for a log-out. Of an identify `flag`
    /// says that the page is asked for a token, of a consent that it allows no profile.
    pub fn event(&self, kind: u8, body: JsValue, bytes: u32, flag: bool) {
        self.input(|session| session.event(kind_of(kind, flag), body, bytes));
    }

    /// Queues an event of a page that is gone.
    pub fn adopt(&self, kind: u8, body: JsValue, bytes: u32, flag: bool, left: bool) {
        self.input(|session| session.adopt(kind_of(kind, flag), body, bytes, left));
    }

    /// It is this tab's turn to send. Returns whether something was sent.
    pub fn turn(&self, id: u32) -> bool {
        let sends = self.session.borrow_mut().turn(RequestId(id));
        self.carry_out();
        sends
    }

    /// Of what was loaded for a post, the one at this position has not arrived.
    pub fn missing(&self, id: u32, index: u32) {
        self.session.borrow_mut().missing(RequestId(id), index as usize);
    }

    /// Forgets what was collected.
    pub fn forget(&self) {
        self.input(Session::opt_out);
    }

    /// Whether everything that was queued has left.
    pub fn idle(&self) -> bool {
        self.session.borrow().is_idle()
    }

    /// Settles the waiter once the epoch has a profile; with `fresh`, once one has arrived that is
    /// asked for at this moment.
    pub fn wait(&self, waiter: JsValue, fresh: bool) {
        self.input(|session| {
            if fresh {
                session.refresh(waiter);
            } else {
                session.ready(waiter);
            }
        });
    }

    /// An enrich request ended, or the answer to an event says this of the next provider. The reason is a
    /// position; without attributes, they are `undefined`.
    pub fn enriched(&self, id: u32, reason: u8, attributes: JsValue) {
        let reason = Reason::ALL.get(usize::from(reason)).copied().unwrap_or(Reason::Error);
        let attributes = (!attributes.is_undefined()).then_some(attributes);
        self.input(|session| session.enriched(RequestId(id), Answer { reason, attributes }));
    }

    /// A post ended. The status is 0 or less for no answer, `words` those of a refusal. Returns
    /// whether an answer of now names who is here.
    pub fn posted(
        &self,
        id: u32,
        status: i16,
        words: JsValue,
        retry_after_s: f64,
        random: f64,
    ) -> bool {
        let receipt = if !is_final(status) {
            Receipt::Unreachable { retry_after_ms: milliseconds(retry_after_s) }
        } else if status < 300 {
            Receipt::Accepted
        } else {
            Receipt::Refused(words)
        };
        self.input(|session| session.posted(RequestId(id), receipt, random));
        self.session.borrow().is_certain()
    }

    /// A post ended before it was sent.
    pub fn withdrawn(&self, id: u32) {
        self.input(|session| session.posted(RequestId(id), Receipt::Withdrawn, 0.0));
    }

    /// What [`Host::wake`] was asked for.
    pub fn woken(&self, id: u32) {
        self.input(|session| session.woken(TimerId(id)));
    }

    /// The page is hidden, or unloads: what may leave leaves by beacon.
    pub fn leave(&self, unloads: bool, flies: bool, keeps: bool) {
        self.input(|session| session.leave(unloads, flies, keeps));
        loop {
            let parting = self.session.borrow_mut().parting();
            let Some((kind, events)) = parting else { break };
            self.load(events);
            if !self.host.beacon(letter(kind)) {
                break;
            }
            self.session.borrow_mut().parted();
        }
    }
}

impl Engine {
    /// Tells the session something, then carries out what it wants. No effect runs inside a borrow.
    fn input(&self, tell: impl FnOnce(&mut Session<JsValue, JsValue>)) {
        tell(&mut self.session.borrow_mut());
        self.carry_out();
    }

    fn carry_out(&self) {
        let epoch = self.session.borrow().epoch();
        self.host.epoch(epoch);
        if !self.started.get() {
            return;
        }
        let effects = self.session.borrow_mut().effects();
        for effect in effects {
            self.perform(effect);
        }
    }

    fn load(&self, events: Vec<Parcel<JsValue>>) {
        for Parcel { body, left } in events {
            self.host.load(body.unwrap_or_default(), left);
        }
    }

    fn perform(&self, effect: Effect<JsValue, JsValue>) {
        let host = &self.host;
        match effect {
            Effect::Enrich { request, provider, refresh, deadline_ms } => {
                host.enrich(request.0, position(provider), refresh, deadline_ms);
            }
            Effect::Turn { request, shared } => host.turn(request.0, shared),
            Effect::Post { request, kind, events, enrich, deadline_ms } => {
                self.load(events);
                host.post(request.0, letter(kind), enrich, deadline_ms);
            }
            Effect::Gone(body) => host.gone(&body),
            Effect::Abort(request) => host.abort(request.0),
            Effect::Withdraw(request) => host.withdraw(request.0),
            Effect::Hasten { request, after_ms } => host.hasten(request.0, after_ms),
            Effect::Wake { timer, after_ms } => host.wake(timer.0, after_ms),
            Effect::Profile { attributes, epoch } => {
                for (provider, attributes) in attributes.iter().enumerate() {
                    if let Some(attributes) = attributes {
                        host.put(position(provider), attributes);
                    }
                }
                host.swap(epoch);
            }
            Effect::Settle { waiter, outcome } => {
                host.settle(&waiter, outcome.reason as u8, outcome.epoch);
            }
            Effect::Remember(Shared { epoch, left, heard, denied, obeyed }) => {
                host.remember(epoch, left, heard, denied, obeyed);
            }
            Effect::Report { code, message, provider } => {
                host.report(code, message, provider.map_or(-1, |p| position(p).cast_signed()));
            }
            Effect::Refused(words) => host.refused(&words),
        }
    }
}

fn kind_of(letter: u8, flag: bool) -> Kind {
    match letter {
        b'i' => Kind::Identify { asks: flag },
        b'p' => Kind::Page,
        b't' => Kind::Track,
        b'g' => Kind::Group,
        b'c' => Kind::Consent { denies: flag },
        _ => Kind::Reset,
    }
}

fn letter(kind: Kind) -> u8 {
    match kind {
        Kind::Identify { .. } => b'i',
        Kind::Page => b'p',
        Kind::Track => b't',
        Kind::Group => b'g',
        Kind::Consent { .. } => b'c',
        Kind::Reset => b'r',
    }
}

/// The facade counted them as a `u32`, too.
#[expect(clippy::cast_possible_truncation, reason = "`usize` has 32 bits here")]
fn position(provider: usize) -> u32 {
    provider as u32
}

/// Of a `Retry-After` in seconds. A date, or nothing, is no number above 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn milliseconds(seconds: f64) -> Option<u32> {
    (seconds > 0.0).then_some((seconds * 1_000.0) as u32)
}
