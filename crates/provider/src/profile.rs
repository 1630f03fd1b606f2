//! The `ProfileProvider` port: look a visitor up at a vendor.

mod asking;
mod keyed;
mod lookups;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datafly_core::attributes::Attributes;
use datafly_core::context::ContextValues;
use datafly_core::linking_key::KeyValue;
use thiserror::Error;

pub(crate) use self::asking::{Asking, Credential, Scheme, basic, query};
pub(crate) use self::keyed::{id_of, key_of};
pub use self::lookups::Lookups;
use crate::diagnosis::Diagnosis;
use crate::erasure::Erasure;
use crate::surroundings::Surroundings;
use crate::token::TokenStatus;

/// A vendor's id of a profile. Names a person, so `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ProfileId(Arc<str>);

impl ProfileId {
    /// Takes the vendor's text as it is.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The id in the clear: for a request, never for a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ProfileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProfileId([REDACTED])")
    }
}

/// A profile as the vendor answered it. Of the answer only the attribute map is here: what else the
/// vendor knows (raw e-mails and phone numbers in `links`, for one) is dropped at the wire.
#[derive(Clone, PartialEq)]
pub struct Profile {
    /// The vendor's id.
    pub id: ProfileId,
    /// All attributes, before any allowlist.
    pub attributes: Attributes,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("attributes", &self.attributes.len())
            .finish_non_exhaustive()
    }
}

/// Why a vendor gave no answer. Holds no body, token, identifier or URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// The vendor does not know the credential, or it has expired.
    #[error("the vendor rejected the credential: renew `{key}`")]
    CredentialRejected {
        /// The configuration key to mend.
        key: &'static str,
    },
    /// The credential is good for something else.
    #[error("the vendor refused the credential's scope: `{key}` needs {scope}")]
    ScopeRefused {
        /// The configuration key to mend.
        key: &'static str,
        /// The scope it needs, in the vendor's words.
        scope: &'static str,
    },
    /// The vendor does not accept this look-up key.
    #[error(
        "the vendor refused the linking key `{key}`: add it to the collection, or drop it here"
    )]
    KeyRefused {
        /// The vendor's name of the key.
        key: String,
    },
    /// The vendor does not accept the values that a profile was to be personalised by.
    #[error("the vendor refused the context: map other values, or switch personalisation off")]
    ContextRefused,
    /// Too many requests.
    #[error("the vendor limits the rate of requests")]
    RateLimited {
        /// How long the vendor asks to wait, where it says.
        retry_after: Option<Duration>,
    },
    /// The vendor is in trouble.
    #[error("the vendor answered status {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// A status that this call cannot have.
    #[error("the vendor answered the unexpected status {status}")]
    Unexpected {
        /// The HTTP status.
        status: u16,
    },
    /// No answer in time.
    #[error("the vendor did not answer in time")]
    Deadline,
    /// No connection.
    #[error("the vendor cannot be reached: {reason}")]
    Unreachable {
        /// What failed, without the URL.
        reason: String,
    },
    /// An answer that is not what the vendor documents.
    #[error("the vendor's answer cannot be read: {reason}")]
    BadAnswer {
        /// What is wrong with it, without its content.
        reason: &'static str,
    },
    /// An answer that looks like a success and says that it is none.
    #[error("the vendor answered status 200 with a failure inside")]
    Failed,
    /// No credential to send.
    #[error("there is no credential to send: {0}")]
    Token(#[from] super::TokenError),
}

impl ProviderError {
    /// As a metric's label.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::CredentialRejected { .. } => "credential_rejected",
            Self::ScopeRefused { .. } => "scope_refused",
            Self::KeyRefused { .. } => "key_refused",
            Self::ContextRefused => "context_refused",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable { .. } => "unavailable",
            Self::Unexpected { .. } => "unexpected",
            Self::Deadline => "deadline",
            Self::Unreachable { .. } => "unreachable",
            Self::BadAnswer { .. } => "bad_answer",
            Self::Failed => "failed",
            Self::Token(_) => "no_token",
        }
    }
}

/// Where and how a vendor counts requests. Integrations with the same account share its budget, as do
/// look-ups and deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// Names what the vendor counts by. Holds no secret.
    pub account: String,
    /// How many requests a second the vendor allows the account.
    pub requests_per_second: u32,
}

/// Looks visitors up at one vendor for one integration.
///
/// A call is made once; retries, caching and the sharing of calls are the caller's business. Each call
/// ends within its adapter's deadline.
#[async_trait]
pub trait ProfileProvider: Send + Sync {
    /// The profile that the key's value names, or `None` where the vendor knows none.
    async fn look_up(&self, key: &KeyValue) -> Result<Option<Profile>, ProviderError>;

    /// The profile of a known id, or `None` where it is gone.
    async fn profile(&self, id: &ProfileId) -> Result<Option<Profile>, ProviderError>;

    /// The second map: attributes as the vendor computes them for this context, or `None` where the
    /// profile is gone. It is empty, without a call, where there is no context, the owner did not
    /// switch this on, or the vendor has no such thing.
    async fn personalised(
        &self,
        _id: &ProfileId,
        _context: &ContextValues,
    ) -> Result<Option<Attributes>, ProviderError> {
        Ok(Some(Attributes::new()))
    }

    /// Names whose profiles these are: integrations with equal identity may share cached profiles, and
    /// one whose identity changed must not find its old ones. Holds no secret.
    fn identity(&self) -> String;

    /// Where the vendor counts this integration's requests.
    fn quota(&self) -> Quota;

    /// The credentials it uses.
    fn tokens(&self) -> Vec<TokenStatus>;
}

/// The checked section of a vendor that answers profile look-ups and takes no events.
pub trait ProviderConfig: Send + Sync {
    /// The provider's name on the wire and in a page.
    fn name(&self) -> &str;

    /// What the owner decided about look-ups.
    fn lookups(&self) -> &Lookups;

    /// The provider.
    fn build(&self, around: &Surroundings) -> Arc<dyn ProfileProvider>;

    /// Where people's requests to the vendor are registered, where the owner configured that.
    fn erasure(&self, _around: &Surroundings) -> Option<Arc<dyn Erasure>> {
        None
    }

    /// Whether a page's request to be forgotten is registered there as well.
    fn forgets_on_request(&self) -> bool {
        false
    }

    /// Who examines it, where the vendor has more to be asked than look-ups.
    fn diagnosis(&self, _around: &Surroundings) -> Option<Arc<dyn Diagnosis>> {
        None
    }
}
