//! The time, as an argument.

use std::sync::Arc;

use jiff::Timestamp;

/// Answers what time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The clock of the operating system.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
pub fn system_clock() -> Clock {
    Arc::new(Timestamp::now)
}
