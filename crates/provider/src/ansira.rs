//! Ansira's record look-up: one record of a listing endpoint, found by a filter.
//!
//! The seed `ansira-getting-started.txt` is all there is in public: how tokens are issued, which parameters listings
//! take and what errors mean. Paths, filter conditions and the shape of answers are in specifications that need a
//! log-in, so they are the owner's to write:
//!
//! ```toml
//! [[pipelines.integrations]]
//! vendor = "ansira"
//! environment = "production"              # or "stage": hosts, and requests a second (10 or 5)
//! client_id = "shop"
//! client_secret = { env = "ANSIRA_SECRET" }
//! assertion_file = "/run/secrets/ansira.assertion"   # as downloaded; a newer one is picked up by itself
//! scopes = ["contacts.read"]
//! records_path = "v1/contacts"
//! filter = "{key} eq {value}"             # `{value}` is put in quotes
//! order_by = "updated_at desc"            # of several records the first counts
//! linking_keys = [{ source = "email", key = "email" }]
//! browser_attribute_allowlist = "Tier"
//! ```
//!
//! What is decided here:
//!
//! - A listing that is empty means nobody; a 404 is a wrong path.
//! - 403 says that the token has expired, was invalidated, or lacks a scope: it is renewed once, and a second 403 is the
//!   scope's. 401 says that no token arrived, which another one would not mend.
//! - A value is asked for only if it can be quoted beyond doubt, see [`filter`]. What cannot is nobody's.
//! - A record is read again by the same filter on the member that identifies it, so that one endpoint has one limit.
//! - Requests for tokens are another endpoint's, and few: they are not counted with look-ups.

mod client;
mod config;
mod error;
mod filter;
#[cfg(test)]
mod tests;
mod token;
mod wire;

pub use client::AnsiraRecords;
pub use config::Config;

/// The provider's name on the wire and in a page: `window.datafly.profile.ansira`.
pub const NAME: &str = "ansira";
