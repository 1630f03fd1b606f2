//! Secrets that nobody configured: made once, kept in `data_dir`, and read from there ever after.

use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use data_encoding::HEXLOWER;
use secrecy::SecretString;

use super::{StartError, file_error};
use crate::data_dir;
use crate::runtime::{Entropy, EntropyError};

/// Shorter than any that is made: a file that was emptied or cut short would otherwise open every door.
pub(super) const MIN_BYTES: usize = 32;

/// The secret of a file; made where there is no such file.
pub(super) fn secret(path: &Path, entropy: &Arc<dyn Entropy>) -> Result<SecretString, StartError> {
    let secret = match fs::read_to_string(path) {
        Ok(secret) => secret,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = new(entropy)?;
            data_dir::write(path, secret.as_bytes()).map_err(|error| file_error(path, error))?;
            secret
        }
        Err(error) => return Err(file_error(path, error)),
    };
    match secret.trim() {
        secret if secret.len() < MIN_BYTES => {
            Err(StartError::ShortSecret { path: path.display().to_string() })
        }
        secret => Ok(SecretString::from(secret)),
    }
}

/// A new one.
pub(super) fn new(entropy: &Arc<dyn Entropy>) -> Result<String, EntropyError> {
    Ok(HEXLOWER.encode(&[entropy.bytes()?, entropy.bytes()?].concat()))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::runtime::Runtime;

    #[test]
    fn what_was_made_is_read_again_and_what_was_emptied_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.token");
        let entropy = Runtime::system().entropy;
        let made = secret(&path, &entropy).unwrap();
        assert_eq!(made.expose_secret().len(), 64);
        let read = secret(&path, &entropy).unwrap();
        assert_eq!(read.expose_secret(), made.expose_secret());
        for short in ["", "\n", "0123456789abcdef0123456789abcde\n"] {
            fs::write(&path, short).unwrap();
            let error = secret(&path, &entropy).unwrap_err();
            assert!(matches!(error, StartError::ShortSecret { .. }), "{short:?}: {error}");
            assert!(error.to_string().contains("admin.token"), "{error}");
        }
    }
}
