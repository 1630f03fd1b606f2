//! The HTTP edge: routes, who may call them, and what an answer looks like.
//!
//! Nothing here names a vendor or a storage engine. Every route handler is one file; the order of the
//! layers around them is in [`router`], the trust decision every one of them starts with in [`caller`].

mod assets;
mod body;
mod caller;
mod collect;
mod cookies;
mod enrich;
mod error;
mod headers;
mod key;
mod loader;
mod query;
mod reset;
mod router;

pub use router::router;
