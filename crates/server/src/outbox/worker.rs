//! The worker of one destination: hands over what is due and what is new, and writes down what became of it.
//!
//! Retries that are due come first. An event that fails goes to the retry store and holds up nobody; where the
//! destination itself fails, or its configuration is at fault, it is only probed ([`super::health`]) and the
//! backlog stays where it is.
//!
//! What is read at once is sent a few requests at a time and settled as it goes, so that a slow vendor is kept busy,
//! and little is sent twice after a crash. Requests begin in order: once one is held back, because the destination
//! has stopped or the server is to, all behind it are, and stay where they are.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use datafly_core::id::PipelineKey;
use datafly_provider::{Attempt, Exchange, Fate, Trouble};
use datafly_store::StoreError;
use datafly_store::queue::{
    Consumer, Death, Due, Limit, Position, QueuedEvent, Retry, RetrySettlement, Settlement,
};
use futures_util::stream::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::backoff;
use super::health::{Allowance, Health};
use super::lateness::{Late, Lateness, News};
use super::letter::Letter;
use super::recipient::Recipient;
use super::sending::{Brake, Parcel, Sent, send};
use super::supply::Supply;
use crate::app::App;

/// Most that is read at once.
const MOST: Limit = Limit { events: 1024, bytes: 4 * 1024 * 1024 };

/// How many seconds' worth is read at once: more would keep a slow destination from its retries.
const SECONDS: usize = 2;

/// Events that are settled at once, or half of what is read where that is less: what is sent and not settled is sent
/// again after a crash.
const SETTLED: usize = 64;

/// To see whether a destination is well again.
const PROBE: Limit = Limit { events: 1, bytes: 0 };

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
    /// is more at once. Ends early, with what it has begun, once `until_stopped` has.
    pub(super) async fn step(
        &mut self,
        until_stopped: &watch::Receiver<()>,
    ) -> Result<Option<Duration>, StoreError> {
        let now = self.app.clock.now();
        let allowance = self.health.allows(now);
        let limit = match allowance {
            Allowance::All => self.batch(),
            Allowance::Probe => PROBE,
            Allowance::NothingUntil(then) => {
                return Ok(Some(then.duration_since(now).unsigned_abs()));
            }
        };
        let due = self.app.outbox.queue.due(&self.consumer, now, limit).await?;
        if !due.is_empty() {
            return self.retry(due, until_stopped).await.map(|()| None);
        }
        let fresh =
            self.app.outbox.queue.deliverable(&self.consumer, Position::START, limit).await?;
        let Some(oldest) = fresh.first() else {
            self.note_lateness(now);
            return Ok(Some(LOOK_AGAIN));
        };
        self.note_lateness(oldest.received_at);
        self.deliver(fresh, limit, until_stopped).await.map(|()| None)
    }

    /// As much as is read at once.
    fn batch(&self) -> Limit {
        let terms = self.recipient.destination.terms();
        let requests = usize::try_from(terms.quota.requests_per_second).unwrap_or(MOST.events);
        let events = requests.saturating_mul(terms.batch_limit).saturating_mul(SECONDS);
        Limit { events: events.clamp(1, MOST.events), ..MOST }
    }

    /// Tells the owner where events are accepted faster than they are delivered.
    fn note_lateness(&mut self, oldest: Timestamp) {
        let now = self.app.clock.now();
        if self.health.allows(now) != Allowance::All {
            return;
        }
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

    async fn deliver(
        &mut self,
        fresh: Vec<QueuedEvent>,
        limit: Limit,
        until_stopped: &watch::Receiver<()>,
    ) -> Result<(), StoreError> {
        let (app, recipient) = (Arc::clone(&self.app), Arc::clone(&self.recipient));
        let (consumer, brake) = (self.consumer.clone(), Brake::new(until_stopped));
        let supply = Supply::of_log(&app, &consumer, limit, fresh);
        let mut sent = pin!(send(&app, &recipient, &brake, supply));
        let mut settlement = Settlement::default();
        let mut unsettled = 0;
        let mut oldest = self.app.clock.now();
        while let Some(sent) = sent.next().await {
            for (parcel, sent) in sent {
                let position = parcel.event.position;
                oldest = parcel.event.received_at;
                match self.outcome(&parcel, sent) {
                    Outcome::Done => {}
                    Outcome::Retry(retry) => settlement.retry.push((position, retry)),
                    Outcome::Dead(death) => settlement.dead.push((position, death)),
                }
                settlement.up_to = position;
                unsettled += 1;
            }
            self.brake_in_trouble(&brake);
            if unsettled >= SETTLED.min(limit.events.div_ceil(2)) {
                self.settle(std::mem::take(&mut settlement)).await?;
                self.note_lateness(oldest);
                unsettled = 0;
            }
        }
        if unsettled > 0 {
            self.settle(settlement).await?;
        }
        Ok(())
    }

    async fn settle(&self, settlement: Settlement) -> Result<(), StoreError> {
        self.app.outbox.queue.settle(&self.consumer, settlement).await?;
        self.app.outbox.settled.notify_waiters();
        Ok(())
    }

    async fn retry(
        &mut self,
        due: Vec<Due>,
        until_stopped: &watch::Receiver<()>,
    ) -> Result<(), StoreError> {
        let (app, recipient) = (Arc::clone(&self.app), Arc::clone(&self.recipient));
        let brake = Brake::new(until_stopped);
        let mut sent = pin!(send(&app, &recipient, &brake, Supply::of_retries(due)));
        let queue = Arc::clone(&self.app.outbox.queue);
        let mut settlement = RetrySettlement::default();
        let mut unsettled = 0;
        while let Some(sent) = sent.next().await {
            for (parcel, sent) in sent {
                let position = parcel.event.position;
                match self.outcome(&parcel, sent) {
                    Outcome::Done => settlement.done.push(position),
                    Outcome::Retry(retry) => settlement.retry.push((position, retry)),
                    Outcome::Dead(death) => settlement.dead.push((position, death)),
                }
                unsettled += 1;
            }
            self.brake_in_trouble(&brake);
            if unsettled >= SETTLED {
                queue.settle_retries(&self.consumer, std::mem::take(&mut settlement)).await?;
                unsettled = 0;
            }
        }
        queue.settle_retries(&self.consumer, settlement).await
    }

    /// A destination in trouble gets no more than it has.
    fn brake_in_trouble(&self, brake: &Brake<'_>) {
        if self.health.allows(self.app.clock.now()) != Allowance::All {
            brake.pull();
        }
    }

    fn outcome(&mut self, parcel: &Parcel, sent: Sent) -> Outcome {
        match sent {
            Sent::Tried(attempt) => self.judge(parcel, attempt),
            Sent::Unanswered => Outcome::Retry(Self::waiting(parcel, self.app.clock.now())),
            Sent::Withheld(why) => {
                self.count(why.as_str());
                Outcome::Done
            }
            Sent::Unfit(reason) => {
                self.count("refused");
                let now = self.app.clock.now();
                Outcome::Dead(self.death(parcel, reason, reason.to_owned(), None, now))
            }
        }
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
