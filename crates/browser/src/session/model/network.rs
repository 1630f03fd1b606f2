//! What tabs ask for: requests on their way, answers, and everything else that a session wants done.

use super::How;
use super::browser::Browser;
use super::server::{Answer, Handle, Message};
use super::tab::{Flight, PROVIDERS, Value};
use crate::{
    effect::{Effect, Kind, Outcome, Parcel, Reason, RequestId},
    enrich,
    queue::Receipt,
};

impl Browser {
    pub(super) fn message(&mut self, id: usize, kind: Kind, parcels: &[Parcel<Value>]) -> Message {
        let stored = self.shelf.clone();
        let tab = self.tab(id);
        let mut message = Message { kind, left: Vec::new(), events: Vec::new() };
        if kind == Kind::Reset {
            return message;
        }
        for event in parcels.iter().filter(|parcel| parcel.left).filter_map(|it| it.body) {
            message.left.push(event);
        }
        for event in parcels.iter().filter(|parcel| !parcel.left).filter_map(|it| it.body) {
            // What is stored counts: another tab may have said whose it was.
            let handle = stored.get(&event).map_or(tab.known[&event].1, |it| it.handle);
            message.events.push((event, handle));
        }
        let taken_elsewhere =
            |event: &u32| tab.common.contains(event) && !stored.contains_key(event);
        if kind.is_told() {
            message.left.retain(|event| !taken_elsewhere(event));
            message.events.retain(|(event, _)| !taken_elsewhere(event));
        }
        message
    }

    pub(super) fn deliver(&mut self, message: &Message) -> Answer {
        for (event, _) in &message.events {
            assert!(!self.facts[event].banned, "{event} was called before an opting out");
        }
        self.server.take(message)
    }

    pub(super) fn arrive(&mut self, id: usize, request: u32) {
        if self.tab(id).aborted.contains(&request) || self.tab(id).lost.contains(&request) {
            return;
        }
        let Some(Flight::Post { message, answer: None, .. }) = self.tab(id).flights.get(&request)
        else {
            return;
        };
        let message = message.clone();
        let answered = self.deliver(&message);
        if let Some(Flight::Post { answer, .. }) = self.tab(id).flights.get_mut(&request) {
            *answer = Some(answered);
        }
    }

    pub(super) fn answer(&mut self, id: usize, request: u32, how: How) {
        let is_lost = self.tab(id).lost.contains(&request);
        let how = if is_lost { How::Lost } else { how };
        if how == How::Well {
            self.arrive(id, request);
        }
        let tab = self.tabs.get_mut(&id).unwrap();
        let Some(flight) = tab.flights.remove(&request) else { return };
        let well = how == How::Well && !tab.aborted.contains(&request);
        tab.answered_once |= well;
        let name = RequestId(request);
        match flight {
            Flight::Enrich { asked } => {
                if well {
                    self.known.push(asked);
                }
                tab.session.enriched(name, enriched(how, asked));
            }
            Flight::Post { message, enrich, order, epoch, answer } => {
                let taken = matches!(answer, Some(Answer::Taken(_)));
                if let Some(asked) = enrich.filter(|_| well && taken) {
                    self.known.push(asked);
                    for _ in 0..PROVIDERS {
                        tab.session.enriched(name, enriched(how, asked));
                    }
                }
                if let (How::Well, Some(Answer::Missing(missing))) = (how, &answer) {
                    for event in missing {
                        let index = order.iter().position(|it| it == event).unwrap();
                        tab.session.missing(name, index);
                    }
                }
                // Refused for good: it need not arrive. Withdrawn: nor does that.
                let refused = how == How::Refused && answer.is_none();
                let receipt = match how {
                    How::Well => Receipt::Accepted,
                    _ if refused && message.kind == (Kind::Identify { asks: true }) => {
                        Receipt::Withdrawn
                    }
                    _ if refused => Receipt::Refused(0),
                    _ => Receipt::Unreachable { retry_after_ms: None },
                };
                if refused {
                    for event in &order {
                        self.facts.get_mut(event).unwrap().void = true;
                    }
                }
                tab.session.posted(name, receipt, 0.5);
                if let (How::Well, Some(Answer::Taken(visitor))) = (how, answer)
                    && tab.session.is_certain()
                    && epoch == self.shared.epoch
                {
                    tab.handle = Handle::Of(visitor);
                }
                self.observe(id);
                // One that was aborted has given up its turn then.
                self.tab(id).holds &= self.tabs[&id].aborted.contains(&request);
                self.next_turn();
            }
        }
    }

    /// Whoever waits for the turn has it now.
    pub(super) fn next_turn(&mut self) {
        let ids: Vec<usize> = self.tabs.keys().copied().collect();
        for id in ids {
            self.notice(id);
        }
    }

    pub(super) fn observe(&mut self, id: usize) {
        loop {
            let effects = self.tab(id).effects();
            let over = effects.is_empty();
            for effect in effects {
                self.perform(id, effect);
            }
            let held = self.tabs.values().any(|tab| tab.holds);
            if let Some(request) = self.tab(id).waits.take_if(|_| !held) {
                let tab = self.tab(id);
                tab.holds = tab.session.turn(request);
            } else if over {
                break;
            }
        }
        let tab = &self.tabs[&id];
        assert!(tab.posts() <= 1);
        assert!(tab.answered_once || tab.live().count() <= 1, "one request until the first answer");
    }

    pub(super) fn perform(&mut self, id: usize, effect: Effect<Value, u32>) {
        let shared = self.shared;
        // A call has started it before it is stored.
        let now = shared.epoch.max(self.tabs[&id].session.epoch());
        match effect {
            Effect::Enrich { request, .. } => {
                assert!(!shared.barred(), "asked with the cookie of who left, or denies");
                let flight = Flight::Enrich { asked: shared.epoch };
                self.tab(id).flights.insert(request.0, flight);
            }
            Effect::Turn { request, .. } => self.tab(id).waits = Some(request),
            Effect::Post { request, kind, events, enrich, .. } => {
                assert!(!enrich || !shared.barred());
                let order: Vec<u32> =
                    events.iter().filter_map(|it| it.body).filter(|_| kind.is_told()).collect();
                let message = self.message(id, kind, &events);
                let enrich = enrich.then_some(shared.epoch);
                let flight =
                    Flight::Post { message, enrich, order, epoch: shared.epoch, answer: None };
                self.tab(id).flights.insert(request.0, flight);
            }
            Effect::Gone(event) => {
                let tab = self.tab(id);
                let (kind, _) = tab.known[&event];
                self.shelf.remove(&event);
                if matches!(kind, Kind::Identify { .. }) && shared.left > 0 {
                    self.facts.get_mut(&event).unwrap().void = true;
                }
            }
            Effect::Abort(request) => {
                self.tab(id).aborted.insert(request.0);
                self.tab(id).holds &=
                    !matches!(self.tabs[&id].flights.get(&request.0), Some(Flight::Post { .. }));
            }
            Effect::Wake { timer, .. } => self.tab(id).timers.push(timer),
            Effect::Profile { attributes, epoch } => {
                assert_eq!(epoch, now);
                assert!(attributes.iter().flatten().all(|asked| *asked == epoch));
            }
            Effect::Settle { waiter, outcome: Outcome { epoch, reason } } => {
                assert_eq!(epoch, now, "settled by an older epoch");
                let (_, called, settled) = self.waiters.get_mut(&waiter).unwrap();
                *settled += 1;
                assert!(*called <= epoch);
                assert!(reason != Reason::Network || self.known.contains(&epoch));
            }
            Effect::Remember(told) => {
                self.shared = shared.merge(told);
                assert!(self.shared.heard <= self.shared.left);
                assert!(self.shared.obeyed <= self.shared.denied);
                self.tab(id).epoch = self.shared.epoch;
            }
            Effect::Hasten { .. }
            | Effect::Withdraw(_)
            | Effect::Report { .. }
            | Effect::Refused(_) => {}
        }
    }
}

fn enriched(how: How, asked: u32) -> enrich::Answer<Value> {
    match how {
        How::Well => enrich::Answer { reason: Reason::Network, attributes: Some(asked) },
        How::Refused => enrich::Answer { reason: Reason::Denied, attributes: None },
        How::Lost | How::Busy => enrich::Answer { reason: Reason::Error, attributes: None },
    }
}
