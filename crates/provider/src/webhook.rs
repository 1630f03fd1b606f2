//! A signed POST to a URL of the owner's: one event a request, the mapped body as it is.
//!
//! Requests follow the [Standard Webhooks](https://www.standardwebhooks.com) scheme, for which there are
//! libraries in every common language:
//!
//! ```text
//! webhook-id: the event's messageId, the same in every attempt: what was seen before may be thrown away
//! webhook-timestamp: when this attempt was made, in Unix seconds
//! webhook-signature: v1,<base64 of HMAC-SHA256(key, "{webhook-id}.{webhook-timestamp}.{body}")>
//! ```
//!
//! A receiver verifies without a library like this:
//!
//! 1. The key is the configured secret without `whsec_`, decoded from base64.
//! 2. Refuse a `webhook-timestamp` more than five minutes away from your own clock.
//! 3. Compute the HMAC over the bytes as they came, before anything parses them.
//! 4. `webhook-signature` holds signatures separated by a space. One that is equal, compared in constant time, is
//!    enough.
//! 5. Answer 2xx once the event is kept. 429 and 5xx bring it again later; 400, 413, 415 and 422 make it a dead
//!    letter; 401, 403, 404, 405, 410 and redirects pause the destination until its owner has looked.
//!
//! To change the secret, move it to `previous_secret` and set a new `secret`: requests then carry two signatures.
//! Once the receiver knows the new one, remove `previous_secret`.
//!
//! The URL is not a vendor's, so it may lead to public addresses only, which is judged where the connection is
//! made; a host inside is allowed by its name, with `private_host`.

mod client;
mod config;
mod error;
#[cfg(test)]
mod tests;
mod token;
mod wire;

pub use client::Webhook;
pub use config::Config;

/// The destination's name.
pub const NAME: &str = "webhook";
