//! A provider that is declared in the configuration: any vendor that answers one request with one JSON object.
//!
//! ```toml
//! [[pipelines.integrations]]
//! vendor = "rest"
//! name = "loyalty"                                     # window.datafly.profile.loyalty
//! url = "https://api.example.com/members/{value}?by={key}"
//! auth = "bearer"                                      # or "header" with `auth_header`, "basic" with `auth_user`, "none"
//! auth_secret = { env = "LOYALTY_TOKEN" }              # or a list of two while you change from one to the other
//! attributes = "/member"                               # JSON pointer to the attributes; the whole answer unless written
//! not_found = [404]
//! requests_per_second = 50
//! deadline_ms = 1000
//! headers = { "x-api-version" = "3" }
//! linking_keys = [{ source = "user_id", key = "id" }]
//! browser_attribute_allowlist = "Tier,Points"
//! ```
//!
//! `{value}` is the visitor's identifier and `{key}` the linking key's name, each percent-encoded, in the URL's path and
//! query only, so that no identifier leads to another host or another path. With `method = "POST"` and a `body`, which is
//! JSON, they stand inside of its texts, where an identifier cannot become anything but text; that keeps it out of access
//! logs.
//!
//! What is read again is looked up again by the same key: such a vendor names no profile. The host is not a vendor's
//! that we know, so it may have public addresses only, which is judged where the connection is made; one inside is
//! allowed by its name, with `private_host`.

mod client;
mod config;
mod error;
mod template;
#[cfg(test)]
mod tests;
mod token;
mod wire;

pub use client::Rest;
pub use config::Config;

/// The vendor, as a configuration says it. The provider has the name that its owner gives it.
pub const NAME: &str = "rest";
