//! Random interleavings of calls, slow answers and lost answers against what a page may observe.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, prelude::*};

use super::{Session, Setup};
use crate::{
    effect::{Effect, Failure, Kind, Outcome, Reason, RequestId, TimerId},
    enrich::Answer,
    epoch::Shared,
    queue::Receipt,
};

/// The attributes say in which epoch they were asked for.
type Asked = u32;

#[derive(Debug, Clone)]
enum Step {
    Identify,
    Reset,
    Track,
    Ready,
    Refresh,
    OtherTabIdentifies,
    OtherTabResets,
    /// Its log-outs, and everybody's so far.
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
        1 => Just(Step::Reset),
        2 => Just(Step::Track),
        3 => Just(Step::Ready),
        2 => Just(Step::Refresh),
        1 => Just(Step::OtherTabIdentifies),
        1 => Just(Step::OtherTabResets),
        1 => Just(Step::OtherTabIsHeard),
        1 => Just(Step::StorageIsCleared),
        8 => (0..4usize, how).prop_map(|(nth, how)| Step::Answer { nth, how }),
        2 => Just(Step::Wake),
    ]
}

#[derive(Debug, Clone, Copy)]
enum Flight {
    Enrich { asked: Asked },
    Post,
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
    fn new(credentialed: bool) -> Self {
        let page = Session::new(Setup {
            providers: vec!["a".into(), "b".into()],
            timeout_ms: 3_000,
            credentialed,
            early: 1,
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
            Step::Identify => self.start_epoch(Kind::Identify),
            Step::Reset => {
                self.shared.left += 1;
                self.start_epoch(Kind::Reset);
            }
            Step::Track => self.page.event(Kind::Track, "".into()),
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
            Step::OtherTabIsHeard => {
                self.shared.heard = self.shared.left;
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
        self.page.event(kind, "".into());
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
                let answer = match how {
                    How::Well => Answer::Attributes { value: asked, empty: false },
                    How::Refused => Answer::Denied,
                    How::Lost => Answer::Failed,
                };
                self.page.enriched(RequestId(request), answer);
            }
            Flight::Post => {
                let receipt = match how {
                    How::Well => Receipt::Accepted,
                    How::Refused => {
                        Receipt::Refused(Failure { code: "X".into(), message: String::new() })
                    }
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
                    assert!(!self.shared.leaving(), "asked with the cookie of who left");
                    let asked = self.shared.epoch;
                    self.flights.insert(request.0, Flight::Enrich { asked });
                }
                Effect::Post { request, .. } => {
                    self.flights.insert(request.0, Flight::Post);
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
                    assert_eq!(shared, shared.merge(Shared { heard: 0, ..self.shared }));
                    self.shared = self.shared.merge(shared);
                    assert!(self.shared.heard <= self.shared.left);
                }
                Effect::Hasten { .. } | Effect::Report(_) => {}
            }
        }
        let live = || self.flights.iter().filter(|(id, _)| !self.aborted.contains(id));
        assert!(live().filter(|(_, f)| matches!(f, Flight::Post)).count() <= 1);
        assert!(self.answered_once || live().count() <= 1, "one request until the first answer");
    }

    /// Lets every request and timer end well: afterwards nobody waits.
    fn calm(&mut self) {
        for _ in 0..1_000 {
            let next = self.flights.keys().next().copied();
            match (next, self.timers.pop()) {
                (None, None) => break,
                (Some(request), timer) => {
                    self.timers.extend(timer);
                    self.answer(request, How::Well);
                }
                (None, Some(timer)) => self.page.woken(timer),
            }
            self.observe();
        }
        for waiter in self.called.keys() {
            assert_eq!(self.settled.get(waiter), Some(&1), "waiter {waiter} settles exactly once");
        }
    }
}

proptest! {
    #[test]
    fn nobody_is_answered_by_an_older_epoch_and_everybody_once(
        credentialed: bool,
        steps in vec(step(), 0..60),
    ) {
        let mut world = World::new(credentialed);
        world.observe();
        for step in &steps {
            world.take(step);
        }
        world.calm();
    }
}
