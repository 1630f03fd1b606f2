//! From events to what came of sending them: prepared one after another, sent a few requests at a time, answered in
//! their order.
//!
//! Requests begin in order too. Once one is held back, all behind it are: what has been answered is then everything
//! up to there, and nothing beyond it was sent.

use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};

use datafly_provider::{Attempt, Delivery, Fate, Trouble};
use datafly_store::queue::{QueuedEvent, Retry};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::watch;

use super::recipient::{Prepared, Recipient, Withheld};
use super::supply::Supply;
use crate::app::App;

/// Requests in flight. At a vendor's 100 ms that is 640 a second, more than any budget.
const CONCURRENT: usize = 64;

/// Events that are looked at for one request, however few of them are to be sent.
const MAX_LOOKED_AT: usize = 64;

/// An event on its way to a destination.
pub(super) struct Parcel {
    pub(super) event: QueuedEvent,
    /// Of the attempts before.
    pub(super) before: Option<Retry>,
}

/// What came of it.
pub(super) enum Sent {
    /// An attempt was made.
    Tried(Attempt),
    /// An attempt was made of others with it, and nothing was said of this one.
    Unanswered,
    /// It is not for this destination.
    Withheld(Withheld),
    /// It never can be sent.
    Unfit(&'static str),
}

/// Holds back what has not begun.
pub(super) struct Brake<'a> {
    is_on: AtomicBool,
    until_stopped: &'a watch::Receiver<()>,
}

impl<'a> Brake<'a> {
    /// On once the server, or this part of its configuration, is to stop.
    pub(super) fn new(until_stopped: &'a watch::Receiver<()>) -> Self {
        Self { is_on: AtomicBool::new(false), until_stopped }
    }

    pub(super) fn pull(&self) {
        self.is_on.store(true, Ordering::Relaxed);
    }

    fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed) || self.until_stopped.has_changed().is_err()
    }
}

/// Sends what is supplied, until the brake is pulled.
pub(super) fn send<'a>(
    app: &'a App,
    recipient: &'a Recipient,
    brake: &'a Brake<'a>,
    supply: Supply<'a>,
) -> impl Stream<Item = Vec<(Parcel, Sent)>> + 'a {
    stream::unfold(supply, async move |mut supply| {
        let load = Load::of(&mut supply, app, recipient).await?;
        Some((load, supply))
    })
    .map(move |load| async move {
        if brake.is_on() { None } else { Some(load.send(app, recipient, brake).await) }
    })
    .buffered(CONCURRENT)
    .take_while(|sent| ready(sent.is_some()))
    .filter_map(ready)
}

/// What goes into one request, among what was found on the way and needs none.
struct Load {
    parcels: Vec<(Parcel, Option<Sent>)>,
    deliveries: Vec<Delivery>,
}

impl Load {
    /// The next one; `None` where nothing more is supplied.
    async fn of(supply: &mut Supply<'_>, app: &App, recipient: &Recipient) -> Option<Self> {
        let together = recipient.destination.terms().batch_limit.max(1);
        let mut load = Self { parcels: Vec::new(), deliveries: Vec::new() };
        while load.deliveries.len() < together && load.parcels.len() < MAX_LOOKED_AT.max(together) {
            let Some(parcel) = supply.next().await else { break };
            let found = match recipient.prepare(&parcel.event, app.clock.now()) {
                Prepared::Send(delivery) => {
                    load.deliveries.push(delivery);
                    None
                }
                Prepared::Withheld(why) => Some(Sent::Withheld(why)),
                Prepared::Unfit(reason) => Some(Sent::Unfit(reason)),
            };
            load.parcels.push((parcel, found));
        }
        (!load.parcels.is_empty()).then_some(load)
    }

    async fn send(
        self,
        app: &App,
        recipient: &Recipient,
        brake: &Brake<'_>,
    ) -> Vec<(Parcel, Sent)> {
        let mut attempts = Vec::new();
        if !self.deliveries.is_empty() {
            recipient.guard.delivery_turn().await;
            attempts = recipient.destination.deliver(&self.deliveries, app.clock.now()).await;
        }
        for attempt in &attempts {
            match &attempt.fate {
                Fate::Paused(_) => brake.pull(),
                Fate::Retry { why: Trouble::RateLimited, retry_after } => {
                    recipient.guard.pause(*retry_after);
                }
                _ => {}
            }
        }
        let mut attempts = attempts.into_iter();
        let sent = |found: Option<Sent>| {
            found.unwrap_or_else(|| attempts.next().map_or(Sent::Unanswered, Sent::Tried))
        };
        let (parcels, found): (Vec<_>, Vec<_>) = self.parcels.into_iter().unzip();
        parcels.into_iter().zip(found.into_iter().map(sent)).collect()
    }
}
