//! Ids of visitors who come by other people's clients.
//!
//! Such a client sends no cookie of ours, only an `anonymousId` that it made itself, and that anybody could send.
//! Its events get an id derived from that under a secret: the same for the same client, nobody's whose cookie we
//! set, and not to be found without the secret. No browser is ever answered by it.

use datafly_core::id::{CanonicalId, Identifier, PipelineKey};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Derives the ids. The secret must outlive every rotation of cookie keys: with it the ids change.
#[derive(Clone)]
pub struct ClientIds(Hmac<Sha256>);

impl ClientIds {
    /// Under a secret.
    pub fn new(secret: &SecretString) -> Self {
        // HMAC's own way to make a key of the right length of one of any length.
        let mut key = [0; 64];
        key[..32].copy_from_slice(&Sha256::digest(secret.expose_secret()));
        Self(Hmac::new(&key.into()))
    }

    /// The id of the client that calls itself so.
    pub fn derive(&self, pipeline: &PipelineKey, anonymous_id: &Identifier) -> CanonicalId {
        // No pipeline key holds a line break, so it cannot run into what follows.
        let mac = self.0.clone().chain_update(pipeline.as_str()).chain_update(b"\n");
        let mac = mac.chain_update(anonymous_id.expose()).finalize().into_bytes();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&mac[..16]);
        CanonicalId::from_random_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_client_s_under_its_pipeline_and_its_secret() {
        let derive = |secret: &str, pipeline: &str, client: &str| {
            let ids = ClientIds::new(&SecretString::from(secret));
            ids.derive(&pipeline.parse().unwrap(), &Identifier::new(client).unwrap())
        };
        let id = derive("secret", "dk_test_shop", "anon-1");
        assert_eq!(id, derive("secret", "dk_test_shop", "anon-1"));
        for other in [
            derive("other", "dk_test_shop", "anon-1"),
            derive("secret", "dk_test_other", "anon-1"),
            derive("secret", "dk_test_shop", "anon-2"),
        ] {
            assert_ne!(id, other);
        }
    }
}
