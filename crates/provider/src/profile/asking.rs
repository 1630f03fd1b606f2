//! How a client of look-ups asks: with a credential, once, and once more with another one where it was refused.
//!
//! A request ends within its deadline. Everything together ends [`PATIENCE`] later: the wait for a token, the request,
//! and after a refusal the wait for another token, for a turn at the account, and the second request. That turn is why
//! a refused credential does not make more requests in a second than the vendor allows.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::{Request, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;

use super::{ProviderError, Quota};
use crate::http::{self as vendor_http, Answer, HttpError, Transport};
use crate::surroundings::{Surroundings, Turns};
use crate::token::{
    Token, TokenError, TokenSource, TokenStatus, authorised_in_turn, bearer, sensitive,
};

/// Longest profile that is read. Profiles are a few kilobytes; this leaves room for long lists.
const MAX_PROFILE_BYTES: usize = 1024 * 1024;

/// What waiting for tokens and turns may take. Longer than any issuer has for its answer, so that one that hangs is told
/// as that, and not as the vendor's silence.
const PATIENCE: Duration = Duration::from_secs(11);

/// How a request carries its secret.
#[derive(Debug, Clone)]
pub(crate) enum Scheme {
    /// `Authorization: Bearer {secret}`.
    Bearer,
    /// A header of that name, whose value is the secret.
    Header(HeaderName),
    /// `Authorization: Basic`, with this user's name.
    Basic(String),
}

impl Scheme {
    fn header(&self, secret: &SecretString) -> Result<(HeaderName, HeaderValue), TokenError> {
        match self {
            Self::Bearer => Ok((AUTHORIZATION, bearer(secret)?)),
            Self::Header(name) => Ok((name.clone(), sensitive(secret.expose_secret())?)),
            Self::Basic(user) => Ok((AUTHORIZATION, basic(user, secret)?)),
        }
    }
}

/// The value of an `Authorization` header with a user's name and a password (RFC 7617).
pub(crate) fn basic(user: &str, password: &SecretString) -> Result<HeaderValue, TokenError> {
    let pair = format!("{user}:{}", password.expose_secret());
    sensitive(&format!("Basic {}", BASE64.encode(pair.as_bytes())))
}

/// What a client proves itself with.
pub(crate) struct Credential {
    /// Where secrets come from.
    pub(crate) tokens: Arc<dyn TokenSource>,
    /// What a call needs, in the vendor's words.
    pub(crate) scope: String,
    /// How they are sent.
    pub(crate) scheme: Scheme,
    /// The status by which the vendor says that another one may do.
    pub(crate) refused: StatusCode,
}

/// Asks one vendor for one integration.
pub(crate) struct Asking {
    transport: Arc<dyn Transport>,
    turns: Turns,
    quota: Quota,
    deadline: Duration,
    credential: Option<Credential>,
}

impl Asking {
    pub(crate) fn new(
        around: &Surroundings,
        quota: Quota,
        deadline: Duration,
        credential: Option<Credential>,
    ) -> Self {
        let transport = Arc::clone(&around.transport);
        Self { transport, turns: Arc::clone(&around.turns), quota, deadline, credential }
    }

    /// The answer to the request, or to the same request with another credential.
    pub(crate) async fn ask(&self, request: &Request<Bytes>) -> Result<Answer, ProviderError> {
        let answer = async {
            match &self.credential {
                Some(credential) => self.ask_with(credential, request).await,
                None => self.send(request.clone()).await,
            }
        };
        let answer = tokio::time::timeout(self.deadline + PATIENCE, answer).await;
        answer.map_err(|_| ProviderError::Deadline)?
    }

    async fn ask_with(
        &self,
        credential: &Credential,
        request: &Request<Bytes>,
    ) -> Result<Answer, ProviderError> {
        let Credential { tokens, scope, .. } = credential;
        let send = |token: Token| async move {
            let mut request = request.clone();
            let (name, value) = credential.scheme.header(token.secret())?;
            request.headers_mut().insert(name, value);
            self.send(request).await
        };
        let turn = || (self.turns)(self.quota.clone());
        let is_refused = |answer: &Answer| answer.status == credential.refused;
        authorised_in_turn(&**tokens, scope, turn, send, is_refused).await
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Answer, ProviderError> {
        let sent =
            vendor_http::send(&*self.transport, request, self.deadline, MAX_PROFILE_BYTES).await;
        match sent {
            // Of a failure the status says all, and nobody needs its body.
            Err(HttpError::TooLong(status)) if !status.is_success() => {
                Ok(Answer { status, retry_after: None, date: None, body: Bytes::new() })
            }
            sent => Ok(sent?),
        }
    }

    /// Where the vendor counts its requests.
    pub(crate) fn quota(&self) -> Quota {
        self.quota.clone()
    }

    /// The credentials it uses.
    pub(crate) fn tokens(&self) -> Vec<TokenStatus> {
        self.credential.as_ref().map(|it| it.tokens.status()).unwrap_or_default()
    }
}

/// A query of these pairs. Spaces are `%20`: what reads `+` as a space reads that, too, and not the other way round.
pub(crate) fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    // A plus sign of a value is `%2B` by now.
    query.replace('+', "%20")
}
