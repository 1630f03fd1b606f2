//! The session's effects, carried out by the page the wasm runs in. Nothing is decided here.
//!
//! What crosses the border is numbers, and values of the page that nobody here looks into: reading them,
//! writing URLs and asking the network is the facade's, which must be able to do it where there is no wasm.
//! That leaves most of what bindings cost out of the bundle.
//!
//! State lives in a `RefCell` behind `&self` methods, and no borrow is held while JavaScript runs: a page
//! may call back at any time.

mod engine;
mod host;

/// A few objects per event need no more, and it is 2 KB (brotli) smaller than the default allocator.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
