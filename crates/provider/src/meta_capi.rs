//! Meta's Conversions API: server events for a pixel.
//!
//! A mapped body is one element of `data`: `event_name`, `action_source`, `event_source_url`, `user_data`,
//! `custom_data`, hashed where Meta wants a hash. What a mapping leaves open is filled in: `event_time` with the
//! event's time, `event_id` with its `messageId`. A mapped `event_id` stays, since a site that also runs Meta's
//! pixel has to send the pixel's own; Meta drops a second event of the same `event_name` and `event_id` within
//! 48 hours.
//!
//! One bad event has Meta refuse the whole batch, so a refused batch is sent again in halves until the bad one
//! stands alone.
//!
//! Source: Meta's documentation as collected in the project's domain facts, section 6.1.

mod client;
mod config;
mod error;
#[cfg(test)]
mod tests;
mod token;
mod wire;

pub use client::MetaCapi;
pub use config::Config;

/// The destination's name.
pub const NAME: &str = "meta_capi";
