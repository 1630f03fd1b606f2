//! Credentials: a token for the next call, whoever has to get it and however often.
//!
//! The contract of a [`TokenSource`], which is the same for every vendor:
//!
//! - A token is given out only while it is valid by our clock. Who has none to give says why.
//! - A token that is issued is renewed before it expires, by a margin that the vendor's folder names, while the
//!   old one goes on serving. Whoever asks, and however many: one request is under way.
//! - A token that the vendor refuses is replaced once, by [`authorised`]; a second refusal is the call's answer.
//!   After that a refusal for the same scope is not answered with another renewal for a minute, so that a scope
//!   nobody was granted does not become a flood of tokens.
//! - An issuer that fails is asked again after a wait that doubles, from a second to a minute. What is valid is
//!   used meanwhile.
//! - No token is in an error, a log or a `Debug`. [`TokenStatus`] says what an operator may know.

mod configured;
mod issued;
mod jwt;
mod sources;
mod status;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures_util::FutureExt;
use http::HeaderValue;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::surroundings::Turn;

pub(crate) use self::configured::Configured;
pub(crate) use self::issued::{Asked, Grant, Issued, Issuer, Margin};
pub(crate) use self::jwt::expiry;
pub use self::sources::TokenSources;
pub(crate) use self::sources::digest;
pub use self::status::{TokenKind, TokenStatus};

/// Why there is no credential. Holds no token, and nothing of an issuer's answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenError {
    /// All that the owner configured has expired.
    #[error("`{key}` expired at {at}: put a new one in its place")]
    Expired {
        /// The configuration key to mend.
        key: &'static str,
        /// When the last of them did.
        at: Timestamp,
    },
    /// Whoever issues tokens does not accept what it was shown.
    #[error("`{key}` was refused: {reason}")]
    Refused {
        /// The configuration key to mend.
        key: &'static str,
        /// What that means, and what to do.
        reason: String,
    },
    /// Whoever issues tokens cannot be asked now.
    #[error("no token was issued: {reason}")]
    Unavailable {
        /// What failed, without the URL.
        reason: String,
    },
    /// A header cannot carry the token.
    #[error("the token has characters that no header can carry")]
    Unsendable,
}

impl TokenError {
    /// The configuration key that a person has to mend, where only that helps.
    pub fn to_mend(&self) -> Option<&'static str> {
        match self {
            Self::Expired { key, .. } | Self::Refused { key, .. } => Some(key),
            Self::Unavailable { .. } | Self::Unsendable => None,
        }
    }
}

/// A credential, and which of its source's it is.
#[derive(Clone)]
pub struct Token {
    secret: SecretString,
    generation: u64,
}

impl Token {
    /// The secret, for a request.
    pub(crate) fn secret(&self) -> &SecretString {
        &self.secret
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// Gives the credential for the next call. `scope` is what the call needs, in the vendor's words; a source whose
/// tokens are good for everything does not look at it.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that is valid now, as far as the source can know.
    async fn token(&self, scope: &str) -> Result<Token, TokenError>;

    /// Another token than the one that the vendor refused, or `None` where the refusal has to stand.
    async fn replacement(&self, refused: &Token, scope: &str) -> Result<Option<Token>, TokenError>;

    /// The vendor refused the replacement, too.
    fn refused_again(&self, replacement: &Token, scope: &str);

    /// What there is to know of its tokens, and of what they are issued for.
    fn status(&self) -> Vec<TokenStatus>;
}

/// Makes the call, and once more with another token if the vendor refused the first one.
pub(crate) async fn authorised<A, E, F>(
    tokens: &dyn TokenSource,
    scope: &str,
    call: impl Fn(Token) -> F,
    is_refused: impl Fn(&A) -> bool,
) -> Result<A, E>
where
    E: From<TokenError>,
    F: Future<Output = Result<A, E>>,
{
    let token = tokens.token(scope).await?;
    let answer = call(token.clone()).await?;
    if !is_refused(&answer) {
        return Ok(answer);
    }
    let Some(token) = tokens.replacement(&token, scope).await? else { return Ok(answer) };
    let answer = call(token.clone()).await?;
    if is_refused(&answer) {
        tokens.refused_again(&token, scope);
    }
    Ok(answer)
}

/// As [`authorised`], for an account with a limit: the caller has had a turn for one request that is sent at once. One
/// after a refusal waits for a turn of its own, and so does one that had to wait for its token: all that wait for the
/// same token would be sent together when it comes.
pub(crate) async fn authorised_in_turn<A, E, F>(
    tokens: &dyn TokenSource,
    scope: &str,
    turn: impl Fn() -> Turn,
    call: impl Fn(Token) -> F,
    is_refused: impl Fn(&A) -> bool,
) -> Result<A, E>
where
    E: From<TokenError>,
    F: Future<Output = Result<A, E>>,
{
    let has_to_wait = tokens.token(scope).now_or_never().is_none();
    let is_further = AtomicBool::new(has_to_wait);
    let call_in_turn = |token: Token| {
        let turn = is_further.swap(true, Ordering::Relaxed).then(&turn);
        let call = call(token);
        async {
            if let Some(turn) = turn {
                turn.await;
            }
            call.await
        }
    };
    authorised(tokens, scope, call_in_turn, is_refused).await
}

/// The value of an `Authorization` header, which nothing below shows in a log.
pub(crate) fn bearer(token: &SecretString) -> Result<HeaderValue, TokenError> {
    sensitive(&format!("Bearer {}", token.expose_secret()))
}

/// A header's value that is a credential, which nothing below shows in a log.
pub(crate) fn sensitive(value: &str) -> Result<HeaderValue, TokenError> {
    let mut value = HeaderValue::try_from(value).map_err(|_| TokenError::Unsendable)?;
    value.set_sensitive(true);
    Ok(value)
}
