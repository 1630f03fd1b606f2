//! What a source of issued tokens remembers.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{BoxFuture, Shared};
use jiff::{SignedDuration, Timestamp};

use super::{Asked, Grant, HOLD, Margin};
use crate::token::{Token, TokenError, TokenKind, TokenStatus};

/// A renewal that is under way, for all who wait for it.
pub(super) type Flight = Shared<BoxFuture<'static, Result<(), TokenError>>>;

/// First wait after a failure; it doubles from there.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(1);

/// Longest wait after a failure.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(1);

/// All of it, behind one lock that is never held across an await.
#[derive(Default)]
pub(super) struct State {
    held: Option<Held>,
    pub(super) flight: Option<Flight>,
    wanted: BTreeSet<String>,
    failure: Option<Failure>,
    /// By scope, until when its refusal brings no renewal.
    held_off: BTreeMap<String, Timestamp>,
    generation: u64,
    issued: u64,
    failed: u64,
    pub(super) refused: u64,
}

struct Held {
    token: Token,
    expires_at: Timestamp,
    renew_at: Timestamp,
    scopes: Option<BTreeSet<String>>,
    is_used: bool,
    /// The vendor does not take it any more.
    is_given_up: bool,
}

impl Held {
    fn is_valid(&self, now: Timestamp) -> bool {
        now < self.expires_at && !self.is_given_up
    }

    fn covers(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.contains(scope))
    }
}

struct Failure {
    error: TokenError,
    wait: SignedDuration,
    until: Timestamp,
}

impl State {
    /// Notes what a call needs.
    pub(super) fn want(&mut self, scope: &str) {
        if !self.wanted.contains(scope) {
            self.wanted.insert(scope.to_owned());
        }
    }

    /// The token, if it is good for the scope.
    pub(super) fn serve(&mut self, scope: &str, now: Timestamp) -> Option<Token> {
        let held = self.held.as_mut().filter(|held| held.is_valid(now) && held.covers(scope))?;
        held.is_used = true;
        Some(held.token.clone())
    }

    /// Whether the margin is reached.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.held.as_ref().is_some_and(|held| now >= held.renew_at)
    }

    /// Whether anybody has used the token since it was issued.
    pub(super) fn is_used(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.is_used)
    }

    /// When to look again: at the margin, or after a failure's wait.
    pub(super) fn next_renewal(&self) -> Option<Timestamp> {
        let due = self.held.as_ref()?.renew_at;
        Some(self.failure.as_ref().map_or(due, |failure| due.max(failure.until)))
    }

    /// The last failure, while its wait lasts.
    pub(super) fn may_ask(&self, now: Timestamp) -> Result<(), TokenError> {
        match &self.failure {
            Some(failure) if now < failure.until => Err(failure.error.clone()),
            _ => Ok(()),
        }
    }

    /// What to ask for now. Only a token whose margin is not reached is worth widening.
    pub(super) fn asked(&self, now: Timestamp) -> Asked {
        let held = self.held.as_ref().filter(|held| held.is_valid(now) && now < held.renew_at);
        let to_widen = held.map(|held| (held.token.secret.clone(), held.expires_at));
        Asked { now, scopes: self.wanted.clone(), to_widen }
    }

    /// Keeps what was issued.
    pub(super) fn hold(&mut self, asked: &Asked, grant: Grant, margin: Margin, now: Timestamp) {
        self.generation += 1;
        self.issued += 1;
        self.failure = None;
        let life = grant.expires_at.duration_since(now).try_into().unwrap_or_default();
        let margin = SignedDuration::try_from(margin.of(life)).unwrap_or_default();
        if let Some(granted) = &grant.scopes {
            let missing = asked.scopes.difference(granted).cloned();
            self.held_off.extend(missing.map(|scope| (scope, now + HOLD)));
        }
        self.held = Some(Held {
            token: Token { secret: grant.secret, generation: self.generation },
            expires_at: grant.expires_at,
            renew_at: grant.expires_at - margin,
            scopes: grant.scopes,
            is_used: false,
            is_given_up: false,
        });
    }

    /// Nothing was issued: the next request has to wait, twice as long as the last time.
    pub(super) fn fail(&mut self, error: TokenError, now: Timestamp) {
        self.failed += 1;
        let last = self.failure.as_ref().map(|failure| failure.wait);
        let wait = last.map_or(FIRST_WAIT, |wait| (wait * 2).min(LONGEST_WAIT));
        self.failure = Some(Failure { error, wait, until: now + wait });
    }

    /// Whether this is the token that is held.
    pub(super) fn holds(&self, token: &Token) -> bool {
        self.held.as_ref().is_some_and(|held| held.token.generation == token.generation)
    }

    /// The vendor does not take it any more.
    pub(super) fn give_up(&mut self, token: &Token) {
        if let Some(held) = &mut self.held {
            held.is_given_up |= held.token.generation == token.generation;
        }
    }

    /// Whether a refusal for this scope has to stand.
    pub(super) fn is_held_off(&self, scope: &str, now: Timestamp) -> bool {
        self.held_off.get(scope).is_some_and(|until| now < *until)
    }

    /// Whether there is a valid token, and it was not long ago asked for with this scope and came without.
    pub(super) fn is_ungranted(&self, scope: &str, now: Timestamp) -> bool {
        self.held.as_ref().is_some_and(|held| held.is_valid(now)) && self.is_held_off(scope, now)
    }

    /// Lets refusals for this scope stand until then.
    pub(super) fn hold_off(&mut self, scope: &str, until: Timestamp) {
        self.held_off.insert(scope.to_owned(), until);
    }

    /// For an operator.
    pub(super) fn status(&self, key: &str) -> TokenStatus {
        TokenStatus {
            key: key.to_owned(),
            kind: TokenKind::Issued,
            expires_at: self.held.as_ref().map(|held| held.expires_at),
            issued: self.issued,
            failed: self.failed,
            refused: self.refused,
        }
    }
}
