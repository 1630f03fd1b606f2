//! The vendors that datafly asks for profiles: ports and one folder of adapter per vendor.
//!
//! Every vendor's folder has the same files: `config` (what the owner writes), `token` (which credential
//! serves which call), `client` (the calls), `wire` (the vendor's shapes, which never leave the folder),
//! `error` (status to [`ProviderError`]) and `tests` (against the sandbox).
//!
//! All HTTP goes through [`http`]: it sets deadlines, refuses redirects and caps bodies. Sockets come in
//! as an argument, an [`http::Transport`]; [`http::Network`] alone knows reqwest.

pub mod amperity;
pub mod http;
mod profile;
mod token;

pub use profile::{Profile, ProfileId, ProfileProvider, ProviderError, Quota};
pub use token::{TokenError, TokenSource};
