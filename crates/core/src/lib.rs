//! Domain values and rules of datafly: identifiers, linking keys, the allowlist, path syntax, context
//! values, the event envelope and the wire of `/v1`.
//!
//! No I/O, no clock, no randomness: callers pass them in. Builds for native and wasm32.

pub mod attributes;
pub mod v1;
