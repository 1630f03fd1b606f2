//! Sources that outlive a reload of the configuration: what was issued stays good, and is not asked for anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::TokenSource;

/// What stands for a secret in a source's identity.
pub(crate) fn digest(secret: &SecretString) -> String {
    HEXLOWER.encode(&Sha256::digest(secret.expose_secret()))
}

/// All sources in use, by what they are made from. A source whose last integration is gone is forgotten.
#[derive(Default)]
pub struct TokenSources(Mutex<HashMap<String, Weak<dyn TokenSource>>>);

impl TokenSources {
    /// The source of that identity, made if there is none. An identity holds all that decides over the tokens, of
    /// secrets a digest.
    pub(crate) fn of(
        &self,
        identity: String,
        make: impl FnOnce() -> Arc<dyn TokenSource>,
    ) -> Arc<dyn TokenSource> {
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sources.retain(|_, source| source.strong_count() > 0);
        if let Some(source) = sources.get(&identity).and_then(Weak::upgrade) {
            return source;
        }
        let source = make();
        sources.insert(identity, Arc::downgrade(&source));
        source
    }
}
