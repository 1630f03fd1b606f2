//! TikTok's Events API, version 1.3: web events for a pixel.
//!
//! A mapped body is one element of `data`: `event`, `user`, `page`, `properties`, hashed where TikTok wants a
//! hash. What a mapping leaves open is filled in: `event_time` with the event's time, `event_id` with its
//! `messageId`. A mapped `event_id` stays, since a site that also runs TikTok's pixel has to send the pixel's own.
//!
//! TikTok answers 200 to everything; the `code` in the body says what happened. A batch that was taken in part
//! (20001) is sent again in halves until each event that was not taken stands alone; the others are told from
//! their first arrival by their `event_id`.
//!
//! Source: TikTok's documentation as collected in the project's domain facts, section 6.3.

mod client;
mod config;
mod error;
#[cfg(test)]
mod tests;
mod token;
mod wire;

pub use client::Tiktok;
pub use config::Config;

/// The destination's name.
pub const NAME: &str = "tiktok";
