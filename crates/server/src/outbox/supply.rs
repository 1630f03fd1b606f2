//! What a worker sends next: what was read, and then what lies behind it, so that a vendor is kept busy while its last
//! answers are still under way.

use std::vec;

use datafly_store::queue::{Consumer, Due, Limit, Position, QueuedEvent};

use super::sending::Parcel;
use crate::app::App;

/// To see whether there is anything.
const ANY: Limit = Limit { events: 1, bytes: 0 };

/// Parcels in their order.
pub(super) struct Supply<'a> {
    parcels: vec::IntoIter<Parcel>,
    behind: Option<Behind<'a>>,
}

/// Where it goes on.
struct Behind<'a> {
    app: &'a App,
    consumer: &'a Consumer,
    limit: Limit,
    after: Position,
}

impl<'a> Supply<'a> {
    /// These retries, and nothing else.
    pub(super) fn of_retries(due: Vec<Due>) -> Self {
        let parcel = |Due { event, retry }| Parcel { event, before: Some(retry) };
        let parcels = due.into_iter().map(parcel).collect::<Vec<_>>().into_iter();
        Self { parcels, behind: None }
    }

    /// These events of the log and those behind them, read so many at a time.
    pub(super) fn of_log(
        app: &'a App,
        consumer: &'a Consumer,
        limit: Limit,
        fresh: Vec<QueuedEvent>,
    ) -> Self {
        let behind = Behind { app, consumer, limit, after: Position::START };
        let mut supply = Self { parcels: Vec::new().into_iter(), behind: Some(behind) };
        supply.take(fresh);
        supply
    }

    fn take(&mut self, fresh: Vec<QueuedEvent>) {
        if let (Some(behind), Some(last)) = (&mut self.behind, fresh.last()) {
            behind.after = last.position;
        }
        let parcel = |event| Parcel { event, before: None };
        self.parcels = fresh.into_iter().map(parcel).collect::<Vec<_>>().into_iter();
    }

    /// The next one; `None` where there is nothing more, or something else comes first.
    pub(super) async fn next(&mut self) -> Option<Parcel> {
        if let Some(parcel) = self.parcels.next() {
            return Some(parcel);
        }
        let Behind { app, consumer, limit, after } = self.behind.as_ref()?;
        let queue = &app.outbox.queue;
        // A failure ends it as well: whoever reads next is told.
        let due = queue.due(consumer, app.clock.now(), ANY).await.ok()?;
        let fresh = if due.is_empty() {
            queue.deliverable(consumer, *after, *limit).await.ok()?
        } else {
            Vec::new()
        };
        if fresh.is_empty() {
            self.behind = None;
        }
        self.take(fresh);
        self.parcels.next()
    }
}
