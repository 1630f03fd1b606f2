//! `[pipelines.identity]`: how identity is proven.

use datafly_core::visitor::Verification;
use datafly_settings::Section;
use jiff::SignedDuration;
use jsonwebtoken::DecodingKey;
use secrecy::{ExposeSecret, SecretString};

use super::secrets::long_secret;
use crate::identity::KeyAlgorithm;

/// How long a proof counts unless the owner says otherwise.
const DEFAULT_BINDING_HOURS: i64 = 24;

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

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            verification: Verification::default(),
            binding_life: SignedDuration::from_hours(DEFAULT_BINDING_HOURS),
            keys: Vec::new(),
        }
    }
}

impl IdentityConfig {
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let verification = section.optional("verification").unwrap_or_default();
        let hours = section.number("binding_hours", DEFAULT_BINDING_HOURS, 1..=24 * 30, "hours");
        let mut ids = Vec::<String>::new();
        let mut keys = Vec::new();
        for mut key in section.sections("keys") {
            let id = key.required::<String>("id", "id = \"2026-11\"").unwrap_or_default();
            if key.has("id") && (id.is_empty() || ids.contains(&id)) {
                key.refuse_value("id", &id, "give each key a `kid` of its own");
            }
            ids.push(id.clone());
            keys.extend(material(key).map(|material| (id, material)));
        }
        section.end();
        Some(Self { verification, binding_life: SignedDuration::from_hours(hours?), keys })
    }
}

/// Which of the two a key needs depends on the algorithm.
fn material(mut key: Section<'_>) -> Option<KeyMaterial> {
    let algorithm = key.required("algorithm", "algorithm = \"HS256\"");
    let material = match algorithm {
        Some(KeyAlgorithm::Hs256) => {
            if key.has("public_key") {
                key.refuse("public_key", "an HS256 key has none: remove it");
            }
            long_secret(&mut key, "secret").map(KeyMaterial::Shared)
        }
        Some(KeyAlgorithm::Es256) => {
            if key.has("secret") {
                key.refuse("secret", "an ES256 key has none: remove it");
            }
            public_key(&mut key).map(KeyMaterial::Public)
        }
        None => None,
    };
    // Whichever of the two was not read: known keys, of the other algorithm.
    key.know(&["secret", "public_key"]);
    key.end();
    material
}

fn public_key(key: &mut Section<'_>) -> Option<DecodingKey> {
    let pem = key.required_secret("public_key")?;
    let read = DecodingKey::from_ec_pem(pem.expose_secret().as_bytes());
    if read.is_err() {
        let reason = "it is no P-256 public key in PEM form: write one that begins with \
                      `-----BEGIN PUBLIC KEY-----`";
        key.refuse("public_key", reason);
    }
    read.ok()
}
