//! Domain values and rules of datafly: identifiers, linking keys, the allowlist, path syntax, context
//! values, the event envelope, the visitor's record and the wire of `/v1`.
//!
//! No I/O, no clock, no randomness: callers pass them in. Builds for native and wasm32.

pub mod allowlist;
#[cfg(test)]
mod arbitrary;
pub mod attributes;
pub mod consent;
pub mod context;
pub mod event;
pub mod id;
pub mod linking_key;
pub mod path;
pub mod secret;
pub mod v1;
pub mod visitor;
