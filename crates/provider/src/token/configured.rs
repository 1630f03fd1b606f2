//! Tokens that the owner pasted: one, or two that overlap while they are changed.
//!
//! Of those that have not expired the first that was not refused serves, in the order written. Where all were
//! refused, the one whose refusal is longest ago: a vendor may have been mistaken, and nobody has another.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

use super::{Token, TokenError, TokenKind, TokenSource, TokenStatus, expiry};
use crate::surroundings::Clock;

/// The source over what the configuration key names.
pub(crate) struct Configured {
    key: &'static str,
    clock: Clock,
    tokens: Mutex<Vec<Pasted>>,
}

struct Pasted {
    token: Token,
    expires_at: Option<Timestamp>,
    refused_at: Option<Timestamp>,
    refusals: u64,
}

impl Pasted {
    fn is_valid(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

impl Configured {
    /// Over at least one token; their expiry is read where they are JWTs.
    pub(crate) fn new(key: &'static str, tokens: &[SecretString], clock: Clock) -> Self {
        let pasted = (0..).zip(tokens).map(|(generation, secret)| Pasted {
            token: Token { secret: secret.clone(), generation },
            expires_at: expiry(secret),
            refused_at: None,
            refusals: 0,
        });
        Self { key, clock, tokens: Mutex::new(pasted.collect()) }
    }

    fn note_refusal(&self, refused: &Token) {
        let now = (self.clock)();
        let is_it = |it: &&mut Pasted| it.token.generation == refused.generation;
        if let Some(pasted) = self.tokens().iter_mut().find(is_it) {
            pasted.refused_at = Some(now);
            pasted.refusals += 1;
        }
    }

    fn tokens(&self) -> MutexGuard<'_, Vec<Pasted>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TokenSource for Configured {
    async fn token(&self, _scope: &str) -> Result<Token, TokenError> {
        let (tokens, now) = (self.tokens(), (self.clock)());
        let valid = tokens.iter().filter(|pasted| pasted.is_valid(now));
        // `None` is before every time, and of equals the first is taken.
        if let Some(best) = valid.min_by_key(|pasted| pasted.refused_at) {
            return Ok(best.token.clone());
        }
        let ends = tokens.iter().filter_map(|pasted| pasted.expires_at);
        Err(TokenError::Expired { key: self.key, at: ends.max().unwrap_or(now) })
    }

    async fn replacement(
        &self,
        refused: &Token,
        _scope: &str,
    ) -> Result<Option<Token>, TokenError> {
        self.note_refusal(refused);
        let (tokens, now) = (self.tokens(), (self.clock)());
        let other = tokens.iter().find(|it| it.is_valid(now) && it.refused_at.is_none());
        Ok(other.map(|pasted| pasted.token.clone()))
    }

    fn refused_again(&self, replacement: &Token, _scope: &str) {
        self.note_refusal(replacement);
    }

    fn status(&self) -> Vec<TokenStatus> {
        let tokens = self.tokens();
        let is_list = tokens.len() > 1;
        let each = tokens.iter().enumerate().map(|(index, pasted)| TokenStatus {
            key: if is_list { format!("{}[{index}]", self.key) } else { self.key.to_owned() },
            kind: TokenKind::Configured,
            expires_at: pasted.expires_at,
            issued: 0,
            failed: 0,
            refused: pasted.refusals,
        });
        each.collect()
    }
}
