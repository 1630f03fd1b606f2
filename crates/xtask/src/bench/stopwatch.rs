//! The one place of the benchmarks that reads the clock.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Tells the time since it was started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "measuring time is what a benchmark does")]
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// What a clock on the wall shows: to compare with what other processes have written down.
#[expect(clippy::disallowed_methods, reason = "measuring time is what a benchmark does")]
pub(super) fn wall_clock() -> Timestamp {
    Timestamp::now()
}
