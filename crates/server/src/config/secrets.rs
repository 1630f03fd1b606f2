//! Where secrets come from: the environment and files, both passed in.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use data_encoding::HEXLOWER;
use datafly_core::secret::{SecretError, SecretRef};
use datafly_settings::Section;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// What is signed with HMAC-SHA-256 has a secret at least as long as the hash (RFC 7518 §3.2).
const MIN_SECRET_BYTES: usize = 32;

/// Fetches what a [`SecretRef`] names, and knows which files that took.
pub struct Secrets {
    environment: HashMap<String, String>,
    /// Whether something stands in for what is not there.
    stands_in: bool,
    /// By path: what was found there, `None` where nothing could be read.
    read: Mutex<BTreeMap<PathBuf, Option<u64>>>,
}

impl Secrets {
    /// Over a copy of the environment's variables; files are read when they are named.
    pub fn new(environment: impl IntoIterator<Item = (String, String)>) -> Self {
        let environment = environment.into_iter().collect();
        Self { environment, stands_in: false, read: Mutex::default() }
    }

    /// For who reads a file of which they need no secret: what is not there is as if it were some secret, a different
    /// one for each name.
    pub fn stand_ins() -> Self {
        Self { stands_in: true, ..Self::new([]) }
    }

    /// Begins anew to note which files are read.
    pub fn forget_files(&self) {
        self.noted().clear();
    }

    /// Whether a file that was read would be read differently now.
    pub fn have_changed(&self) -> bool {
        self.noted().iter().any(|(path, then)| fingerprint(fs::read(path).ok().as_deref()) != *then)
    }

    fn noted(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Option<u64>>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, path: &str) -> Result<String, SecretError> {
        let error = |reason: String| SecretError::File { path: path.to_owned(), reason };
        let bytes = fs::read(Path::new(path));
        self.noted().insert(PathBuf::from(path), fingerprint(bytes.as_deref().ok()));
        let bytes = bytes.map_err(|failure| error(failure.to_string()))?;
        String::from_utf8(bytes).map_err(|_| error("it is no text".to_owned()))
    }

    /// The secret, without white space around it: editors end files with a line break.
    pub fn get(&self, reference: &SecretRef) -> Result<SecretString, SecretError> {
        match self.find(reference) {
            Err(_) if self.stands_in => Ok(stand_in(reference)),
            found => found,
        }
    }

    fn find(&self, reference: &SecretRef) -> Result<SecretString, SecretError> {
        let text = match reference {
            SecretRef::Env(name) => self
                .environment
                .get(name)
                .cloned()
                .ok_or_else(|| SecretError::EnvUnset(name.clone()))?,
            SecretRef::File(path) => self.read(path)?,
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
}

/// As long as secrets are, and of letters that a header can carry.
fn stand_in(reference: &SecretRef) -> SecretString {
    let (SecretRef::Env(name) | SecretRef::File(name)) = reference;
    HEXLOWER.encode(&Sha256::digest(name)).into()
}

/// A secret to sign with, which must be there.
pub(super) fn long_secret(section: &mut Section<'_>, key: &'static str) -> Option<SecretString> {
    let secret = section.required_secret(key)?;
    if secret.expose_secret().len() < MIN_SECRET_BYTES {
        let reason =
            format!("the secret is shorter than {MIN_SECRET_BYTES} bytes: make a longer one");
        section.refuse(key, reason);
    }
    Some(secret)
}

/// Of a file's content; `None` while it cannot be read.
pub(crate) fn fingerprint(content: Option<&[u8]>) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    content?.hash(&mut hasher);
    Some(hasher.finish())
}
