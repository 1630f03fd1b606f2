//! The HTTP edge: routes, who may call them, and what an answer looks like.
//!
//! Nothing here names a vendor or a storage engine. Every route handler is one file; the routes and what
//! happens around them are in [`router`], the trust decision every one of them starts with in [`caller`].

mod answer;
mod asked;
mod assets;
mod batch;
mod body;
mod bootstrap;
mod caller;
mod client;
mod consent;
mod cookies;
mod enrich;
mod error;
mod event;
mod forget;
mod headers;
mod intake;
mod key;
mod loader;
mod pixel;
mod profile;
mod query;
mod reset;
mod router;
mod settings;
mod visit;

pub use router::Edge;
