//! The browser SDK: what a page's profile is, when to ask for it, and how its events leave.
//!
//! Everything that decides is plain Rust without I/O, clock or randomness, and is tested natively:
//!
//! - [`session`] is the state machine: calls, answers, timers and other tabs' log-outs in, effects out;
//! - [`enrich`] one round of profile requests, [`queue`] the events on their way,
//!   [`backoff`] their pauses, [`epoch`] what the tabs of a browser share, [`effect`] the outputs.
//!
//! `page` (wasm32 only) carries the effects out with the browser's own `fetch`, timers and storage and
//! decides nothing. The facade in `js/` owns every promise and its timer, because those must settle
//! where wasm is forbidden, late or broken.

pub mod backoff;
pub mod effect;
pub mod enrich;
pub mod epoch;
pub mod queue;
pub mod session;

#[cfg(target_arch = "wasm32")]
mod page;
