//! API keys and their access tokens, as the seed `amperity-apis.txt` describes them.
//!
//! - Each key has an internal secret that all its tokens carry. A token counts until it expires and while its
//!   secret counts.
//! - Rotating a key makes a new secret. The one before is deposed: it counts for 30 days more, or until it is
//!   revoked. Only one can be deposed, so that rotating twice ends tokens that are in use.
//! - Revoking all ends every token that there is; the key goes on with a new secret. A deleted key has none.
//!
//! Every long-lived token of the configuration is one of a key of its own, issued with the key's first secret and
//! without an expiry.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::jwt::{self, Claims};
use crate::config::{Token, client_secret, key_id};

/// How long a deposed secret counts.
const DEPOSED_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The first secret of a key.
const FIRST: u32 = 1;

/// All keys of the tenant.
#[derive(Debug)]
pub(crate) struct Keys {
    all: Vec<Key>,
    issued: u64,
    refusals: TokenRefusals,
}

#[derive(Debug)]
struct Key {
    id: String,
    /// The long-lived token, with the key's name and scope.
    token: Token,
    current: u32,
    newest: u32,
    deposed: Option<Deposed>,
}

#[derive(Debug, Clone, Copy)]
struct Deposed {
    secret: u32,
    until: Timestamp,
}

/// A key as whoever looks after the sandbox may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyRecord {
    /// What it is called in URLs.
    pub id: String,
    /// Its name, which is its tokens' name in the request log.
    pub label: String,
    /// What its tokens may do.
    pub scope: &'static str,
    /// Version of its internal secret.
    pub secret: u32,
    /// When the secret before that ends, if it still counts.
    pub deposed_until: Option<Timestamp>,
}

/// How many requests came with a token that does not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TokenRefusals {
    /// It had expired.
    pub expired: u64,
    /// Its key had dropped its secret, or was deleted.
    pub revoked: u64,
    /// It was never issued.
    pub unknown: u64,
}

/// Why a token does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejected {
    Expired,
    Revoked,
    Unknown,
}

impl Rejected {
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Expired => "token has expired",
            Self::Revoked => "token was revoked",
            Self::Unknown => "invalid token",
        }
    }
}

impl Key {
    fn counts(&self, secret: u32, now: Timestamp) -> bool {
        let deposed = self.deposed.is_some_and(|old| old.secret == secret && now < old.until);
        secret == self.current || deposed
    }

    fn renew(&mut self) {
        self.newest += 1;
        self.current = self.newest;
    }
}

impl Keys {
    /// A key for each of the long-lived tokens.
    pub(crate) fn new(tokens: &[Token]) -> Self {
        let key = |token: &Token| Key {
            id: key_id(&token.label),
            token: token.clone(),
            current: FIRST,
            newest: FIRST,
            deposed: None,
        };
        let all = tokens.iter().map(key).collect();
        Self { all, issued: 0, refusals: TokenRefusals::default() }
    }

    /// Whose a token is, and whether it counts.
    pub(crate) fn find(&self, value: &str, now: Timestamp) -> (Option<&Token>, Option<Rejected>) {
        if let Some(key) = self.all.iter().find(|key| key.token.value == value) {
            let rejected = (!key.counts(FIRST, now)).then_some(Rejected::Revoked);
            return (Some(&key.token), rejected);
        }
        let Some(claims) = jwt::read(value) else { return (None, Some(Rejected::Unknown)) };
        let Some(key) = self.all.iter().find(|key| key.id == claims.key) else {
            return (None, Some(Rejected::Revoked));
        };
        let rejected = if claims.has_expired(now) {
            Some(Rejected::Expired)
        } else {
            (!key.counts(claims.secret, now)).then_some(Rejected::Revoked)
        };
        (Some(&key.token), rejected)
    }

    /// Lets a token in, or counts why not.
    pub(crate) fn admit(&mut self, value: &str, now: Timestamp) -> Result<Token, Rejected> {
        let found = match self.find(value, now) {
            (Some(token), None) => return Ok(token.clone()),
            (_, rejected) => rejected.unwrap_or(Rejected::Unknown),
        };
        let count = match found {
            Rejected::Expired => &mut self.refusals.expired,
            Rejected::Revoked => &mut self.refusals.revoked,
            Rejected::Unknown => &mut self.refusals.unknown,
        };
        *count += 1;
        Err(found)
    }

    /// The key of a client that authenticates itself.
    pub(crate) fn of_client(&self, id: &str, secret: &str) -> Option<&str> {
        let key = self.all.iter().find(|key| key.id == id)?;
        (client_secret(&key.token.label) == secret).then_some(&key.id)
    }

    /// A new token of a key; `None` where there is no such key.
    pub(crate) fn issue(
        &mut self,
        id: &str,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<String> {
        let key = self.all.iter().find(|key| key.id == id)?;
        self.issued += 1;
        Some(jwt::sign(&Claims {
            key: key.id.clone(),
            secret: key.current,
            iat: now.as_second(),
            exp: expires_at.map(Timestamp::as_second),
            jti: self.issued,
        }))
    }

    /// Makes a new secret and deposes the one before; what was deposed is dropped. Whether there is such a key.
    pub(crate) fn rotate(&mut self, id: &str, now: Timestamp) -> bool {
        self.change(id, |key| {
            let until = now.checked_add(DEPOSED_FOR).unwrap_or(Timestamp::MAX);
            key.deposed = Some(Deposed { secret: key.current, until });
            key.renew();
        })
    }

    /// Drops the deposed secret.
    pub(crate) fn revoke_deposed(&mut self, id: &str) -> bool {
        self.change(id, |key| key.deposed = None)
    }

    /// Drops all secrets and goes on with a new one.
    pub(crate) fn revoke_all(&mut self, id: &str) -> bool {
        self.change(id, |key| {
            key.deposed = None;
            key.renew();
        })
    }

    /// Deletes a key.
    pub(crate) fn delete(&mut self, id: &str) -> bool {
        let before = self.all.len();
        self.all.retain(|key| key.id != id);
        self.all.len() < before
    }

    pub(crate) fn records(&self, now: Timestamp) -> Vec<KeyRecord> {
        let record = |key: &Key| KeyRecord {
            id: key.id.clone(),
            label: key.token.label.clone(),
            scope: key.token.scope.as_str(),
            secret: key.current,
            deposed_until: key.deposed.map(|old| old.until).filter(|until| now < *until),
        };
        self.all.iter().map(record).collect()
    }

    pub(crate) fn refusals(&self) -> TokenRefusals {
        self.refusals
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut Key)) -> bool {
        let key = self.all.iter_mut().find(|key| key.id == id);
        key.map(change).is_some()
    }
}
