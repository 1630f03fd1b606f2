//! At most so many requests in any second, however that second is cut: one after the other, a gap apart.

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::surroundings::Clock;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// When the next request may go.
pub(super) struct Pace {
    clock: Clock,
    gap: SignedDuration,
    next: Mutex<Timestamp>,
}

impl Pace {
    pub(super) fn new(per_second: u32, clock: Clock) -> Self {
        let per_second = i32::try_from(per_second.max(1)).unwrap_or(i32::MAX);
        Self { clock, gap: SECOND / per_second, next: Mutex::new(Timestamp::MIN) }
    }

    /// Waits until a request may go, behind whoever came before.
    pub(super) async fn turn(&self) {
        let mut next = self.next.lock().await;
        // A clock that was put back must not stop anybody for longer than a gap.
        let wait = next.duration_since((self.clock)()).clamp(SignedDuration::ZERO, self.gap);
        if let Ok(wait) = wait.try_into() {
            tokio::time::sleep(wait).await;
        }
        *next = (self.clock)() + self.gap;
    }
}
