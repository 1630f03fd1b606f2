//! What the outbox has to know of a destination before it hands anything over.

use std::time::Duration;

use crate::profile::Quota;

/// How a destination is to be used. Fixed for as long as its configuration is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Names the place that events are sent to: equal before and after a change of credentials, different for
    /// another account, stream or URL. Holds no secret.
    pub identity: String,
    /// Most deliveries that travel together. More may be handed over, and are sent in parts.
    pub batch_limit: usize,
    /// Dotted paths in a mapped body that name a person or a browser; each covers everything below it. What
    /// nobody has verified must not stand there.
    pub identity_fields: Vec<String>,
    /// The category of consent without which a visitor's events are not sent here, in the words of
    /// [`Consent::grants`](datafly_core::consent::Consent::grants); `None` where they always are.
    pub consent_category: Option<String>,
    /// How old an event may be, from its own time; `None` where the vendor takes any. What is older will never be
    /// taken.
    pub max_age: Option<Duration>,
    /// Where the vendor counts this integration's requests. A batch is one request, but for GA4, which gets one
    /// for each client in it, and for a batch that was refused and is sent again in parts.
    pub quota: Quota,
}
