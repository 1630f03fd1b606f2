//! The browser: its tabs, what they store, and who they are of.

use std::collections::BTreeMap;

use super::server::{Handle, Server};
use super::tab::{Flight, PROVIDERS, Tab};
use super::{How, Step};
use crate::{effect::Kind, epoch::Shared, session::Setup};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    /// Its page has it.
    Fresh,
    /// Its page is gone.
    Orphan,
    /// Likewise, and it was sent.
    Left,
}

/// An event on the shelf.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shelved {
    pub(super) kind: Kind,
    pub(super) handle: Handle,
    pub(super) mark: Mark,
}

#[derive(Debug, Default)]
pub(super) struct Fact {
    /// Which person called it: they change by log-outs.
    pub(super) person: u32,
    pub(super) is_told: bool,
    /// It need not arrive, and may: a later log-out or opting out made it void.
    pub(super) void: bool,
    /// From then on it must not arrive.
    pub(super) banned: bool,
}

pub(super) struct Browser {
    pub(super) tabs: BTreeMap<usize, Tab>,
    pub(super) opened: usize,
    pub(super) credentialed: bool,
    pub(super) context: bool,
    pub(super) shared: Shared,
    pub(super) shelf: BTreeMap<u32, Shelved>,
    pub(super) server: Server,
    /// Counts log-outs.
    pub(super) person: u32,
    pub(super) facts: BTreeMap<u32, Fact>,
    /// How many have waited for a profile.
    pub(super) asked: u32,
    /// Of those whose tab is there: the tab, the epoch of the call, and how often it was answered.
    pub(super) waiters: BTreeMap<u32, (usize, u32, u32)>,
    /// Epochs for which a request that was asked in them was answered well.
    pub(super) known: Vec<u32>,
}

impl Browser {
    pub(super) fn new(credentialed: bool, context: bool) -> Self {
        Self {
            tabs: BTreeMap::new(),
            opened: 0,
            credentialed,
            context,
            shared: Shared::default(),
            shelf: BTreeMap::new(),
            server: Server::default(),
            person: 0,
            facts: BTreeMap::new(),
            asked: 0,
            waiters: BTreeMap::new(),
            known: Vec::new(),
        }
    }

    pub(super) fn open(&mut self) {
        let stale = self.shared.barred();
        let tab = Tab::new(Setup {
            providers: PROVIDERS,
            timeout_ms: 3_000,
            credentialed: self.credentialed,
            early: usize::from(!stale),
            context: self.context,
            shared: self.shared,
        });
        self.opened += 1;
        let id = self.opened;
        self.tabs.insert(id, tab);
        if !stale {
            let asked = self.shared.epoch;
            self.tab(id).flights.insert(0, Flight::Enrich { asked });
        }
        self.look(id, false);
        self.observe(id);
    }

    pub(super) fn tab(&mut self, id: usize) -> &mut Tab {
        self.tabs.get_mut(&id).unwrap()
    }

    pub(super) fn take(&mut self, nth: usize, step: &Step) {
        if matches!(step, Step::Open) {
            if self.tabs.len() < 3 {
                self.open();
            }
            return;
        }
        let Some(id) = self.tabs.keys().nth(nth).copied() else { return };
        self.notice(id);
        match step {
            Step::Open | Step::Notice => {}
            Step::Close { arrives } => {
                self.leave(id, true, *arrives);
                return self.end(id, *arrives);
            }
            Step::Kill { arrives } => return self.end(id, *arrives),
            Step::Hide => self.leave(id, false, true),
            Step::Return { arrives } => {
                self.leave(id, true, *arrives);
                self.tab(id).session.shown();
            }
            Step::Show => self.tab(id).session.shown(),
            Step::Call(kind) => self.call(id, *kind),
            Step::Ready | Step::Refresh => {
                let waiter = self.asked;
                self.asked += 1;
                self.waiters.insert(waiter, (id, self.shared.epoch, 0));
                let session = &mut self.tab(id).session;
                if matches!(step, Step::Ready) {
                    session.ready(waiter);
                } else {
                    session.refresh(waiter);
                }
            }
            Step::Look => self.look(id, false),
            Step::StorageIsCleared => {
                self.shared = Shared::default();
                self.shelf.clear();
                self.notice(id);
            }
            Step::OptOut => self.opt_out(),
            Step::Arrive { nth } => {
                if let Some(request) = self.tab(id).flights.keys().nth(*nth).copied() {
                    self.arrive(id, request);
                }
            }
            Step::Answer { nth, how } => {
                if let Some(request) = self.tab(id).flights.keys().nth(*nth).copied() {
                    self.answer(id, request, *how);
                }
            }
            Step::Wake => {
                if let Some(timer) = self.tab(id).timers.pop() {
                    self.tab(id).session.woken(timer);
                }
            }
        }
        self.observe(id);
    }

    /// What is stored is told first.
    pub(super) fn notice(&mut self, id: usize) {
        let shared = self.shared;
        let tab = self.tab(id);
        if shared.epoch > tab.epoch {
            tab.handle = Handle::Unknown;
        }
        tab.session.stored(shared);
        self.observe(id);
    }

    fn call(&mut self, id: usize, kind: Kind) {
        let event = u32::try_from(self.facts.len()).unwrap();
        let person = self.person;
        self.facts.insert(
            event,
            Fact { person, is_told: kind.is_told(), void: !kind.is_told(), banned: false },
        );
        let handle = self.tab(id).handle;
        match kind {
            Kind::Reset => {
                self.person += 1;
                for (event, shelved) in &mut self.shelf {
                    if shelved.handle == Handle::Unknown {
                        shelved.handle =
                            if handle == Handle::Unknown { Handle::Nobody } else { handle };
                    }
                    let is_identify = matches!(shelved.kind, Kind::Identify { .. });
                    self.facts.get_mut(event).unwrap().void |= is_identify;
                }
                self.shelf.retain(|_, it| !matches!(it.kind, Kind::Identify { .. }));
                self.tab(id).handle = Handle::Unknown;
            }
            Kind::Identify { .. } => self.tab(id).handle = Handle::Unknown,
            Kind::Page | Kind::Track | Kind::Group | Kind::Consent { .. } => {}
        }
        if kind.is_told() {
            self.shelf.insert(event, Shelved { kind, handle, mark: Mark::Fresh });
        }
        let tab = self.tab(id);
        tab.known.insert(event, (kind, handle));
        tab.session.event(kind, event, 1);
    }

    /// The tab takes in what other tabs have left, or with `all`, whatever other tabs have not sent.
    fn look(&mut self, id: usize, all: bool) {
        let stored = self.shelf.clone();
        let tab = self.tab(id);
        for (event, Shelved { kind, handle, mark }) in stored {
            if tab.known.contains_key(&event) || (mark == Mark::Fresh && !all) {
                continue;
            }
            tab.known.insert(event, (kind, handle));
            tab.common.insert(event);
            tab.session.adopt(kind, event, 1, mark == Mark::Left);
        }
    }

    fn mark(&mut self, event: u32, mark: Mark) {
        if let Some(shelved) = self.shelf.get_mut(&event) {
            shelved.mark = mark;
        }
    }

    fn leave(&mut self, id: usize, unloads: bool, arrives: bool) {
        let tab = self.tab(id);
        let flying = tab.session_flight();
        tab.session.leave(unloads, flying.is_some(), true);
        tab.waits = None;
        let mut sent: Vec<u32> = flying.into_iter().flatten().collect();
        let mut beacons = Vec::new();
        while let Some((kind, parcels)) = self.tab(id).session.parting() {
            self.tab(id).session.parted();
            let events: Vec<u32> = parcels.iter().filter_map(|parcel| parcel.body).collect();
            let message = self.message(id, kind, &parcels);
            sent.extend(events);
            beacons.push(message);
        }
        // What is not told to have left, with its page or at all.
        let own: Vec<u32> = self.tab(id).known.keys().copied().collect();
        for event in own {
            let was_left = self.shelf.get(&event).is_some_and(|it| it.mark == Mark::Left);
            if sent.contains(&event) || was_left {
                self.mark(event, Mark::Left);
            } else if unloads {
                self.mark(event, Mark::Orphan);
            }
            self.tab(id).common.insert(event);
        }
        if unloads {
            self.tab(id).holds = false;
        }
        // Those in flight left before them.
        if unloads {
            self.settle_flights(id, arrives);
        }
        for message in beacons {
            if arrives {
                self.deliver(&message);
            }
        }
        self.observe(id);
    }

    /// What is in flight arrives now or never: what names nobody could else be overtaken by the next page's log-out.
    fn settle_flights(&mut self, id: usize, arrives: bool) {
        let requests: Vec<u32> = self.tab(id).flights.keys().copied().collect();
        for request in requests {
            if arrives {
                self.arrive(id, request);
            } else {
                self.tab(id).lost.insert(request);
            }
        }
    }

    fn end(&mut self, id: usize, arrives: bool) {
        self.settle_flights(id, arrives);
        self.tabs.remove(&id);
        self.waiters.retain(|_, (tab, ..)| *tab != id);
        self.next_turn();
    }

    fn opt_out(&mut self) {
        let ids: Vec<usize> = self.tabs.keys().copied().collect();
        self.shelf.clear();
        for id in &ids {
            self.notice(*id);
            self.tab(*id).session.opt_out();
            self.observe(*id);
        }
        for (event, fact) in &mut self.facts {
            fact.banned |= fact.is_told && !self.server.taken.contains_key(event);
            fact.void = true;
        }
    }

    /// Lets every request and timer of every tab end well: afterwards nobody waits. Then a last page finds what
    /// still lies on the shelf.
    pub(super) fn calm(&mut self) {
        let ids: Vec<usize> = self.tabs.keys().copied().collect();
        for id in ids {
            self.tab(id).session.shown();
            self.notice(id);
        }
        self.run_dry();
        for (waiter, (_, _, settled)) in &self.waiters {
            assert_eq!(*settled, 1, "waiter {waiter} settles exactly once");
        }
        self.open();
        let last = self.opened;
        self.look(last, true);
        self.observe(last);
        self.run_dry();
        assert!(self.shelf.is_empty(), "{:?}", self.shelf);
    }

    fn run_dry(&mut self) {
        for _ in 0..2_000 {
            // Answers before timers, and of these the oldest first: one that is set again and again would keep the
            // others from running out.
            let answered = self.tabs.iter().find(|(_, tab)| !tab.flights.is_empty());
            let woken = || self.tabs.iter().find(|(_, tab)| !tab.timers.is_empty());
            let Some((id, tab)) = answered.or_else(woken) else { break };
            let (id, request) = (*id, tab.flights.keys().next().copied());
            self.notice(id);
            if let Some(request) = request {
                self.answer(id, request, How::Well);
            } else if !self.tab(id).timers.is_empty() {
                let timer = self.tab(id).timers.remove(0);
                self.tab(id).session.woken(timer);
            }
            self.observe(id);
        }
    }

    pub(super) fn assert_all_arrived(&self) {
        let mut people = BTreeMap::new();
        for (event, fact) in &self.facts {
            let whose = self.server.taken.get(event);
            assert!(fact.void || whose.is_some(), "{event} is lost");
            if let Some(Some(visitor)) = whose {
                let person = people.entry(*visitor).or_insert(fact.person);
                assert_eq!(*person, fact.person, "{event} landed on another person");
            }
        }
    }
}
