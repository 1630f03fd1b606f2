//! The real binary, with a sandbox vendor beside it: one test binary.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod backends;
mod certificate;
mod harness;
mod operator;
mod process;
