//! What adapters take from outside the process, handed in by whoever builds them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use datafly_core::secret::{SecretError, SecretRef};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::http::Transport;
use crate::profile::Quota;
use crate::token::TokenSources;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Reads the file that a reference names, as it is now: for what a vendor replaces while we run. Variables of the
/// environment never change, so nobody asks for them here.
pub type Secrets = Arc<dyn Fn(&SecretRef) -> Result<SecretString, SecretError> + Send + Sync>;

/// Waits until the account may be asked once more. A look-up's first request has had its turn before the adapter is
/// called; every further one of the same look-up waits here for a turn of its own.
pub type Turns = Arc<dyn Fn(Quota) -> Turn + Send + Sync>;

/// Ends when it is one's turn.
pub type Turn = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Sockets, time and secrets, and the token sources that all integrations share.
#[derive(Clone)]
pub struct Surroundings {
    /// The sockets to vendors.
    pub transport: Arc<dyn Transport>,
    /// The time.
    pub clock: Clock,
    /// Where secrets are.
    pub secrets: Secrets,
    /// Sources that are in use.
    pub tokens: Arc<TokenSources>,
    /// Turns at the vendors' accounts.
    pub turns: Turns,
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Over that transport, at a time that stands still, where each reference names itself.
    pub(crate) fn around(transport: Arc<dyn Transport>) -> Surroundings {
        Surroundings {
            transport,
            clock: Arc::new(|| Timestamp::constant(1_800_000_000, 0)),
            secrets: Arc::new(|reference| match reference {
                SecretRef::Env(text) | SecretRef::File(text) => Ok(text.as_str().into()),
            }),
            tokens: Arc::default(),
            turns: Arc::new(|_| Box::pin(async {})),
        }
    }
}
