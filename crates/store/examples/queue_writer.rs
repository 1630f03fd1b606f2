//! Works a store and says on its standard output what it was promised: what the crash tests kill.
//!
//! `queue_writer <folder> <run> <events> <bytes>` appends so many events of so many bytes, enriches them
//! and settles them for one of two consumers. Each is preceded by its visitor's record, and now and then
//! somebody logs out. A line is written once the store has answered:
//!
//! ```text
//! ~ <visitor> <version> <id>   the record is written, and durable with the event of that id
//! = <visitor> <version>        the record is durable
//! * <visitor>                  the record may be written, or not
//! + <id>                       the event is appended
//! ? <id> <fate>                the event is about to be settled: `done`, `retry` or `dead`
//! ! <id> <fate>                it is
//! ```

#![expect(clippy::unwrap_used, clippy::panic, reason = "a tool of the tests")]

use std::io::Write as _;
use std::path::PathBuf;

use bytes::Bytes;
use datafly_core::id::CanonicalId;
use datafly_core::visitor::Visitor;
use datafly_store::Accept;
use datafly_store::embedded::Embedded;
use datafly_store::queue::{
    Consumer, Death, Limit, NewEvent, Position, Queue, QueuedEvent, Retry, Settlement,
};
use datafly_store::{Durable, Put, State, StoreError, VisitorKey};
use jiff::{SignedDuration, Timestamp};

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

const SOME: Limit = Limit { events: 16, bytes: usize::MAX };

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // At once and as a whole: the next instruction may be the last.
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, run, events, bytes] = &arguments[..] else {
        panic!("queue_writer <folder> <run> <events> <bytes>")
    };
    let (folder, events, bytes): (PathBuf, usize, usize) =
        (folder.into(), events.parse().unwrap(), bytes.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(work(&folder, run, events, bytes));
}

async fn work(folder: &std::path::Path, run: &str, events: usize, bytes: usize) {
    let queue = Embedded::open(folder, None).unwrap();
    let pipeline: datafly_core::id::PipelineKey = "dk_test_writer".parse().unwrap();
    let destinations = ["busy".parse().unwrap(), "idle".parse().unwrap()];
    queue.open_consumers(&pipeline, &destinations).await.unwrap();
    let busy = Consumer { pipeline: pipeline.clone(), destination: destinations[0].clone() };
    say("open");
    let mut made = 0;
    while made < events {
        // Some at once, so that they share a group.
        let calls = (made..made + 5).map(|n| {
            let id = format!("{run}-{n}");
            let event = NewEvent {
                pipeline: pipeline.clone(),
                visitor: None,
                message_id: id.parse().unwrap(),
                body: Bytes::from(format!("{id}:{}", "x".repeat(bytes))),
            };
            let queue = &queue;
            async move {
                let visitor = u8::try_from(n % 5).unwrap();
                let version = write(queue, visitor, Durable::WithNextAppend).await;
                say(&format!("~ {visitor} {version} {id}"));
                insist(|| queue.append(vec![event.clone()], NOW)).await;
                say(&format!("+ {id}"));
            }
        });
        futures_util::future::join_all(calls).await;
        made += 5;
        if made % 15 == 0 {
            let version = write(&queue, 5, Durable::AtOnce).await;
            say(&format!("= 5 {version}"));
        }
        let mut accepted = insist(|| queue.accepted(&pipeline, Position::START, SOME)).await;
        for event in &mut accepted {
            event.body = [&event.body, &b"+"[..]].concat().into();
        }
        insist(|| queue.enriched(&pipeline, accepted.clone())).await;
        if made % 2 == 0 {
            deliver(&queue, &busy).await;
        }
        if made % 100 == 0 {
            insist(|| queue.upkeep(NOW)).await;
        }
    }
    say("end");
    // Nothing is closed in an orderly way.
    std::process::exit(0);
}

/// Whoever hears of a failure tries again.
async fn insist<T>(call: impl AsyncFn() -> Result<T, StoreError>) -> T {
    loop {
        if let Ok(done) = call().await {
            return done;
        }
    }
}

/// Writes a record that tells its version; answers that.
async fn write(state: &Embedded, visitor: u8, durable: Durable) -> u64 {
    let id = CanonicalId::from_random_bytes([visitor; 16]);
    let key = VisitorKey { pipeline: "dk_test_writer".parse().unwrap(), id };
    loop {
        let expected = insist(|| state.get(&key, NOW)).await.map_or(0, |stored| stored.version);
        let version = expected + 1;
        let seconds = SignedDuration::from_secs(version.try_into().unwrap());
        let record = Visitor::tombstone(NOW + seconds);
        let until = NOW + 1000 * seconds;
        match state.put(&key, &record, expected, until, durable, NOW).await {
            Ok(Put::Done { .. }) => return version,
            // The one that failed before may have been written all the same.
            Ok(Put::Conflict) => {}
            Err(_) => say(&format!("* {visitor}")),
        }
    }
}

async fn deliver(queue: &Embedded, consumer: &Consumer) {
    let events = insist(|| queue.deliverable(consumer, Position::START, SOME)).await;
    let Some(last) = events.last() else { return };
    let mut settlement = Settlement { up_to: last.position, ..Settlement::default() };
    let tell = |mark: &str, event: &QueuedEvent| {
        let fate = ["done", "retry", "dead"][usize::try_from(event.position.0 % 3).unwrap()];
        say(&format!("{mark} {} {fate}", event.message_id.as_str()));
        fate
    };
    for event in &events {
        let reason = "test".into();
        match tell("?", event) {
            "retry" => {
                let retry = Retry { due: NOW, attempts: 1, first_failed_at: NOW, reason };
                settlement.retry.push((event.position, retry));
            }
            "dead" => {
                let details = Bytes::from_static(b"details");
                settlement.dead.push((event.position, Death { at: NOW, reason, details }));
            }
            _ => {}
        }
    }
    insist(|| queue.settle(consumer, settlement.clone())).await;
    for event in &events {
        tell("!", event);
    }
}
