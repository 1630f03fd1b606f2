//! What the embedded engine costs: the figures of the second table in `embedded.rs`.
//!
//! `queue_bench <folder> <events> <at once>` appends events of 1 KB with so many callers at once, then as
//! many with a visitor's record of 300 bytes before each, then takes them through the enrich stage and one
//! consumer while as many again are appended, then ends without closing. `queue_bench <folder>` opens what that left behind. Build it with `--release`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a tool that prints figures"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use datafly_core::id::{CanonicalId, Identifier, PipelineKey};
use datafly_core::visitor::{Claims, Verification, Visitor};
use datafly_store::embedded::Embedded;
use datafly_store::queue::{Consumer, Limit, NewEvent, Position, Queue, Settlement};
use datafly_store::{Accept, Durable, State, VisitorKey};
use jiff::{SignedDuration, Timestamp};

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        match &arguments[..] {
            [folder] => reopen(Path::new(folder)).await,
            [folder, events, at_once] => {
                work(Path::new(folder), events.parse().unwrap(), at_once.parse().unwrap()).await;
            }
            _ => panic!("queue_bench <folder> [<events> <at once>]"),
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

async fn reopen(folder: &Path) {
    let start = now();
    let queue = Embedded::open(folder, None).unwrap();
    println!("opened in {} ms", start.elapsed().as_millis());
    println!("{:?}", queue.usage().await.unwrap());
}

/// User and system time of this process, in microseconds.
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks * 10_000
}

fn peak_kb() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS")).collect()
}

async fn work(folder: &Path, events: usize, at_once: usize) {
    let pipeline: PipelineKey = "dk_live_bench".parse().unwrap();
    let destination = "amperity".parse().unwrap();
    let consumer = Consumer { pipeline: pipeline.clone(), destination };
    let queue = Arc::new(Embedded::open(folder, None).unwrap());
    queue.open_consumers(&pipeline, std::slice::from_ref(&consumer.destination)).await.unwrap();
    let made = Arc::new(AtomicUsize::new(0));

    let measure = |what: &'static str, start: std::time::Instant, before: u64| {
        let rate = events as u128 * 1_000_000 / start.elapsed().as_micros();
        let each = (cpu() - before) / events as u64;
        println!("{what}: {rate}/s, {each} us of CPU an event; {}", peak_kb());
    };
    let (start, before) = (now(), cpu());
    append(&queue, &pipeline, &made, events, at_once, false).await;
    measure("log alone", start, before);

    let (start, before) = (now(), cpu());
    append(&queue, &pipeline, &made, events, at_once, true).await;
    measure("each after its visitor's record", start, before);

    let (start, before) = (now(), cpu());
    let stages = tokio::spawn({
        let (queue, pipeline, consumer) = (Arc::clone(&queue), pipeline.clone(), consumer.clone());
        async move { drain(&queue, &pipeline, &consumer, 3 * events).await }
    });
    append(&queue, &pipeline, &made, events, at_once, false).await;
    stages.await.unwrap();
    measure("appended while three times as many are enriched and settled", start, before);

    let (start, before) = (now(), cpu());
    let stages = tokio::spawn({
        let (queue, pipeline, consumer) = (Arc::clone(&queue), pipeline.clone(), consumer.clone());
        async move { drain(&queue, &pipeline, &consumer, events).await }
    });
    append(&queue, &pipeline, &made, events, at_once, false).await;
    stages.await.unwrap();
    measure("appended, enriched and settled", start, before);
    let start = now();
    while queue.upkeep(NOW).await.unwrap() {}
    println!("upkeep: {} ms", start.elapsed().as_millis());
    append(&queue, &pipeline, &made, events, at_once, false).await;
    std::process::exit(0);
}

async fn append(
    queue: &Arc<Embedded>,
    pipeline: &PipelineKey,
    made: &Arc<AtomicUsize>,
    events: usize,
    at_once: usize,
    with_visitors: bool,
) {
    let end = made.load(Relaxed) + events;
    let body = Bytes::from(vec![b'x'; 1000]);
    let callers = (0..at_once).map(|_| {
        let (queue, pipeline) = (Arc::clone(queue), pipeline.clone());
        let (made, body) = (Arc::clone(made), body.clone());
        tokio::spawn(async move {
            loop {
                let n = made.fetch_add(1, Relaxed);
                if n >= end {
                    return;
                }
                // Sparse, so that marks fall anywhere.
                let id = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let event = NewEvent {
                    pipeline: pipeline.clone(),
                    visitor: None,
                    message_id: format!("{id:032x}").parse().unwrap(),
                    body: body.clone(),
                };
                if with_visitors {
                    write(&queue, pipeline.clone(), id).await;
                }
                queue.append(vec![event], NOW).await.unwrap();
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    made.store(end, Relaxed);
}

/// A record of its own for each of 20,000 visitors, again and again.
async fn write(state: &Embedded, pipeline: PipelineKey, of: usize) {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&(of % 20_000).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    let key = VisitorKey { pipeline, id: CanonicalId::from_random_bytes(id) };
    let mut record = Visitor::default();
    let user_id = Identifier::new(format!("{of:0>240}")).ok();
    let claims = Claims { user_id, ..Claims::default() };
    record.identify(claims, None, Verification::Off, NOW);
    let version = state.get(&key, NOW).await.unwrap().map_or(0, |stored| stored.version);
    let until = NOW + SignedDuration::from_hours(400 * 24);
    // Somebody else's may have come first.
    state.put(&key, &record, version, until, Durable::WithNextAppend, NOW).await.unwrap();
}

/// The enrich stage and one consumer, until so many events are settled.
async fn drain(queue: &Embedded, pipeline: &PipelineKey, consumer: &Consumer, events: usize) {
    let some = Limit { events: 256, bytes: 1 << 20 };
    let mut settled = 0;
    while settled < events {
        let accepted = queue.accepted(pipeline, Position::START, some).await.unwrap();
        if !accepted.is_empty() {
            queue.enriched(pipeline, accepted).await.unwrap();
        }
        let delivered = queue.deliverable(consumer, Position::START, some).await.unwrap();
        match delivered.last() {
            Some(last) => {
                settled += delivered.len();
                let settlement = Settlement { up_to: last.position, ..Settlement::default() };
                queue.settle(consumer, settlement).await.unwrap();
            }
            None => tokio::task::yield_now().await,
        }
    }
}
