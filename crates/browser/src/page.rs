//! The session's effects, carried out by the page the wasm runs in. Nothing is decided here.
//!
//! State lives in an `Rc<RefCell<_>>` behind `&self` methods, and no borrow is held while JavaScript
//! runs: a page may call back at any time.

mod config;
mod engine;
mod host;
mod http;

/// A few objects per event need no more, and it is 2 KB (brotli) smaller than the default allocator.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
