//! The real binary, with a sandbox vendor beside it: one test binary.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod amperity;
mod backends;
mod backup;
mod certificate;
mod dead_letters;
mod doctor;
mod gdpr;
mod harness;
mod killed;
mod operator;
mod process;
mod types;
