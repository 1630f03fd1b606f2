//! What waits for the disk and what does not: this program's own syncs, counted by strace, which also makes
//! each of them last.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use datafly_core::visitor::Visitor;
use datafly_store::{Durable, Put, State, VisitorKey};

use super::*;

/// Says what has happened, in the one order with the syncs.
fn say(what: &str) {
    std::io::stdout().lock().write_all(format!("<{what}>\n").as_bytes()).unwrap();
}

/// Runs a test of this file under strace. Answers how many syncs had ended when each thing was said.
fn ended_syncs(test: &str, delay: &str) -> Vec<(String, usize)> {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-s", "100", "-e", "signal=none", "-e"]);
    strace.arg("trace=write,fdatasync,fsync,sync_file_range").arg("-e");
    strace.arg(format!("inject=fdatasync:delay_enter={delay}")).arg("-o").arg(&record);
    strace.arg(std::env::current_exe().unwrap());
    strace.args(["--ignored", "--exact", "--nocapture", "--test-threads=1", test]);
    let ended = strace.env("DATAFLY_SYNCS", folder.path()).output().unwrap_or_else(|error| {
        panic!("the tests of syncs need strace ({error}): install the package `strace`")
    });
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
    let mut syncs = 0;
    let mut said = Vec::new();
    for line in std::fs::read_to_string(&record).unwrap().lines() {
        if line.contains("sync") && line.contains(" = 0") {
            syncs += 1;
        }
        if let Some((_, what)) = line.split_once("write(1, \"<") {
            said.push((what.split_once('>').unwrap().0.to_owned(), syncs));
        }
    }
    said
}

#[expect(clippy::disallowed_methods, reason = "handed down by the test that runs this one")]
fn opened() -> Arc<Embedded> {
    let folder = std::env::var_os("DATAFLY_SYNCS").unwrap();
    Arc::new(Embedded::open(&Path::new(&folder).join("store"), None).unwrap())
}

async fn put(store: &Embedded, who: u8, durable: Durable) {
    let key = VisitorKey { pipeline: pipeline("syncs"), id: visitor(who) };
    let version = store.get(&key, START).await.unwrap().map_or(0, |stored| stored.version);
    let put = store.put(&key, &Visitor::default(), version, days(9), durable, START).await;
    assert_eq!(put.unwrap(), Put::Done { version: version + 1 });
}

#[test]
#[ignore = "run by the test below"]
fn one_event_after_many_visitors() {
    runtime().block_on(async {
        let store = opened();
        let p = pipeline("syncs");
        say("opened");
        for n in 0..50 {
            put(&store, n % 5, Durable::WithNextAppend).await;
        }
        say("50 records");
        append(&*store, &p, &["a"]).await;
        say("an event");
        put(&store, 1, Durable::WithNextAppend).await;
        assert_eq!(append(&*store, &p, &["a"]).await, [Admission::Duplicate]);
        say("one that is there");
        put(&store, 2, Durable::AtOnce).await;
        say("a log-out");
        enrich(&*store, &p).await;
        say("enriched");
    });
}

#[test]
fn an_event_and_all_records_before_it_cost_one_sync() {
    let said = ended_syncs("syncs::one_event_after_many_visitors", "1");
    let opened = said[0].1;
    let said: Vec<_> = said.iter().map(|(what, syncs)| (what.as_str(), syncs - opened)).collect();
    assert_eq!(
        said,
        [
            ("opened", 0),
            ("50 records", 0),
            ("an event", 1),
            ("one that is there", 2),
            ("a log-out", 3),
            ("enriched", 3),
        ]
    );
}

#[test]
#[ignore = "run by the test below"]
fn a_group_of_all_kinds() {
    runtime().block_on(async {
        let store = opened();
        let p = pipeline("syncs");
        append(&*store, &p, &["first"]).await;
        say("opened");
        let told = |what: &'static str, done: tokio::task::JoinHandle<()>| async move {
            done.await.unwrap();
            say(what);
        };
        let spawn_append = |id: &'static str| {
            let (store, p) = (Arc::clone(&store), p.clone());
            tokio::spawn(async move { drop(append(&*store, &p, &[id]).await) })
        };
        let spawn_put = |who: u8, durable| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { put(&store, who, durable).await })
        };
        // While this one is synced, the others come together.
        let before = spawn_append("before");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let (event, record) = (spawn_append("together"), spawn_put(1, Durable::WithNextAppend));
        tokio::join!(told("before", before), told("event", event), told("record", record));

        let seen = {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let key = VisitorKey { pipeline: pipeline("syncs"), id: visitor(2) };
                while store.get(&key, START).await.unwrap().is_none() {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
            })
        };
        let log_out = spawn_put(2, Durable::AtOnce);
        tokio::join!(told("seen", seen), told("log-out", log_out));
    });
}

#[test]
fn only_what_must_survive_power_loss_waits_for_the_sync_and_a_log_out_is_not_seen_before() {
    let mut said = ended_syncs("syncs::a_group_of_all_kinds", "400000");
    let opened = said.remove(0).1;
    let at = |what: &str| said.iter().find(|(said, _)| said == what).unwrap().1 - opened;
    assert_eq!((at("before"), at("record"), at("event")), (1, 1, 2), "{said:?}");
    assert_eq!((at("seen"), at("log-out")), (3, 3), "{said:?}");
}
