//! Amperity's API keys: what their owner does on the settings page, and what the vendor does by itself.

use jiff::Timestamp;

use super::{ControlError, Sandbox};
use crate::amperity::keys::{KeyRecord, Rejected, TokenRefusals};
use crate::config::Token;

impl Sandbox {
    /// All API keys; see [`key_id`](crate::key_id) for what they are called.
    pub fn keys(&self) -> Vec<KeyRecord> {
        let now = self.now();
        self.with(|state| state.keys.records(now))
    }

    /// How many requests came with a token that had expired, was revoked or is none, since the start or the last
    /// reset.
    pub fn token_refusals(&self) -> TokenRefusals {
        self.with(|state| state.keys.refusals())
    }

    /// Generates an access token of a key; without a time it does not expire.
    pub fn issue_token(
        &self,
        key: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<String, ControlError> {
        let now = self.now();
        let token = self.with(|state| state.keys.issue(key, expires_at, now));
        token.ok_or_else(|| ControlError::UnknownKey(key.into()))
    }

    /// Rotates a key's internal secret: tokens with the one before count for 30 days more, tokens with an older
    /// one end.
    pub fn rotate_key(&self, key: &str) -> Result<(), ControlError> {
        let now = self.now();
        known(key, self.with(|state| state.keys.rotate(key, now)))
    }

    /// Ends the tokens with the secret before the last rotation.
    pub fn revoke_deposed(&self, key: &str) -> Result<(), ControlError> {
        known(key, self.with(|state| state.keys.revoke_deposed(key)))
    }

    /// Ends all tokens of a key.
    pub fn revoke_all(&self, key: &str) -> Result<(), ControlError> {
        known(key, self.with(|state| state.keys.revoke_all(key)))
    }

    /// Deletes a key and ends its tokens.
    pub fn delete_key(&self, key: &str) -> Result<(), ControlError> {
        known(key, self.with(|state| state.keys.delete(key)))
    }

    /// Whose token that is, if it counts.
    pub(crate) fn admit(&self, value: &str) -> Result<Token, Rejected> {
        let now = self.now();
        self.with(|state| state.keys.admit(value, now))
    }

    /// Whose token that is, whether it counts or not.
    pub(crate) fn token(&self, value: &str) -> Option<Token> {
        let now = self.now();
        self.with(|state| state.keys.find(value, now).0.cloned())
    }

    /// A token for a client that knows its secret.
    pub(crate) fn issue_to_client(
        &self,
        id: &str,
        secret: &str,
        expires_at: Timestamp,
    ) -> Option<String> {
        let now = self.now();
        self.with(|state| {
            let key = state.keys.of_client(id, secret)?.to_owned();
            state.keys.issue(&key, Some(expires_at), now)
        })
    }
}

fn known(key: &str, is_known: bool) -> Result<(), ControlError> {
    is_known.then_some(()).ok_or_else(|| ControlError::UnknownKey(key.into()))
}
