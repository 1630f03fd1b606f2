//! The `Destination` port: hand mapped events to a vendor, and say of each what became of it.
//!
//! The contract between the outbox, which never names a vendor, and an adapter:
//!
//! - A [`Delivery`] is one event as its blueprint mapped it. An adapter adds what only configuration may say
//!   (whose account, which stream) and the event's `messageId` where the vendor takes one; it looks for
//!   nothing else, hashes nothing and renames nothing.
//! - [`Destination::deliver`] makes the calls once and ends each by its deadline. It answers one [`Attempt`] for
//!   each delivery, in their order. Retries, backoff, budgets, pauses and the time an event is kept are the
//!   caller's; a [`Fate`] is all it needs to know for them.
//! - At least once: after [`Fate::Retry`] the vendor may have the event all the same. The same delivery sent again
//!   carries the same `messageId`.
//! - Nothing here shows a token, nor an event's content through `Debug` or `Display`. Contents are in fields
//!   whose documentation says so, for the store and nobody else.

mod exchange;
mod fate;
mod isolate;
mod post;
mod status;
mod terms;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};

pub use self::exchange::Exchange;
pub use self::fate::{Answered, Attempt, ConfigFault, Fate, Receipt, Refusal, Trouble};
pub(crate) use self::isolate::isolating;
pub(crate) use self::post::{Post, json};
pub(crate) use self::status::Meaning;
pub use self::terms::Terms;
use crate::token::TokenStatus;

/// One event, mapped for one destination.
#[derive(Clone, PartialEq)]
pub struct Delivery {
    /// The event's `messageId`: the same in every attempt, and what tells a vendor that it has the event.
    pub message_id: Arc<str>,
    /// When the event happened, by the server's corrected clock.
    pub at: Timestamp,
    /// What the blueprint made of it, in the shape that the destination's module documents. Personal data.
    pub body: Map<String, Value>,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("message_id", &self.message_id)
            .field("at", &self.at)
            .field("fields", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Takes events for one integration.
#[async_trait]
pub trait Destination: Send + Sync {
    /// How it is to be used.
    fn terms(&self) -> &Terms;

    /// Hands the deliveries over: one attempt for each, in their order. `now` is the time that a signature
    /// states.
    async fn deliver(&self, batch: &[Delivery], now: Timestamp) -> Vec<Attempt>;

    /// The credentials it uses, as far as they have a life of their own.
    fn tokens(&self) -> Vec<TokenStatus> {
        Vec::new()
    }
}
