//! Where datafly keeps what must survive: the [`State`], [`queue::Queue`] and [`Accept`] ports and
//! their adapters.
//!
//! One adapter of both is here: [`embedded`], for one machine. The ports are shaped so that an engine
//! reached over a network fits them as well: a visitor's record is read with its version and written on the
//! condition that the version is still the one that was read, and a queue's events are named by position and
//! settled by whoever has read them. Every adapter passes its port's one suite, `tests/state.rs` and
//! `tests/queue/suite.rs`.

mod accept;
mod backup;
pub mod embedded;
mod error;
pub mod queue;
mod state;

pub use accept::{Accept, Acceptance, VisitorWrite};
pub use backup::Backup;
pub use error::StoreError;
pub use state::{Durable, Put, State, Stored, VisitorKey};
