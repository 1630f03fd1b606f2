//! Algonomy's Real-time CDP: the Customer Profile B2B API (`client`), and the GDPR API (`gdpr`), by which a person's
//! wish to see their data, or to have it erased, is registered.
//!
//! Identifiers travel in headers, never in addresses or bodies. Tokens live for minutes, are good for named
//! resources only, and one that lacks a resource is widened (`token`). A 200 may hold a failure in its `status`.
//!
//! Sources: the seed `algonomy-api-authentication.txt`, and the vendor's documentation as collected in the
//! project's domain facts, section 3. No document of theirs lists error codes, rate limits, or what a dead token
//! is answered with; where that matters, the place that decides says so.

mod client;
mod config;
mod error;
mod gdpr;
#[cfg(test)]
mod tests;
mod token;
mod wire;

pub use client::AlgonomyProfiles;
pub use config::Config;
pub use gdpr::AlgonomyErasure;
use http::{HeaderName, HeaderValue};

/// The provider's name on the wire and in a page: `window.datafly.profile.algonomy`.
pub const NAME: &str = "algonomy";

/// Carries the tenant's hash, on every call.
const TENANT_HASH_HEADER: HeaderName = HeaderName::from_static("tenant_hash");

/// Carries the token, on every call but those that ask for one.
const ACCESS_TOKEN_HEADER: HeaderName = HeaderName::from_static("access_token");

/// An identifier as a header's value, or `None` where none can carry it: the vendor cannot have been told it either,
/// since this is the only way in. White space around it would be lost on the way, and name somebody else.
fn identifier_header(value: &str) -> Option<HeaderValue> {
    let can_travel =
        value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && value.trim() == value;
    let mut header =
        HeaderValue::from_str(value).ok().filter(|_| can_travel && !value.is_empty())?;
    header.set_sensitive(true);
    Some(header)
}
