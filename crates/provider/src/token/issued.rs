//! Tokens that a vendor issues: kept, renewed in time, by one request at once.
//!
//! A renewal is a task of its own, so that a caller who gives up (an enrich has a deadline) does not end it for
//! everybody. It is begun by whoever finds nothing to use, or by the clock when the margin before expiry is reached
//! and the token was used at all: a source that nobody asks sends nothing.

mod margin;
mod state;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

pub(crate) use self::margin::Margin;
use self::state::{Flight, State};
use super::{Token, TokenError, TokenSource, TokenStatus};
use crate::surroundings::Clock;

/// For how long a scope that was refused twice is not asked for anew because of a refusal.
const HOLD: SignedDuration = SignedDuration::from_mins(1);

/// What a token is asked for.
pub(crate) struct Asked {
    /// Now.
    pub(crate) now: Timestamp,
    /// Everything that calls have needed so far.
    pub(crate) scopes: BTreeSet<String>,
    /// The token that is valid and only lacks some of the scopes, with its end.
    pub(crate) to_widen: Option<(SecretString, Timestamp)>,
}

/// What a vendor issued.
pub(crate) struct Grant {
    /// The token.
    pub(crate) secret: SecretString,
    /// When it expires, by our clock.
    pub(crate) expires_at: Timestamp,
    /// What it is good for; `None` where that is everything.
    pub(crate) scopes: Option<BTreeSet<String>>,
}

/// Asks a vendor for tokens. A call is made once and ends within its own deadline.
#[async_trait]
pub(crate) trait Issuer: Send + Sync {
    /// A new token.
    async fn issue(&self, asked: &Asked) -> Result<Grant, TokenError>;

    /// What tokens are issued for, as far as a person has to renew it.
    fn status(&self) -> Vec<TokenStatus> {
        Vec::new()
    }
}

/// The source over an issuer. `key` is the configuration key that stands for it.
pub(crate) struct Issued(Arc<Source>);

struct Source {
    key: &'static str,
    issuer: Box<dyn Issuer>,
    margin: Margin,
    clock: Clock,
    state: Mutex<State>,
}

impl Issued {
    /// Asks for nothing before somebody needs it.
    pub(crate) fn new(
        key: &'static str,
        issuer: impl Issuer + 'static,
        margin: Margin,
        clock: Clock,
    ) -> Self {
        let state = Mutex::default();
        Self(Arc::new(Source { key, issuer: Box::new(issuer), margin, clock, state }))
    }
}

impl Source {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The renewal that is under way, or a new one; the last failure while its wait lasts.
    fn renewal(self: &Arc<Self>, state: &mut State, now: Timestamp) -> Result<Flight, TokenError> {
        if let Some(flight) = &state.flight {
            return Ok(flight.clone());
        }
        state.may_ask(now)?;
        let asked = state.asked(now);
        let source = Arc::clone(self);
        let task = tokio::spawn(async move { source.renew(&asked).await });
        let ended = "the task that asked for it was ended";
        let lost = TokenError::Unavailable { reason: ended.to_owned() };
        let flight = async move { task.await.unwrap_or(Err(lost)) }.boxed().shared();
        state.flight = Some(flight.clone());
        Ok(flight)
    }

    async fn renew(self: &Arc<Self>, asked: &Asked) -> Result<(), TokenError> {
        let issued = self.issuer.issue(asked).await;
        let mut state = self.state();
        let now = (self.clock)();
        state.flight = None;
        let outcome = match issued {
            Ok(grant) => {
                state.hold(asked, grant, self.margin, now);
                Ok(())
            }
            Err(error) => {
                state.fail(error.clone(), now);
                Err(error)
            }
        };
        if let Some(due) = state.next_renewal() {
            self.wake_at(due, now);
        }
        outcome
    }

    /// Renews at that time what was used since it was issued.
    fn wake_at(self: &Arc<Self>, due: Timestamp, now: Timestamp) {
        let wait = due.duration_since(now).try_into().unwrap_or_default();
        let source: Weak<Self> = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            let Some(source) = source.upgrade() else { return };
            let now = (source.clock)();
            let mut state = source.state();
            if state.is_due(now) && state.is_used() {
                drop(source.renewal(&mut state, now));
            }
        });
    }

    fn ungranted(&self, scope: &str) -> TokenError {
        let reason = format!("what is issued for it is not good for `{scope}`: have that granted");
        TokenError::Refused { key: self.key, reason }
    }

    /// What serves the scope, or the renewal that will bring it.
    fn find(self: &Arc<Self>, scope: &str) -> Result<Result<Token, Flight>, TokenError> {
        let mut state = self.state();
        let now = (self.clock)();
        state.want(scope);
        let Some(token) = state.serve(scope, now) else {
            if state.is_ungranted(scope, now) {
                return Err(self.ungranted(scope));
            }
            return self.renewal(&mut state, now).map(Err);
        };
        if state.is_due(now) {
            // The old one serves meanwhile, also where there is no new one to be had.
            drop(self.renewal(&mut state, now));
        }
        Ok(Ok(token))
    }
}

#[async_trait]
impl TokenSource for Issued {
    async fn token(&self, scope: &str) -> Result<Token, TokenError> {
        // A renewal that was under way before may not have been for this scope; the one after it is.
        for _ in 0..2 {
            match self.0.find(scope)? {
                Ok(token) => return Ok(token),
                Err(flight) => flight.await?,
            }
        }
        self.0.find(scope)?.map_err(|_| self.0.ungranted(scope))
    }

    async fn replacement(&self, refused: &Token, scope: &str) -> Result<Option<Token>, TokenError> {
        let flight = {
            let mut state = self.0.state();
            let now = (self.0.clock)();
            state.refused += 1;
            if state.holds(refused) {
                if state.is_held_off(scope, now) {
                    return Ok(None);
                }
                state.give_up(refused);
            } else if let Some(newer) = state.serve(scope, now) {
                return Ok(Some(newer));
            }
            self.0.renewal(&mut state, now)?
        };
        flight.await?;
        let now = (self.0.clock)();
        Ok(self.0.state().serve(scope, now))
    }

    fn refused_again(&self, _replacement: &Token, scope: &str) {
        let until = (self.0.clock)() + HOLD;
        let mut state = self.0.state();
        state.refused += 1;
        state.hold_off(scope, until);
    }

    fn status(&self) -> Vec<TokenStatus> {
        let own = self.0.state().status(self.0.key);
        std::iter::once(own).chain(self.0.issuer.status()).collect()
    }
}
