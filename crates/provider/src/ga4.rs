//! Google Analytics 4 over the Measurement Protocol.
//!
//! A mapped body is one event with its client: `name` and `params` of the event, everything else (`client_id`,
//! `user_id`, `user_properties`, `consent`, `user_data`, …) of the request. Events with the same client, and
//! nothing else different, travel in one request. `timestamp_micros` is filled in with the event's time where
//! the mapping leaves it open, so that an event which had to wait counts for when it happened.
//!
//! Google answers 2xx whatever it is sent, and throws away in silence what breaks a rule. So the documented
//! rules are applied here: a text that is too long is cut, as Google would; what cannot be put right is a refusal
//! that says which rule it breaks. A wrong `api_secret` shows in Google's reports only.
//!
//! Google documents no idempotency key and gets none: `messageId` is not sent. An event that is sent again after
//! an answer was lost counts twice, but for a purchase, which GA4 tells by its `transaction_id`.
//!
//! Source: Google's documentation as collected in the project's domain facts, section 6.2.

mod batch;
mod client;
mod config;
mod error;
mod limits;
#[cfg(test)]
mod tests;
mod token;
mod wire;

pub use client::Ga4;
pub use config::Config;

/// The destination's name.
pub const NAME: &str = "ga4";
