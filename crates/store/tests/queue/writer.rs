//! What `examples/queue_writer` was promised, and whether its files keep it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use datafly_store::queue::DeadLetterFilter;
use datafly_store::{Accept as _, State as _, VisitorKey};

use super::*;

/// What the writer has said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Promises {
    pub(crate) appended: BTreeSet<String>,
    /// Settlements that were begun, by event.
    pub(crate) settling: BTreeMap<String, String>,
    /// Settlements that were answered.
    pub(crate) settled: BTreeSet<String>,
    /// Those of them after which an append was answered.
    pub(crate) synced: BTreeSet<String>,
    unsynced: Vec<String>,
    /// Visitors' records that were answered, by version.
    pub(crate) records: BTreeMap<u8, u64>,
    /// How often writing one has failed since, and may have happened.
    tries: BTreeMap<u8, u64>,
    /// Those of them that no power loss may undo.
    pub(crate) synced_records: BTreeMap<u8, u64>,
    /// Which are durable with which event.
    with_event: BTreeMap<String, (u8, u64)>,
}

impl Promises {
    pub(crate) fn hear(&mut self, line: &str) {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["+", id] => {
                self.appended.insert(id.to_owned());
                self.synced.extend(self.unsynced.drain(..));
                self.synced_records.extend(self.with_event.remove(id));
            }
            ["*", visitor] => *self.tries.entry(visitor.parse().unwrap()).or_default() += 1,
            ["~", visitor, version, id] => {
                let record: (u8, u64) = (visitor.parse().unwrap(), version.parse().unwrap());
                self.records.extend([record]);
                self.tries.remove(&record.0);
                self.with_event.insert(id.to_owned(), record);
            }
            ["=", visitor, version] => {
                let record: (u8, u64) = (visitor.parse().unwrap(), version.parse().unwrap());
                self.records.extend([record]);
                self.tries.remove(&record.0);
                self.synced_records.extend([record]);
            }
            ["?", id, fate] => {
                self.settling.insert(id.to_owned(), fate.to_owned());
            }
            ["!", id, _] => {
                self.settled.insert(id.to_owned());
                self.unsynced.push(id.to_owned());
            }
            _ => {}
        }
    }

    /// Opens the files and finds every promise kept. A power loss may undo the last settlements, and the
    /// records of visitors whose event was not answered.
    pub(crate) async fn are_kept(&self, files: &Path, power_lost: bool) {
        let queue = Embedded::open(files, None).unwrap();
        self.records_are_kept(&queue, power_lost).await;
        let p = pipeline("writer");
        let (busy, idle) = (consumer(&p, "busy"), consumer(&p, "idle"));
        let accepted = queue.accepted(&p, Position::START, ALL).await.unwrap();
        let enriched = deliverable(&queue, &idle).await;
        let mut all = BTreeSet::new();
        for (event, tail) in
            accepted.iter().map(|e| (e, "x")).chain(enriched.iter().map(|e| (e, "+")))
        {
            let id = event.message_id.as_str();
            let body = std::str::from_utf8(&event.body).unwrap();
            assert!(
                body.starts_with(&format!("{id}:")) && body.ends_with(tail),
                "{id} is mixed up"
            );
            assert!(all.insert(id), "{id} is there twice");
        }
        for id in &self.appended {
            assert!(all.contains(id.as_str()), "{id} was acknowledged and is lost");
        }
        let mut held = BTreeMap::<String, &str>::new();
        let mut found_in = |events: &[QueuedEvent], place: &'static str| {
            for event in events {
                let before = held.insert(event.message_id.as_str().to_owned(), place);
                assert_eq!(before, None, "{} is in two places", event.message_id.as_str());
            }
        };
        found_in(&accepted, "log");
        found_in(&deliverable(&queue, &busy).await, "log");
        let due = queue.due(&busy, days(9), ALL).await.unwrap();
        found_in(&due.into_iter().map(|due| due.event).collect::<Vec<_>>(), "retry");
        let mut next = None;
        loop {
            let filter = DeadLetterFilter::default();
            let page = queue.dead_letters(&filter, next.as_ref(), 100).await.unwrap();
            let dead: Vec<_> = page.letters.into_iter().map(|letter| letter.event).collect();
            for event in &dead {
                let letter = queue.dead_letter(&busy, event.position).await.unwrap().unwrap();
                assert_eq!(&letter.death.details[..], b"details");
            }
            found_in(&dead, "dead");
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        for id in &self.appended {
            let held = held.get(id.as_str()).copied();
            let fate = self.settling.get(id).map(String::as_str);
            let answered = if power_lost { &self.synced } else { &self.settled }.contains(id);
            let kept = match (fate, answered) {
                (None, _) => held == Some("log"),
                (Some("done"), true) => held.is_none(),
                (Some("done"), false) => held.is_none() || held == Some("log"),
                (Some(fate), true) => held == Some(fate),
                (Some(fate), false) => held == Some(fate) || held == Some("log"),
            };
            assert!(kept, "{id}: {fate:?}, answered {answered}, is held by {held:?}");
        }
        let again = self.appended.iter().map(|id| event(&p, id)).collect();
        let admissions = queue.append(again, START).await.unwrap();
        assert!(admissions.iter().all(|admission| *admission == Admission::Duplicate));
    }

    async fn records_are_kept(&self, state: &Embedded, power_lost: bool) {
        let promised = if power_lost { &self.synced_records } else { &self.records };
        for number in 0..6 {
            let key = VisitorKey { pipeline: pipeline("writer"), id: visitor(number) };
            let stored = state.get(&key, START).await.unwrap();
            let found = stored.as_ref().map_or(0, |stored| stored.version);
            let [promised, answered] =
                [promised, &self.records].map(|some| some.get(&number).copied().unwrap_or(0));
            // One more may have been on its way to the disk, and each that failed before it.
            let most = answered + 1 + self.tries.get(&number).copied().unwrap_or(0);
            assert!(
                (promised..=most).contains(&found),
                "visitor {number} is at version {found}: {promised} was promised, {answered} answered"
            );
            let whole = stored.and_then(|stored| stored.visitor.left_at());
            let seconds = i64::try_from(found).unwrap();
            assert_eq!(whole, (found > 0).then(|| after(seconds)), "visitor {number} is mixed up");
        }
    }
}

/// The example, built as these tests are: a filtered run of them does not build it by itself.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let tests = std::env::current_exe().unwrap();
        let built = tests.parent().unwrap().parent().unwrap();
        let profile = match built.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            other => other,
        };
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "datafly-store", "--example", "queue_writer"]);
        cargo.args(["--profile", profile, "--target-dir"]).arg(built.parent().unwrap());
        assert!(cargo.status().unwrap().success(), "the example could not be built");
        built.join("examples/queue_writer")
    })
}

pub(crate) fn writer(files: &Path, run: usize, events: usize, bytes: usize) -> Command {
    let mut command = Command::new(program());
    command.arg(files).args([run, events, bytes].map(|n| n.to_string()));
    command
}
