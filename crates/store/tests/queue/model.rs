//! Random operations against a store in memory, with crashes and reopenings in between.

mod expected;
mod steps;

use std::path::{Path, PathBuf};

use datafly_core::visitor::Visitor;
use datafly_store::queue::{DeadLetterFilter, DestinationName, RetrySettlement, Settlement};
use datafly_store::{Accept as _, Durable, Put, State as _, VisitorKey};
use proptest::prelude::*;

use self::expected::{Expected, Lane};
use self::steps::{Fate, Step, steps};
use super::*;

const PIPELINES: [&str; 2] = ["model_a", "model_b"];
const DESTINATIONS: [&str; 3] = ["ga4", "meta", "webhook"];

struct Run {
    folder: PathBuf,
    crashes: usize,
    queue: Option<Embedded>,
    now: Timestamp,
    expected: [Expected; 2],
    /// When somebody was first forgotten and is not erased yet.
    forgotten_at: Option<Timestamp>,
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

impl Run {
    fn files(&self) -> PathBuf {
        self.folder.join(format!("queue-{}", self.crashes))
    }

    fn open(&mut self) {
        self.queue = Some(Embedded::open(&self.files(), None).unwrap());
    }

    fn queue(&self) -> &Embedded {
        self.queue.as_ref().unwrap()
    }

    async fn step(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Append { pipeline: p, events } => self.append(p, &events).await,
            Step::Enrich { pipeline: p, which } => self.enrich(p, which).await,
            Step::Open { pipeline: p, destinations } => {
                let names: Vec<DestinationName> = (0..3)
                    .filter(|n| destinations & (1 << n) != 0)
                    .map(|n: usize| DESTINATIONS[n].parse().unwrap())
                    .collect();
                let frontier = self.expected[p].frontier();
                let lanes = &mut self.expected[p].lanes;
                for name in &names {
                    let new = || Lane { cursor: frontier, ..Lane::default() };
                    lanes.entry(name.clone()).or_insert_with(new).until = None;
                }
                let unnamed: Vec<_> =
                    lanes.keys().filter(|name| !names.contains(name)).cloned().collect();
                let answer = self.queue().open_consumers(&pipeline(PIPELINES[p]), &names).await;
                assert_eq!(answer.unwrap(), unnamed);
            }
            Step::Drain { pipeline: p, destination } => {
                let c = consumer(&pipeline(PIPELINES[p]), DESTINATIONS[destination]);
                let frontier = self.expected[p].frontier();
                if let Some(lane) = self.expected[p].lanes.get_mut(&c.destination) {
                    lane.until.get_or_insert(frontier);
                    self.expected[p].drop_drained();
                }
                self.queue().drain(&c).await.unwrap();
            }
            Step::Purge { pipeline: p, destination } => {
                let c = consumer(&pipeline(PIPELINES[p]), DESTINATIONS[destination]);
                self.expected[p].lanes.remove(&c.destination);
                self.queue().purge(&c).await.unwrap();
            }
            Step::Settle { pipeline: p, destination, fates } => {
                self.settle(p, destination, &fates).await;
            }
            Step::SettleRetries { pipeline: p, destination, fates } => {
                self.settle_retries(p, destination, &fates).await;
            }
            Step::Replay { pipeline: p, destination, which } => {
                let c = consumer(&pipeline(PIPELINES[p]), DESTINATIONS[destination]);
                let some = self.some_dead(p, &c, which);
                let replayed = self.queue().replay(&c, &self.positions(p, &some), now).await;
                assert_eq!(replayed.unwrap(), some.len());
                if let Some(lane) = self.expected[p].lanes.get_mut(&c.destination) {
                    for n in some {
                        lane.dead.remove(&n);
                        let reason = "refused".into();
                        let retry = Retry { due: now, attempts: 0, first_failed_at: now, reason };
                        lane.retries.insert(n, retry);
                    }
                }
            }
            Step::RemoveDead { pipeline: p, destination, which } => {
                let c = consumer(&pipeline(PIPELINES[p]), DESTINATIONS[destination]);
                let some = self.some_dead(p, &c, which);
                let positions = self.positions(p, &some);
                let removed = self.queue().remove_dead_letters(&c, &positions).await.unwrap();
                assert_eq!(removed, some.len());
                if let Some(lane) = self.expected[p].lanes.get_mut(&c.destination) {
                    lane.dead.retain(|n, _| !some.contains(n));
                }
                self.expected[p].drop_drained();
            }
            Step::Forget { pipeline: p, visitor: who } => self.forget(p, who).await,
            Step::Put { pipeline: p, visitor, off_by, hours, at_once } => {
                self.put(p, visitor, off_by, hours, at_once).await;
            }
            Step::Sweep => self.sweep().await,
            Step::Wait { hours } => self.now += SignedDuration::from_hours(hours),
            Step::Upkeep => {
                while self.queue().upkeep(now).await.unwrap() {}
                let due = now - SignedDuration::from_hours(6);
                if self.forgotten_at.is_some_and(|at| at <= due) {
                    self.forgotten_at = None;
                    for expected in &mut self.expected {
                        expected.erase();
                        expected.drop_drained();
                    }
                }
            }
            Step::Reopen => {
                drop(self.queue.take());
                self.open();
            }
            Step::Crash => {
                let before = self.files();
                self.crashes += 1;
                copy(&before, &self.files());
                drop(self.queue.take());
                self.open();
            }
        }
    }

    async fn enrich(&mut self, p: usize, which: u8) {
        let key = pipeline(PIPELINES[p]);
        let mut some = Vec::new();
        for (bit, n) in self.expected[p].accepted().into_iter().enumerate().take(8) {
            if which & (1 << bit) != 0 {
                let event = &mut self.expected[p].events[n];
                event.body = [&event.body, &b"+enriched"[..]].concat().into();
                some.push(event.clone());
                self.expected[p].enriched.insert(n);
            }
        }
        let count = some.len();
        assert_eq!(self.queue().enriched(&key, some.clone()).await.unwrap(), count);
        assert_eq!(self.queue().enriched(&key, some).await.unwrap(), 0);
    }

    async fn sweep(&mut self) {
        let now = self.now;
        let expired = |expected: &mut Expected| {
            expected.visitors.extract_if(|_, (_, _, until)| *until <= now).count()
        };
        let gone = self.expected.iter_mut().map(expired).sum::<usize>();
        assert_eq!(self.queue().sweep(now, 1000).await.unwrap(), gone);
    }

    async fn put(&mut self, p: usize, who: u8, off_by: u64, hours: i64, at_once: bool) {
        let now = self.now;
        let key = VisitorKey { pipeline: pipeline(PIPELINES[p]), id: visitor(who) };
        let live = self.expected[p].visitors.get(&who).filter(|(_, _, until)| now < *until);
        let current = live.map_or(0, |(version, _, _)| *version);
        let durable = if at_once { Durable::AtOnce } else { Durable::WithNextAppend };
        let (record, until) = (Visitor::tombstone(now), now + SignedDuration::from_hours(hours));
        let put = self.queue().put(&key, &record, current + off_by, until, durable, now).await;
        if off_by == 0 {
            assert_eq!(put.unwrap(), Put::Done { version: current + 1 });
            self.expected[p].visitors.insert(who, (current + 1, now, until));
        } else {
            assert_eq!(put.unwrap(), Put::Conflict);
        }
    }

    async fn forget(&mut self, p: usize, who: u8) {
        let key = pipeline(PIPELINES[p]);
        self.queue().forget(&key, visitor(who), self.now).await.unwrap();
        if !self.expected[p].events.is_empty() || !self.expected[p].lanes.is_empty() {
            let expected = &mut self.expected[p];
            let end = expected.events.len();
            expected.forgotten.insert(visitor(who), end);
            // What is hidden from the enrich stage holds nothing up.
            let hidden: Vec<usize> = (0..end).filter(|n| !expected.shown(*n)).collect();
            expected.enriched.extend(hidden);
            self.forgotten_at.get_or_insert(self.now);
        }
    }

    async fn append(&mut self, p: usize, events: &[(u8, u8)]) {
        let key = pipeline(PIPELINES[p]);
        let new: Vec<NewEvent> = events
            .iter()
            .map(|(id, of)| match of {
                0 => event(&key, &id.to_string()),
                _ => event_of(&key, &id.to_string(), *of),
            })
            .collect();
        let admissions = self.queue().append(new.clone(), self.now).await.unwrap();
        assert_eq!(admissions.len(), new.len());
        let expected = &mut self.expected[p];
        for (event, admission) in new.into_iter().zip(admissions) {
            let age = expected.marks.get(&event.message_id).map(|at| self.now.duration_since(*at));
            let hours = age.map(|age: SignedDuration| age.as_hours());
            match (hours, admission) {
                (None, Admission::Fresh) => {}
                // It is remembered for one week at least, and for two at most.
                (Some(hours), Admission::Fresh) if hours >= 7 * 24 => {}
                (Some(hours), Admission::Duplicate) if hours < 14 * 24 => continue,
                other => panic!("{other:?}"),
            }
            expected.marks.insert(event.message_id.clone(), self.now);
            expected.events.push(QueuedEvent {
                position: Position::START,
                received_at: self.now,
                visitor: event.visitor,
                message_id: event.message_id,
                body: event.body,
            });
        }
        // Their positions are the engine's to choose.
        let found = self.queue().accepted(&key, Position::START, ALL).await.unwrap();
        let accepted = self.expected[p].accepted();
        assert_eq!(found.len(), accepted.len());
        for (event, n) in found.into_iter().zip(accepted) {
            self.expected[p].events[n].position = event.position;
        }
    }

    async fn settle(&mut self, p: usize, destination: usize, fates: &[Fate]) {
        let c = consumer(&pipeline(PIPELINES[p]), DESTINATIONS[destination]);
        let now = self.now;
        let expected = &mut self.expected[p];
        let Some(lane) = expected.lanes.get(&c.destination) else { return };
        let some: Vec<(usize, Fate)> =
            expected.deliverable(lane).into_iter().zip(fates.iter().copied()).collect();
        let Some((last, _)) = some.last().copied() else { return };
        let mut settlement =
            Settlement { up_to: expected.events[last].position, ..Settlement::default() };
        let lane = expected.lanes.get_mut(&c.destination).unwrap();
        for (n, fate) in some {
            let position = expected.events[n].position;
            match fate {
                Fate::Done => {}
                Fate::Retry { wait } => {
                    let retry = retry(now + SignedDuration::from_hours(wait), 1);
                    lane.retries.insert(n, retry.clone());
                    settlement.retry.push((position, retry));
                }
                Fate::Dead => {
                    lane.dead.insert(n, now);
                    settlement.dead.push((position, death("refused", now)));
                }
            }
        }
        lane.cursor = last + 1;
        expected.drop_drained();
        self.queue().settle(&c, settlement).await.unwrap();
    }

    async fn settle_retries(&mut self, p: usize, destination: usize, fates: &[Fate]) {
        let c = consumer(&pipeline(PIPELINES[p]), DESTINATIONS[destination]);
        let now = self.now;
        let expected = &mut self.expected[p];
        let Some(lane) = expected.lanes.get(&c.destination) else { return };
        let some: Vec<(usize, Fate)> =
            expected.due(lane).into_iter().zip(fates.iter().copied()).collect();
        let mut settlement = RetrySettlement::default();
        let lane = expected.lanes.get_mut(&c.destination).unwrap();
        for (n, fate) in some {
            let position = expected.events[n].position;
            let old = lane.retries.remove(&n).unwrap();
            match fate {
                Fate::Done => settlement.done.push(position),
                Fate::Retry { wait } => {
                    let due = now + SignedDuration::from_hours(wait);
                    let retry = Retry { attempts: old.attempts + 1, due, ..old };
                    lane.retries.insert(n, retry.clone());
                    settlement.retry.push((position, retry));
                }
                Fate::Dead => {
                    lane.dead.insert(n, now);
                    settlement.dead.push((position, death("refused", now)));
                }
            }
        }
        expected.drop_drained();
        self.queue().settle_retries(&c, settlement).await.unwrap();
    }

    fn some_dead(&self, p: usize, c: &Consumer, which: u8) -> Vec<usize> {
        let expected = &self.expected[p];
        let Some(lane) = expected.lanes.get(&c.destination) else { return Vec::new() };
        let dead = expected.dead(lane).into_iter().enumerate().take(8);
        dead.filter(|(bit, _)| which & (1 << bit) != 0).map(|(_, n)| n).collect()
    }

    fn positions(&self, p: usize, some: &[usize]) -> Vec<Position> {
        some.iter().map(|n| self.expected[p].events[*n].position).collect()
    }

    async fn agrees(&self) {
        let queue = self.queue();
        for (name, expected) in PIPELINES.into_iter().zip(&self.expected) {
            let key = pipeline(name);
            let events = |some: Vec<usize>| -> Vec<QueuedEvent> {
                some.into_iter().map(|n| expected.events[n].clone()).collect()
            };
            let accepted = queue.accepted(&key, Position::START, ALL).await.unwrap();
            assert_eq!(accepted, events(expected.accepted()));
            let none = Lane::default();
            for destination in DESTINATIONS {
                let c = consumer(&key, destination);
                let lane = expected.lanes.get(&c.destination);
                let found = deliverable(queue, &c).await;
                let wanted = lane.map_or(Vec::new(), |lane| expected.deliverable(lane));
                assert_eq!(found, events(wanted));

                let lane = lane.unwrap_or(&none);
                for now in [self.now, self.now + SignedDuration::from_hours(9999)] {
                    let found = queue.due(&c, now, ALL).await.unwrap();
                    let mut wanted = expected.due(lane);
                    wanted.retain(|n| lane.retries[n].due <= now);
                    let retries: Vec<Retry> =
                        wanted.iter().map(|n| lane.retries[n].clone()).collect();
                    let (due, found): (Vec<_>, Vec<_>) =
                        found.into_iter().map(|due| (due.event, due.retry)).unzip();
                    assert_eq!((due, found), (events(wanted), retries));
                }

                let filter = DeadLetterFilter {
                    pipeline: Some(key.clone()),
                    destination: Some(c.destination.clone()),
                    ..DeadLetterFilter::default()
                };
                let listed = queue.dead_letters(&filter, None, 10_000).await.unwrap();
                let found: Vec<QueuedEvent> =
                    listed.letters.iter().map(|letter| letter.event.clone()).collect();
                assert_eq!(found, events(expected.dead(lane)));
                for letter in listed.letters {
                    let shown = queue.dead_letter(&c, letter.event.position).await.unwrap();
                    let n = expected.events.iter().position(|event| *event == letter.event);
                    assert_eq!(shown.unwrap().death, death("refused", lane.dead[&n.unwrap()]));
                }
            }
            for who in 0..4 {
                let key = VisitorKey { pipeline: key.clone(), id: visitor(who) };
                let found = queue.get(&key, self.now).await.unwrap();
                let found = found.map(|stored| {
                    (stored.version, stored.visitor.left_at().unwrap(), stored.expires_at)
                });
                let live = expected.visitors.get(&who).filter(|(_, _, until)| self.now < *until);
                assert_eq!(found, live.copied());
            }
            let usage = queue.usage().await.unwrap();
            if let Some(usage) = usage.pipelines.iter().find(|usage| usage.pipeline == key) {
                for usage in &usage.consumers {
                    let lane = &expected.lanes[&usage.destination];
                    assert_eq!(usage.retries.events, lane.retries.len() as u64);
                    assert_eq!(usage.dead_letters.events, lane.dead.len() as u64);
                }
                assert_eq!(usage.consumers.len(), expected.lanes.len());
            }
        }
    }
}

fn config() -> ProptestConfig {
    let cases = count("DATAFLY_QUEUE_MODEL_CASES", 32).try_into().unwrap();
    ProptestConfig { cases, max_shrink_iters: 200, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn agrees_with_a_queue_in_memory_across_crashes(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let mut run = Run {
            folder: folder.path().to_owned(),
            crashes: 0,
            queue: None,
            now: START,
            expected: Default::default(),
            forgotten_at: None,
        };
        run.open();
        runtime().block_on(async {
            for step in steps {
                run.step(step).await;
                run.agrees().await;
            }
        });
    }
}
