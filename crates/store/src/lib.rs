//! Where datafly keeps what must survive: the [`State`] port and its adapters.
//!
//! One adapter is here: [`embedded`], for one machine. The port is shaped so that an engine reached
//! over a network fits it as well: a record is read with its version and written on the condition that
//! the version is still the one that was read. Every adapter passes `tests/state.rs`, the one suite.

pub mod embedded;
mod state;

pub use state::{Put, State, StateError, Stored, VisitorKey};
