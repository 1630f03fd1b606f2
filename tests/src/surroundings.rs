//! Time and randomness under the test's control.

use std::sync::Mutex;
use std::time::Duration;

use datafly_server::runtime::{Clock, Entropy, EntropyError};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A clock that stands still until it is moved, and random bytes that count.
#[derive(Debug)]
pub struct Surroundings {
    now: Mutex<Timestamp>,
    drawn: Mutex<u128>,
    /// Where the runtime's own time is part of this clock, because that is paused: since when.
    virtual_since: Option<Instant>,
    /// What had been drawn when the server was up: a secret of its own.
    drawn_at_start: Mutex<u128>,
}

impl Default for Surroundings {
    fn default() -> Self {
        let start = Timestamp::constant(1_800_000_000, 0);
        Self {
            now: Mutex::new(start),
            drawn: Mutex::new(0),
            drawn_at_start: Mutex::new(0),
            virtual_since: None,
        }
    }
}

impl Surroundings {
    /// A clock that moves with the paused time of the runtime it is made in.
    pub fn in_virtual_time() -> Self {
        Self { virtual_since: Some(Instant::now()), ..Self::default() }
    }

    /// Moves the clock on.
    pub fn wait(&self, time: SignedDuration) {
        *self.now.lock().unwrap() += time;
    }

    /// How many times randomness was drawn since the server was up: each minted visitor draws once, and so does each event without a
    /// `messageId`.
    pub fn drawn(&self) -> u128 {
        *self.drawn.lock().unwrap() - *self.drawn_at_start.lock().unwrap()
    }

    pub(crate) fn server_is_up(&self) {
        *self.drawn_at_start.lock().unwrap() = *self.drawn.lock().unwrap();
    }
}

/// Does something that takes no time of the runtime's. Paused time would run on while a write to the disk is
/// waited for, and whatever else is under way would come first.
pub async fn while_time_stands<F: Future>(work: F) -> F::Output {
    let (done, until_done) = std::sync::mpsc::channel::<()>();
    // Time does not run on while there is such a task.
    let holds = tokio::task::spawn_blocking(move || until_done.recv().ok());
    let output = work.await;
    drop(done);
    holds.await.unwrap();
    output
}

/// Lets a moment pass in which the disk gets on, and of which paused time knows nothing: it would run through any
/// number of waits while one write is under way.
pub async fn while_the_disk_works() {
    let moment = tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(5)));
    moment.await.unwrap();
}

impl Clock for Surroundings {
    fn now(&self) -> Timestamp {
        let moved = self.virtual_since.map_or(Duration::ZERO, |since| since.elapsed());
        *self.now.lock().unwrap() + moved
    }
}

impl Entropy for Surroundings {
    fn bytes(&self) -> Result<[u8; 16], EntropyError> {
        let mut drawn = self.drawn.lock().unwrap();
        *drawn += 1;
        Ok(drawn.to_be_bytes())
    }
}
