//! The exported class: calls in, effects out.

use std::cell::{Cell, RefCell};

use datafly_core::v1::path;
use js_sys::{Function, Object, Reflect, encode_uri_component};
use wasm_bindgen::prelude::*;
use web_sys::AbortController;

use super::{
    config::Config,
    host::{Host, to_js},
    http::{self, Reply},
};
use crate::{
    effect::{Effect, Kind, RequestId, TimerId},
    epoch::Shared,
    session::{Session, Setup},
};

/// Effects of a page: attributes are JavaScript objects, waiters are functions of an outcome.
type PageEffect = Effect<JsValue, Function>;

/// The session of this page, wired to it.
#[wasm_bindgen]
pub struct Engine {
    config: Config,
    host: Host,
    session: RefCell<Session<JsValue, Function>>,
    /// How to abort what is in flight.
    flights: RefCell<Vec<(RequestId, AbortController)>>,
    started: Cell<bool>,
}

#[wasm_bindgen]
impl Engine {
    /// Takes over from the facade, which has `early` enrich requests under way; `controller` aborts them
    /// all, and their answers come as those of the requests `0..early`.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &JsValue, host: Host, early: u32, controller: &AbortController) -> Self {
        let config = Config::read(config);
        let session = Session::new(Setup {
            providers: config.providers.clone(),
            timeout_ms: config.timeout_ms,
            credentialed: config.credentialed,
            early: early as usize,
            shared: Shared::parse(&config.shared),
        });
        let flights = (0..early).map(|request| (RequestId(request), controller.clone())).collect();
        Self {
            config,
            host,
            session: RefCell::new(session),
            flights: RefCell::new(flights),
            started: Cell::new(false),
        }
    }

    /// Queues an event; `kind` is `i`, `p`, `t`, or anything else for a log-out.
    pub fn event(&self, kind: char, body: &str) {
        let kind = match kind {
            'i' => Kind::Identify,
            'p' => Kind::Page,
            't' => Kind::Track,
            _ => Kind::Reset,
        };
        self.input(|session| session.event(kind, body.into()));
    }

    /// Calls `settle({reason, epoch})` once the epoch has a profile; with `fresh`, once one has arrived
    /// that was asked for now.
    pub fn wait(&self, settle: Function, fresh: bool) {
        self.input(|session| {
            if fresh {
                session.refresh(settle);
            } else {
                session.ready(settle);
            }
        });
    }

    /// Another tab stored something, or this page was restored. The first call also starts the engine:
    /// until then calls are only taken in, so that an `identify` counts for what is asked first.
    pub fn stored(&self) {
        self.started.set(true);
        self.input(Session::shown);
    }

    /// A request ended; see [`Reply`] for the parts.
    pub fn answered(&self, id: u32, status: i16, body: JsValue, retry_after_s: f64) {
        let request = RequestId(id);
        self.landed(request);
        let reply = Reply { status, body, retry_after_ms: milliseconds(retry_after_s) };
        self.input(|session| {
            if session.is_posting(request) {
                session.posted(request, reply.receipt(), js_sys::Math::random());
            } else {
                session.enriched(request, reply.answer());
            }
        });
    }

    /// What [`Host::later`] was asked for: a deadline if this names a request in flight, else a pause's
    /// end. (They share their numbers.)
    pub fn due(&self, id: u32) {
        if !self.abort(RequestId(id)) {
            self.input(|session| session.woken(TimerId(id)));
        }
    }

    /// The page unloads: what is queued leaves by beacon.
    pub fn unload(&self) {
        let (mut entries, cut) = self.session.borrow_mut().leave();
        if let Some(request) = cut {
            self.abort(request);
        }
        entries.retain(|entry| !self.host.beacon(&self.url(entry.kind.path()), &entry.body));
        self.session.borrow_mut().stay(entries);
    }
}

impl Engine {
    /// Tells the session something, then carries out what it wants. No effect runs inside a borrow.
    /// Another tab may have counted further, whose event is yet to come.
    fn input(&self, tell: impl FnOnce(&mut Session<JsValue, Function>)) {
        self.catch_up();
        tell(&mut self.session.borrow_mut());
        self.carry_out();
    }

    fn catch_up(&self) {
        let shared = Shared::parse(&self.host.recall());
        self.session.borrow_mut().stored(shared);
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

    fn perform(&self, effect: PageEffect) {
        match effect {
            Effect::Enrich { request, provider, refresh, deadline_ms } => {
                let provider = self.config.providers.get(provider).map_or("", String::as_str);
                let mut url = self.url(path::ENRICH);
                url.push_str("&provider=");
                url.push_str(&encoded(provider));
                if refresh {
                    url.push_str("&refresh=1");
                }
                self.launch(request, deadline_ms, &url, None);
            }
            Effect::Post { request, kind, body, deadline_ms } => {
                self.launch(request, deadline_ms, &self.url(kind.path()), Some(&body));
            }
            Effect::Abort(request) => {
                self.abort(request);
                self.landed(request);
            }
            Effect::Hasten { request, after_ms } => self.host.later(request.0, after_ms),
            Effect::Wake { timer, after_ms } => self.host.later(timer.0, after_ms),
            Effect::Profile { attributes, epoch } => {
                let profile = Object::new();
                for (name, value) in self.config.providers.iter().zip(attributes) {
                    if let Some(value) = value {
                        let _ = Reflect::set(&profile, &name.into(), &value);
                    }
                }
                self.host.swap(&profile, epoch);
            }
            Effect::Settle { waiter, outcome } => {
                let _ = waiter.call1(&JsValue::NULL, &to_js(&outcome));
            }
            Effect::Remember(shared) => self.host.remember(&shared.to_text()),
            Effect::Report(failure) => self.host.report(&to_js(&failure)),
        }
    }

    fn launch(&self, request: RequestId, deadline_ms: u32, url: &str, body: Option<&str>) {
        // It has no way to fail; without one there would be nothing to send with.
        let Ok(controller) = AbortController::new() else {
            return;
        };
        let sent = http::request(url, body, &controller.signal());
        self.flights.borrow_mut().push((request, controller));
        self.host.later(request.0, deadline_ms);
        self.host.send(request.0, sent.as_ref());
    }

    fn url(&self, path: &str) -> String {
        [&self.config.endpoint, path, "?key=", &encoded(&self.config.pipeline_key)].concat()
    }

    fn landed(&self, request: RequestId) {
        self.flights.borrow_mut().retain(|(flight, _)| *flight != request);
    }

    /// Whether there was such a request in flight. Its answer still arrives, as a failure.
    fn abort(&self, request: RequestId) -> bool {
        let of_it = |flight: &&(RequestId, AbortController)| flight.0 == request;
        let controller = self.flights.borrow().iter().find(of_it).map(|flight| flight.1.clone());
        if let Some(controller) = &controller {
            controller.abort();
        }
        controller.is_some()
    }
}

fn encoded(text: &str) -> String {
    encode_uri_component(text).into()
}

/// Of a `Retry-After` in seconds. A date, or nothing, is no number above 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn milliseconds(seconds: f64) -> Option<u32> {
    (seconds > 0.0).then_some((seconds * 1_000.0) as u32)
}
