//! The `Queue` port: the one suite that every adapter passes, a model, and what crashes leave behind.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;

use bytes::Bytes;
use datafly_core::id::{CanonicalId, PipelineKey};
use datafly_store::embedded::Embedded;
use datafly_store::queue::{
    Admission, Consumer, Death, Limit, NewEvent, Position, Queue, QueuedEvent, Retry,
};
use datafly_store::{Backup as _, StoreError};
use jiff::{SignedDuration, Timestamp};

mod accept;
mod disk_full;
mod embedded;
mod kill;
mod model;
mod power_loss;
mod suite;
mod syncs;
mod visitors;
mod writer;

const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

/// More than any test keeps.
const ALL: Limit = Limit { events: 1_000_000, bytes: usize::MAX };

/// An issue's full count comes from the environment, as in `tests/it`.
#[expect(clippy::disallowed_methods, reason = "the long run says so in the environment")]
fn count(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |count| count.parse().unwrap())
}

fn after(seconds: i64) -> Timestamp {
    START + SignedDuration::from_secs(seconds)
}

fn days(days: i64) -> Timestamp {
    after(days * 24 * 60 * 60)
}

fn pipeline(name: &str) -> PipelineKey {
    format!("dk_test_{name}").parse().unwrap()
}

fn consumer(pipeline: &PipelineKey, destination: &str) -> Consumer {
    Consumer { pipeline: pipeline.clone(), destination: destination.parse().unwrap() }
}

fn visitor(number: u8) -> CanonicalId {
    CanonicalId::from_random_bytes([number; 16])
}

fn event(pipeline: &PipelineKey, id: &str) -> NewEvent {
    NewEvent {
        pipeline: pipeline.clone(),
        visitor: None,
        message_id: id.parse().unwrap(),
        body: Bytes::from(format!("{{\"messageId\":\"{id}\"}}")),
    }
}

fn event_of(pipeline: &PipelineKey, id: &str, of: u8) -> NewEvent {
    NewEvent { visitor: Some(visitor(of)), ..event(pipeline, id) }
}

fn retry(due: Timestamp, attempts: u32) -> Retry {
    Retry { due, attempts, first_failed_at: START, reason: "http_503".into() }
}

fn death(reason: &str, at: Timestamp) -> Death {
    Death { at, reason: reason.into(), details: Bytes::from_static(b"{\"answer\":400}") }
}

fn ids(events: &[QueuedEvent]) -> Vec<&str> {
    events.iter().map(|event| event.message_id.as_str()).collect()
}

async fn append(queue: &dyn Queue, pipeline: &PipelineKey, ids: &[&str]) -> Vec<Admission> {
    let events = ids.iter().map(|id| event(pipeline, id)).collect();
    queue.append(events, START).await.unwrap()
}

/// Enriches everything there is.
async fn enrich(queue: &dyn Queue, pipeline: &PipelineKey) -> usize {
    let events = queue.accepted(pipeline, Position::START, ALL).await.unwrap();
    queue.enriched(pipeline, events).await.unwrap()
}

async fn deliverable(queue: &dyn Queue, consumer: &Consumer) -> Vec<QueuedEvent> {
    queue.deliverable(consumer, Position::START, ALL).await.unwrap()
}

async fn open(queue: &dyn Queue, consumers: &[&Consumer]) {
    for consumer in consumers {
        let all = consumers.iter().map(|consumer| consumer.destination.clone());
        queue.open_consumers(&consumer.pipeline, &all.collect::<Vec<_>>()).await.unwrap();
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap()
}
