//! Amperity's real-time Profile API (`/prof`).
//!
//! Sources: the seed `datafly-signal-amperity.txt` and Amperity's documentation as collected in the
//! project's domain facts, section 2.

mod client;
mod config;
mod error;
#[cfg(test)]
mod tests;
mod token;
mod wire;

pub use client::AmperityProfiles;
pub use config::Config;

/// The provider's name on the wire and in a page: `window.datafly.profile.amperity`.
pub const NAME: &str = "amperity";
