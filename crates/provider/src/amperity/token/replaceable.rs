//! A secret that people replace while we run: when the one that tokens are issued for comes to its end.

use std::sync::{Mutex, MutexGuard, PoisonError};

use datafly_core::secret::SecretRef;
use secrecy::SecretString;

use crate::amperity::config::Referenced;
use crate::surroundings::{Secrets, Surroundings};

/// What its file says, and said.
pub(super) struct Replaceable {
    reference: SecretRef,
    secrets: Secrets,
    seen: Mutex<SecretString>,
}

impl Replaceable {
    pub(super) fn new(known: &Referenced, around: &Surroundings) -> Self {
        Self {
            reference: known.reference.clone(),
            secrets: around.secrets.clone(),
            seen: Mutex::new(known.secret.clone()),
        }
    }

    /// As its file is now. While that cannot be read, perhaps because somebody is replacing it, as it was.
    pub(super) fn read(&self) -> SecretString {
        // A variable stays what it was when the process began.
        if matches!(self.reference, SecretRef::File(_))
            && let Ok(secret) = (self.secrets)(&self.reference)
        {
            *self.lock() = secret;
        }
        self.seen()
    }

    /// As it was when it was last read.
    pub(super) fn seen(&self) -> SecretString {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, SecretString> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
