//! The blueprint language from outside.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod cases;
mod fuzz;
mod identity;
mod reference;
