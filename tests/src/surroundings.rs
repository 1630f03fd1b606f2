//! Time and randomness under the test's control.

use std::sync::Mutex;

use datafly_server::runtime::{Clock, Entropy, EntropyError};
use jiff::{SignedDuration, Timestamp};

/// A clock that stands still until it is moved, and random bytes that count.
#[derive(Debug)]
pub struct Surroundings {
    now: Mutex<Timestamp>,
    drawn: Mutex<u128>,
    /// What had been drawn when the server was up: a secret of its own.
    drawn_at_start: Mutex<u128>,
}

impl Default for Surroundings {
    fn default() -> Self {
        let start = Timestamp::constant(1_800_000_000, 0);
        Self { now: Mutex::new(start), drawn: Mutex::new(0), drawn_at_start: Mutex::new(0) }
    }
}

impl Surroundings {
    /// Moves the clock on.
    pub fn wait(&self, time: SignedDuration) {
        *self.now.lock().unwrap() += time;
    }

    /// How many times randomness was drawn since the server was up: each minted visitor draws once.
    pub fn drawn(&self) -> u128 {
        *self.drawn.lock().unwrap() - *self.drawn_at_start.lock().unwrap()
    }

    pub(crate) fn server_is_up(&self) {
        *self.drawn_at_start.lock().unwrap() = *self.drawn.lock().unwrap();
    }
}

impl Clock for Surroundings {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
}

impl Entropy for Surroundings {
    fn bytes(&self) -> Result<[u8; 16], EntropyError> {
        let mut drawn = self.drawn.lock().unwrap();
        *drawn += 1;
        Ok(drawn.to_be_bytes())
    }
}
