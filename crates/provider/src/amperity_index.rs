//! Amperity's Profile API: profiles of an index, which is what a query of the owner's makes of the customers.
//!
//! Two generations of one thing (domain facts 2.5 and 2.6), told apart by `api_version`:
//!
//! - `v0`, the default: one request finds a value by a key, exactly (case and spaces count), and names no profile. A
//!   profile that is read again is looked up again. Its documented form is a GET with the identifier in the query, where
//!   it ends in the vendor's access log; ours never logs a URL. Amperity's public Postman collection has the same as a
//!   POST with the identifier in the body. Since no reference page has that, it is the owner's choice: `method = "POST"`.
//! - `v2`, its successor: profiles are filtered by an attribute, and read by their id.
//!
//! ```toml
//! [[pipelines.integrations]]
//! vendor = "amperity_index"
//! tenant_subdomain = "acme"
//! tenant_id = "acme"
//! profile_api_key = { env = "AMPERITY_INDEX_TOKEN" }   # or a list of two while you change from one to the other
//! index_id = "ix-1a2b3c"
//! api_version = "v2"                                   # "v0" unless written
//! linking_keys = [{ source = "email", key = "email" }]
//! browser_attribute_allowlist = "Persona,LifetimeTier"
//! ```

mod client;
mod config;
mod error;
#[cfg(test)]
mod tests;
mod token;
mod wire;

pub use client::AmperityIndex;
pub use config::Config;
use http::HeaderName;

/// The provider's name on the wire and in a page: `window.datafly.profile.amperity_index`.
pub const NAME: &str = "amperity_index";

/// Names the tenant to v0, as its pages spell it (domain facts 2.1).
const LEGACY_TENANT_HEADER: HeaderName = HeaderName::from_static("x-amperity-tenant");

/// Names the tenant to v2.
const TENANT_HEADER: HeaderName = HeaderName::from_static("amperity-tenant");

/// Names the version to v2.
const VERSION_HEADER: HeaderName = HeaderName::from_static("api-version");

/// The version of v2 that is spoken here.
const VERSION: &str = "2025-07-31";
