//! `[pipelines.identity]`: how identity is proven.

use datafly_core::secret::SecretRef;
use datafly_core::visitor::Verification;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{ConfigError, Secrets};
use crate::identity::KeyAlgorithm;

/// How long a proof counts unless the owner says otherwise.
const DEFAULT_BINDING_HOURS: u16 = 24;

/// RFC 7518 §3.2: an HS256 key is at least as long as the hash.
const MIN_SECRET_BYTES: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct IdentitySettings {
    verification: Verification,
    binding_hours: u16,
    keys: Vec<KeySettings>,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self {
            verification: Verification::default(),
            binding_hours: DEFAULT_BINDING_HOURS,
            keys: Vec::new(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeySettings {
    id: String,
    algorithm: KeyAlgorithm,
    secret: SecretRef,
}

/// `[pipelines.identity]`, checked.
pub struct IdentityConfig {
    /// How far claims are believed.
    pub verification: Verification,
    /// How long a proof counts.
    pub binding_life: SignedDuration,
    /// Keys of the site's backend: `kid`, algorithm, secret.
    pub keys: Vec<(String, KeyAlgorithm, SecretString)>,
}

impl IdentitySettings {
    pub(super) fn check(self, at: &str, secrets: &Secrets) -> Result<IdentityConfig, ConfigError> {
        if !(1..=24 * 30).contains(&self.binding_hours) {
            return Err(ConfigError::Value {
                key: format!("{at}.binding_hours"),
                value: self.binding_hours.to_string(),
                hint: "write 1 to 720 hours".to_owned(),
            });
        }
        let mut keys = Vec::<(String, KeyAlgorithm, SecretString)>::new();
        for (index, key) in self.keys.into_iter().enumerate() {
            let at = format!("{at}.keys[{index}]");
            if key.id.is_empty() || keys.iter().any(|(id, ..)| *id == key.id) {
                return Err(ConfigError::Value {
                    key: format!("{at}.id"),
                    value: key.id,
                    hint: "give each key a `kid` of its own".to_owned(),
                });
            }
            let secret = secrets.at(format!("{at}.secret"), &key.secret)?;
            if secret.expose_secret().len() < MIN_SECRET_BYTES {
                let reason = format!("the secret is shorter than {MIN_SECRET_BYTES} bytes");
                return Err(ConfigError::Key { key: format!("{at}.secret"), reason });
            }
            keys.push((key.id, key.algorithm, secret));
        }
        Ok(IdentityConfig {
            verification: self.verification,
            binding_life: SignedDuration::from_hours(self.binding_hours.into()),
            keys,
        })
    }
}
