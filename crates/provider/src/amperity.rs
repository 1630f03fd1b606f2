//! Amperity's real-time API (`/prof`): profiles are looked up (`client`), events are written (`ingest`).
//! One tenant, one budget of requests for both. The control API is another surface of the vendor's, with a key and a
//! budget of its own: see [`control`].
//!
//! Sources: the seed `datafly-signal-amperity.txt` and Amperity's documentation as collected in the
//! project's domain facts, section 2.

mod client;
mod config;
pub mod control;
mod diagnosis;
mod error;
mod ingest;
#[cfg(test)]
mod tests;
mod token;
mod wire;

pub use client::AmperityProfiles;
pub use config::Config;
pub(crate) use config::{base_url, is_id, tenant};
pub use diagnosis::{AILMENTS, AmperityDiagnosis};
use http::HeaderName;
pub use ingest::AmperityEvents;

/// The provider's name on the wire and in a page: `window.datafly.profile.amperity`.
pub const NAME: &str = "amperity";

/// Requests a second that a tenant has, for look-ups and events together (peers 1.4).
const REQUESTS_PER_SECOND: u32 = 500;

/// Names the tenant. The `X-Amperity-Tenant` spelling belongs to other APIs (domain facts 2.1).
const TENANT_HEADER: HeaderName = HeaderName::from_static("amperity-tenant");
