//! `[pipelines.identity]`: how identity is proven.

use datafly_core::secret::SecretRef;
use datafly_core::visitor::Verification;
use jiff::SignedDuration;
use jsonwebtoken::DecodingKey;
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

/// One key; which of the two it needs depends on the algorithm.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeySettings {
    id: String,
    algorithm: KeyAlgorithm,
    secret: Option<SecretRef>,
    public_key: Option<SecretRef>,
}

/// What a site's backend signs with, as far as this server needs to know.
pub enum KeyMaterial {
    /// HS256: the shared secret.
    Shared(SecretString),
    /// ES256: the public key, checked.
    Public(DecodingKey),
}

/// `[pipelines.identity]`, checked.
pub struct IdentityConfig {
    /// How far claims are believed.
    pub verification: Verification,
    /// How long a proof counts.
    pub binding_life: SignedDuration,
    /// Keys of the site's backend, by `kid`.
    pub keys: Vec<(String, KeyMaterial)>,
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
        let mut keys = Vec::<(String, KeyMaterial)>::new();
        for (index, key) in self.keys.into_iter().enumerate() {
            let at = format!("{at}.keys[{index}]");
            if key.id.is_empty() || keys.iter().any(|(id, ..)| *id == key.id) {
                return Err(ConfigError::Value {
                    key: format!("{at}.id"),
                    value: key.id,
                    hint: "give each key a `kid` of its own".to_owned(),
                });
            }
            keys.push((key.id.clone(), material(&at, &key, secrets)?));
        }
        Ok(IdentityConfig {
            verification: self.verification,
            binding_life: SignedDuration::from_hours(self.binding_hours.into()),
            keys,
        })
    }
}

fn material(at: &str, key: &KeySettings, secrets: &Secrets) -> Result<KeyMaterial, ConfigError> {
    let key_error = |name: &str, reason: &str| {
        Err(ConfigError::Key { key: format!("{at}.{name}"), reason: reason.to_owned() })
    };
    match (key.algorithm, &key.secret, &key.public_key) {
        (KeyAlgorithm::Hs256, Some(secret), None) => {
            let secret = secrets.at(format!("{at}.secret"), secret)?;
            if secret.expose_secret().len() < MIN_SECRET_BYTES {
                let reason = format!("the secret is shorter than {MIN_SECRET_BYTES} bytes");
                return key_error("secret", &reason);
            }
            Ok(KeyMaterial::Shared(secret))
        }
        (KeyAlgorithm::Es256, None, Some(public_key)) => {
            let pem = secrets.at(format!("{at}.public_key"), public_key)?;
            match DecodingKey::from_ec_pem(pem.expose_secret().as_bytes()) {
                Ok(key) => Ok(KeyMaterial::Public(key)),
                Err(_) => key_error(
                    "public_key",
                    "it is no P-256 public key in PEM form (`-----BEGIN PUBLIC KEY-----`)",
                ),
            }
        }
        (KeyAlgorithm::Hs256, ..) => {
            key_error("secret", "an HS256 key needs `secret`, and no `public_key`")
        }
        (KeyAlgorithm::Es256, ..) => {
            key_error("public_key", "an ES256 key needs `public_key`, and no `secret`")
        }
    }
}
