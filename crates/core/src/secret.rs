//! References to secrets: configuration names a secret, it never holds one.

use serde::Deserialize;
use thiserror::Error;

/// Where a secret is: `{ env = "NAME" }` or `{ file = "/path" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum SecretRef {
    /// An environment variable's name.
    Env(String),
    /// A file's path; surrounding white space in the file does not count.
    File(String),
}

/// Why a secret could not be had. Names the place, never the content.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SecretError {
    /// The variable is unset or blank.
    #[error("the environment variable `{0}` is not set: set it, or name another secret")]
    EnvUnset(String),
    /// The file cannot be read or is blank.
    #[error("the secret file `{path}` cannot be used: {reason}")]
    File {
        /// The path as configured.
        path: String,
        /// What the operating system says.
        reason: String,
    },
}
