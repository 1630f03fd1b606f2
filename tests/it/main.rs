//! The product from outside: one binary for all integration tests.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod allowlist;
mod assets;
mod bad_input;
mod canary;
mod enrich;
mod first_visit;
mod fuzz;
mod identity;
mod trust;
mod walls;
