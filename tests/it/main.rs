//! The product from outside: one binary for all integration tests.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod allowlist;
mod assets;
mod bad_input;
mod bootstrap;
mod caching;
mod canary;
mod consent;
mod context;
mod enrich;
mod first_visit;
mod fuzz;
mod identity;
mod limits;
mod trust;
mod walls;
