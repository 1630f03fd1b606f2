//! The worker of one destination: hands over what is due and what is new, and writes down what became of it.
//!
//! Retries that are due come first. An event that fails goes to the retry store and holds up nobody; where the
//! destination itself fails, or its configuration is at fault, it is only probed ([`super::health`]) and the
//! backlog stays in the log. An event that was to be sent together with one that found this out goes to the retry
//! store, due at once and with no attempt counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use datafly_core::id::PipelineKey;
use datafly_provider::{Attempt, Delivery, Exchange, Fate, Trouble};
use datafly_store::StoreError;
use datafly_store::queue::{
    Consumer, Death, Due, Limit, Position, QueuedEvent, Retry, RetrySettlement, Settlement,
};
use futures_util::future::FutureExt;
use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};

use super::backoff;
use super::health::{Allowance, Health};
use super::lateness::{Late, Lateness, News};
use super::letter::Letter;
use super::recipient::{Prepared, Recipient};
use crate::app::App;

/// Events that are read at once.
const BATCH: Limit = Limit { events: 256, bytes: 4 * 1024 * 1024 };

/// To see whether a destination is well again.
const PROBE: Limit = Limit { events: 1, bytes: 0 };

/// Requests in flight. At a vendor's 50 ms that is 640 a second, more than any budget.
const CONCURRENT: usize = 32;

/// How long an event is kept for a destination that fails on it.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How soon the retry store is looked into again when there is nothing else to do.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The worker of a destination.
pub(super) struct Worker {
    app: Arc<App>,
    recipient: Arc<Recipient>,
    consumer: Consumer,
    health: Health,
    lateness: Lateness,
}

/// An event on its way to a destination.
struct Parcel {
    event: QueuedEvent,
    /// Of the attempts before.
    before: Option<Retry>,
}

/// What becomes of an event.
enum Outcome {
    Done,
    Retry(Retry),
    Dead(Death),
}

impl Worker {
    pub(super) fn new(app: Arc<App>, pipeline: PipelineKey, recipient: Arc<Recipient>) -> Self {
        let consumer = Consumer { pipeline, destination: recipient.name.clone() };
        Self { app, recipient, consumer, health: Health::new(), lateness: Lateness::default() }
    }

    /// Hands over what there is. How long there is nothing to do unless something new comes; `None` where there
    /// is more at once.
    pub(super) async fn step(&mut self) -> Result<Option<Duration>, StoreError> {
        let now = self.app.clock.now();
        let allowance = self.health.allows(now);
        let limit = match allowance {
            Allowance::All => BATCH,
            Allowance::Probe => PROBE,
            Allowance::NothingUntil(then) => {
                return Ok(Some(then.duration_since(now).unsigned_abs()));
            }
        };
        let due = self.app.outbox.queue.due(&self.consumer, now, limit).await?;
        if !due.is_empty() {
            return self.retry(due).await.map(|()| None);
        }
        let fresh =
            self.app.outbox.queue.deliverable(&self.consumer, Position::START, limit).await?;
        if allowance == Allowance::All {
            self.note_lateness(fresh.first(), now);
        }
        if fresh.is_empty() {
            return Ok(Some(LOOK_AGAIN));
        }
        self.deliver(fresh).await.map(|()| None)
    }

    /// Tells the owner where events are accepted faster than they are delivered.
    fn note_lateness(&mut self, oldest: Option<&QueuedEvent>, now: Timestamp) {
        let oldest = oldest.map_or(now, |event| event.received_at);
        let per_second = self.recipient.destination.terms().quota.requests_per_second;
        let late = Late { oldest, per_second };
        let age = now.duration_since(oldest);
        let Consumer { pipeline, destination } = &self.consumer;
        match self.lateness.note(age, now) {
            None => {}
            Some(News::FallsBehind) => tracing::warn!(
                pipeline.key = %pipeline,
                destination.name = %destination,
                oldest_seconds = age.as_secs(),
                "{late}"
            ),
            Some(News::InTime) => tracing::info!(
                pipeline.key = %pipeline,
                destination.name = %destination,
                "events are delivered in time again"
            ),
        }
        let late = self.lateness.is_told().then_some(late);
        self.app.outbox.late.note(&self.consumer, late);
    }

    async fn deliver(&mut self, fresh: Vec<QueuedEvent>) -> Result<(), StoreError> {
        let up_to = fresh.last().map_or(Position::START, |event| event.position);
        let parcels = fresh.into_iter().map(|event| Parcel { event, before: None }).collect();
        let mut settlement = Settlement { up_to, ..Settlement::default() };
        for (position, outcome) in self.hand_over(parcels).await {
            match outcome {
                Outcome::Done => {}
                Outcome::Retry(retry) => settlement.retry.push((position, retry)),
                Outcome::Dead(death) => settlement.dead.push((position, death)),
            }
        }
        self.app.outbox.queue.settle(&self.consumer, settlement).await?;
        self.app.outbox.settled.notify_waiters();
        Ok(())
    }

    async fn retry(&mut self, due: Vec<Due>) -> Result<(), StoreError> {
        let parcels =
            due.into_iter().map(|due| Parcel { event: due.event, before: Some(due.retry) });
        let mut settlement = RetrySettlement::default();
        for (position, outcome) in self.hand_over(parcels.collect()).await {
            match outcome {
                Outcome::Done => settlement.done.push(position),
                Outcome::Retry(retry) => settlement.retry.push((position, retry)),
                Outcome::Dead(death) => settlement.dead.push((position, death)),
            }
        }
        self.app.outbox.queue.settle_retries(&self.consumer, settlement).await
    }

    /// Sends what is to be sent, and tells what became of each.
    async fn hand_over(&mut self, parcels: Vec<Parcel>) -> Vec<(Position, Outcome)> {
        let now = self.app.clock.now();
        let mut outcomes = Vec::with_capacity(parcels.len());
        let mut sent = Vec::new();
        let mut deliveries = Vec::new();
        for parcel in parcels {
            match self.recipient.prepare(&parcel.event, now) {
                Prepared::Send(delivery) => {
                    sent.push(parcel);
                    deliveries.push(delivery);
                }
                Prepared::Withheld(why) => {
                    self.count(why.as_str());
                    outcomes.push((parcel.event.position, Outcome::Done));
                }
                Prepared::Unfit(reason) => {
                    self.count("refused");
                    let death = self.death(&parcel, reason, reason.to_owned(), None, now);
                    outcomes.push((parcel.event.position, Outcome::Dead(death)));
                }
            }
        }
        let attempts = self.send(&deliveries).await;
        for (parcel, attempt) in sent.into_iter().zip(attempts) {
            let outcome = match attempt {
                Some(attempt) => self.judge(&parcel, attempt),
                // Found out before it was its turn.
                None => Outcome::Retry(Self::waiting(&parcel, now)),
            };
            outcomes.push((parcel.event.position, outcome));
        }
        outcomes
    }

    /// One attempt for each delivery; none for those that were held back because the destination stopped.
    async fn send(&self, deliveries: &[Delivery]) -> Vec<Option<Attempt>> {
        let destination = &self.recipient.destination;
        let stopped = AtomicBool::new(false);
        let chunks: Vec<_> = deliveries
            .chunks(destination.terms().batch_limit.max(1))
            .map(|chunk| self.send_together(chunk, &stopped).boxed())
            .collect();
        let attempts = stream::iter(chunks).buffered(CONCURRENT).collect::<Vec<_>>().await;
        let mut attempts = attempts.concat();
        // An adapter that answers less than it was asked has said nothing of the rest.
        attempts.resize(deliveries.len(), None);
        attempts
    }

    async fn send_together(
        &self,
        deliveries: &[Delivery],
        stopped: &AtomicBool,
    ) -> Vec<Option<Attempt>> {
        let Recipient { destination, guard, .. } = &*self.recipient;
        if stopped.load(Ordering::Relaxed) {
            return vec![None; deliveries.len()];
        }
        guard.delivery_turn().await;
        let attempts = destination.deliver(deliveries, self.app.clock.now()).await;
        for attempt in &attempts {
            match &attempt.fate {
                Fate::Paused(_) => stopped.store(true, Ordering::Relaxed),
                Fate::Retry { why: Trouble::RateLimited, retry_after } => guard.pause(*retry_after),
                _ => {}
            }
        }
        attempts.into_iter().map(Some).collect()
    }

    /// What an attempt means for its event, and for the destination.
    fn judge(&mut self, parcel: &Parcel, Attempt { fate, exchange }: Attempt) -> Outcome {
        let now = self.app.clock.now();
        self.count(fate.as_str());
        match fate {
            Fate::Done(_) => {
                self.is_well(now);
                Outcome::Done
            }
            Fate::Refused(refusal) => {
                self.is_well(now);
                let message = refusal.to_string();
                Outcome::Dead(self.death(parcel, "refused", message, exchange.as_deref(), now))
            }
            Fate::Paused(fault) => {
                if self.health.paused(now) {
                    self.has_stopped();
                    tracing::warn!(
                        pipeline.key = %self.consumer.pipeline,
                        destination.name = %self.consumer.destination,
                        fault = %fault,
                        "deliveries are paused, and tried once a minute, until this is mended; events wait"
                    );
                }
                Outcome::Retry(Self::waiting(parcel, now))
            }
            Fate::Retry { why, retry_after } => {
                // A vendor that limits the rate is well.
                if why != Trouble::RateLimited && self.health.failed(now) {
                    self.has_stopped();
                    tracing::warn!(
                        pipeline.key = %self.consumer.pipeline,
                        destination.name = %self.consumer.destination,
                        trouble = %why,
                        "the destination fails: it is only probed until it answers; events wait"
                    );
                }
                self.later(parcel, &why, retry_after, exchange.as_deref(), now)
            }
        }
    }

    /// It is only probed from here on, which is told: that is why what waits is late.
    fn has_stopped(&mut self) {
        self.lateness = Lateness::default();
        self.app.outbox.late.note(&self.consumer, None);
    }

    fn is_well(&mut self, now: Timestamp) {
        if self.health.answered(now) {
            tracing::info!(
                pipeline.key = %self.consumer.pipeline,
                destination.name = %self.consumer.destination,
                "the destination takes events again"
            );
        }
    }

    /// A failed attempt: another one later, unless the event has been kept for long enough.
    fn later(
        &self,
        parcel: &Parcel,
        why: &Trouble,
        retry_after: Option<Duration>,
        exchange: Option<&Exchange>,
        now: Timestamp,
    ) -> Outcome {
        let first_failed_at = parcel.before.as_ref().map_or(now, |before| before.first_failed_at);
        let stopped = self.health.stopped_since(first_failed_at, now);
        if now.duration_since(first_failed_at) - stopped > KEPT_FOR {
            return Outcome::Dead(self.death(
                parcel,
                "kept_too_long",
                why.to_string(),
                exchange,
                now,
            ));
        }
        let attempts = parcel.before.as_ref().map_or(0, |before| before.attempts).saturating_add(1);
        let random = self.app.entropy.bytes().map_or(0, |bytes| u64::from(bytes[0]) * 4);
        Outcome::Retry(Retry {
            due: now + backoff::wait(attempts, retry_after, random),
            attempts,
            first_failed_at,
            reason: why.to_string().into(),
        })
    }

    /// No attempt of its own: again as soon as the destination is tried.
    fn waiting(parcel: &Parcel, now: Timestamp) -> Retry {
        match &parcel.before {
            Some(before) => Retry { due: now, ..before.clone() },
            None => Retry {
                due: now,
                attempts: 0,
                first_failed_at: now,
                reason: "not its fault".into(),
            },
        }
    }

    fn death(
        &self,
        parcel: &Parcel,
        reason: &'static str,
        message: String,
        exchange: Option<&Exchange>,
        now: Timestamp,
    ) -> Death {
        let trace = self.recipient.trace(&parcel.event.body);
        let details = Letter::new(message, &trace, exchange).to_bytes();
        Death { at: now, reason: reason.into(), details }
    }

    fn count(&self, fate: &'static str) {
        let Consumer { pipeline, destination } = &self.consumer;
        self.app.metrics.delivered(pipeline, destination.as_str(), fate);
    }
}
