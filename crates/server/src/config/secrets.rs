//! Where secrets come from: the environment and files, both passed in.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use datafly_core::secret::{SecretError, SecretRef};
use secrecy::SecretString;

use super::ConfigError;

/// Fetches what a [`SecretRef`] names.
pub struct Secrets {
    environment: HashMap<String, String>,
    files: Mutex<BTreeSet<PathBuf>>,
}

impl Secrets {
    /// Over a copy of the environment's variables; files are read when they are named.
    pub fn new(environment: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { environment: environment.into_iter().collect(), files: Mutex::default() }
    }

    /// The files that secrets were read from so far.
    pub fn files(&self) -> Vec<PathBuf> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter().cloned().collect()
    }

    /// The secret, without white space around it: editors end files with a line break.
    pub fn get(&self, reference: &SecretRef) -> Result<SecretString, SecretError> {
        let text = match reference {
            SecretRef::Env(name) => self
                .environment
                .get(name)
                .cloned()
                .ok_or_else(|| SecretError::EnvUnset(name.clone()))?,
            SecretRef::File(path) => {
                let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
                files.insert(PathBuf::from(path));
                std::fs::read_to_string(Path::new(path)).map_err(|error| SecretError::File {
                    path: path.clone(),
                    reason: error.to_string(),
                })?
            }
        };
        match (text.trim(), reference) {
            ("", SecretRef::Env(name)) => Err(SecretError::EnvUnset(name.clone())),
            ("", SecretRef::File(path)) => {
                let reason = "it is empty".to_owned();
                Err(SecretError::File { path: path.clone(), reason })
            }
            (secret, _) => Ok(SecretString::from(secret)),
        }
    }

    /// As [`Self::get`], with the configuration key in the error.
    pub(super) fn at(
        &self,
        key: String,
        reference: &SecretRef,
    ) -> Result<SecretString, ConfigError> {
        self.get(reference).map_err(|reason| ConfigError::Secret { key, reason })
    }
}
