//! Random interleavings of calls, slow answers and lost answers against what a page may observe.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, prelude::*};

use super::{Session, Setup};
use crate::{
    effect::{Effect, Kind, Outcome, Reason, RequestId, TimerId},
    enrich::Answer,
    epoch::Shared,
    queue::Receipt,
};

const PROVIDERS: usize = 2;

/// The attributes say in which epoch they were asked for.
type Asked = u32;

#[derive(Debug, Clone)]
enum Step {
    Identify,
    /// One whose token the page is asked for.
    Prove,
    Consent {
        denies: bool,
    },
    Reset,
    Page,
    Track,
    Ready,
    Refresh,
    OtherTabIdentifies,
    OtherTabResets,
    OtherTabDenies,
    /// What it and everybody else has told so far.
    OtherTabIsHeard,
    StorageIsCleared,
    /// Answers the n-th request in flight, an aborted one included.
    Answer {
        nth: usize,
        how: How,
    },
    Wake,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Well,
    Refused,
    Lost,
}

fn step() -> impl Strategy<Value = Step> {
    let how = prop_oneof![3 => Just(How::Well), 1 => Just(How::Refused), 1 => Just(How::Lost)];
    prop_oneof![
        2 => Just(Step::Identify),
        1 => Just(Step::Prove),
        1 => any::<bool>().prop_map(|denies| Step::Consent { denies }),
        1 => Just(Step::Reset),
        2 => Just(Step::Page),
        2 => Just(Step::Track),
        3 => Just(Step::Ready),
        2 => Just(Step::Refresh),
        1 => Just(Step::OtherTabIdentifies),
        1 => Just(Step::OtherTabResets),
        1 => Just(Step::OtherTabDenies),
        1 => Just(Step::OtherTabIsHeard),
        1 => Just(Step::StorageIsCleared),
        8 => (0..4usize, how).prop_map(|(nth, how)| Step::Answer { nth, how }),
        2 => Just(Step::Wake),
    ]
}

#[derive(Debug, Clone, Copy)]
enum Flight {
    Enrich {
        asked: Asked,
    },
    /// Of an event that asks for the profile, the epoch.
    Post {
        kind: Kind,
        enrich: Option<Asked>,
    },
}

struct World {
    page: Session<Asked, u32>,
    /// What is stored.
    shared: Shared,
    flights: BTreeMap<u32, Flight>,
    aborted: Vec<u32>,
    timers: Vec<TimerId>,
    called: BTreeMap<u32, u32>,
    settled: BTreeMap<u32, u32>,
    answered_once: bool,
    /// Epochs for which a request that was asked in them was answered well.
    known: BTreeSet<u32>,
}

impl World {
    fn new(credentialed: bool, context: bool) -> Self {
        let page = Session::new(Setup {
            providers: PROVIDERS,
            timeout_ms: 3_000,
            credentialed,
            early: 1,
            context,
            shared: Shared::default(),
        });
        Self {
            page,
            shared: Shared::default(),
            flights: BTreeMap::from([(0, Flight::Enrich { asked: 0 })]),
            aborted: Vec::new(),
            timers: Vec::new(),
            called: BTreeMap::new(),
            settled: BTreeMap::new(),
            answered_once: credentialed,
            known: BTreeSet::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        let waiter = u32::try_from(self.called.len()).unwrap();
        match step {
            Step::Identify => self.start_epoch(Kind::Identify { asks: false }),
            Step::Prove => self.start_epoch(Kind::Identify { asks: true }),
            Step::Consent { denies } => {
                self.shared.denied += u32::from(*denies);
                self.start_epoch(Kind::Consent { denies: *denies });
            }
            Step::Reset => {
                self.shared.left += 1;
                self.shared.obeyed = self.shared.denied;
                self.start_epoch(Kind::Reset);
            }
            Step::Page => self.page.event(Kind::Page, 0),
            Step::Track => self.page.event(Kind::Track, 0),
            Step::Ready => {
                self.called.insert(waiter, self.shared.epoch);
                self.page.ready(waiter);
            }
            Step::Refresh => {
                self.called.insert(waiter, self.shared.epoch);
                self.page.refresh(waiter);
            }
            Step::OtherTabIdentifies => {
                self.shared.epoch += 1;
                self.page.stored(self.shared);
            }
            Step::OtherTabResets => {
                self.shared.epoch += 1;
                self.shared.left += 1;
                self.page.stored(self.shared);
            }
            Step::OtherTabDenies => {
                self.shared.epoch += 1;
                self.shared.denied += 1;
                self.page.stored(self.shared);
            }
            Step::OtherTabIsHeard => {
                self.shared.heard = self.shared.left;
                self.shared.obeyed = self.shared.denied;
                self.page.stored(self.shared);
            }
            Step::StorageIsCleared => self.page.stored(Shared::default()),
            Step::Answer { nth, how } => {
                let nth = self.flights.keys().nth(*nth).copied();
                if let Some(request) = nth {
                    self.answer(request, *how);
                }
            }
            Step::Wake => {
                if let Some(timer) = self.timers.pop() {
                    self.page.woken(timer);
                }
            }
        }
        self.observe();
    }

    fn start_epoch(&mut self, kind: Kind) {
        self.shared.epoch += 1;
        self.page.event(kind, 0);
    }

    fn answer(&mut self, request: u32, how: How) {
        let Some(flight) = self.flights.remove(&request) else {
            return;
        };
        let well = matches!(how, How::Well) && !self.aborted.contains(&request);
        self.answered_once |= well;
        match flight {
            Flight::Enrich { asked } => {
                if well {
                    self.known.insert(asked);
                }
                self.page.enriched(RequestId(request), answer(how, asked));
            }
            Flight::Post { kind, enrich } => {
                if let Some(asked) = enrich.filter(|_| matches!(how, How::Well)) {
                    self.known.insert(asked);
                    for _ in 0..PROVIDERS {
                        self.page.enriched(RequestId(request), answer(how, asked));
                    }
                }
                let receipt = match how {
                    How::Refused if kind == (Kind::Identify { asks: true }) => Receipt::Withdrawn,
                    How::Well => Receipt::Accepted,
                    How::Refused => Receipt::Refused(0),
                    How::Lost => Receipt::Unreachable { retry_after_ms: None },
                };
                self.page.posted(RequestId(request), receipt, 0.5);
            }
        }
    }

    fn observe(&mut self) {
        for effect in self.page.effects() {
            match effect {
                Effect::Enrich { request, .. } => {
                    assert!(!self.shared.barred(), "asked with the cookie of who left, or denies");
                    let asked = self.shared.epoch;
                    self.flights.insert(request.0, Flight::Enrich { asked });
                }
                Effect::Post { request, kind, enrich, .. } => {
                    assert!(!enrich || !self.shared.barred());
                    let enrich = enrich.then_some(self.shared.epoch);
                    self.flights.insert(request.0, Flight::Post { kind, enrich });
                }
                Effect::Abort(request) => self.aborted.push(request.0),
                Effect::Wake { timer, .. } => self.timers.push(timer),
                Effect::Profile { attributes, epoch } => {
                    assert_eq!(epoch, self.shared.epoch);
                    assert!(attributes.iter().flatten().all(|asked| *asked == epoch));
                }
                Effect::Settle { waiter, outcome: Outcome { epoch, reason } } => {
                    assert_eq!(epoch, self.shared.epoch, "settled by an older epoch");
                    *self.settled.entry(waiter).or_default() += 1;
                    assert!(self.called[&waiter] <= epoch);
                    assert!(reason != Reason::Network || self.known.contains(&epoch));
                }
                Effect::Remember(shared) => {
                    let confirmed = Shared { heard: 0, obeyed: 0, ..self.shared };
                    assert_eq!(shared, shared.merge(confirmed));
                    self.shared = self.shared.merge(shared);
                    assert!(self.shared.heard <= self.shared.left);
                    assert!(self.shared.obeyed <= self.shared.denied);
                }
                Effect::Hasten { .. }
                | Effect::Withdraw(_)
                | Effect::Report { .. }
                | Effect::Refused(_) => {}
            }
        }
        let live = || self.flights.iter().filter(|(id, _)| !self.aborted.contains(id));
        assert!(live().filter(|(_, f)| matches!(f, Flight::Post { .. })).count() <= 1);
        assert!(self.answered_once || live().count() <= 1, "one request until the first answer");
    }

    /// Lets every request and timer end well: afterwards nobody waits. The oldest timer first, or one that is
    /// set again and again would keep the others from running out.
    fn calm(&mut self) {
        for _ in 0..1_000 {
            if let Some(request) = self.flights.keys().next().copied() {
                self.answer(request, How::Well);
            } else if !self.timers.is_empty() {
                let timer = self.timers.remove(0);
                self.page.woken(timer);
            } else {
                break;
            }
            self.observe();
        }
        for waiter in self.called.keys() {
            assert_eq!(self.settled.get(waiter), Some(&1), "waiter {waiter} settles exactly once");
        }
    }
}

fn answer(how: How, asked: Asked) -> Answer<Asked> {
    match how {
        How::Well => Answer { reason: Reason::Network, attributes: Some(asked) },
        How::Refused => Answer { reason: Reason::Denied, attributes: None },
        How::Lost => Answer { reason: Reason::Error, attributes: None },
    }
}

proptest! {
    #[test]
    fn nobody_is_answered_by_an_older_epoch_and_everybody_once(
        credentialed: bool,
        context: bool,
        steps in vec(step(), 0..60),
    ) {
        let mut world = World::new(credentialed, context);
        world.observe();
        for step in &steps {
            world.take(step);
        }
        world.calm();
    }
}
