//! What the control API's statuses mean (domain facts 2.8).

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use super::super::token::{CONTROL_KEY, CONTROL_SCOPE};
use super::wire;
use crate::http::{Answer, HttpError};
use crate::token::TokenError;

/// Most of a vendor's sentence that is repeated.
const MAX_CHARS: usize = 300;

/// What the vendor said with a refusal, our token and all control characters taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Its sentence; empty where there is none.
    pub message: String,
    /// What it calls the request, for its support.
    pub request_id: Option<String>,
    /// The same, of a newer kind.
    pub trace_id: Option<String>,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        match self.request_id.as_ref().or(self.trace_id.as_ref()) {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl Said {
    /// What a body says, however little of the documented shape it has.
    fn of(body: &[u8], secret: &SecretString) -> Self {
        let wire::Refused { message, request_id, trace_id } =
            serde_json::from_slice(body).unwrap_or_default();
        let plain = |text: String| plain(&text, secret);
        Self {
            message: message.map(plain).unwrap_or_default(),
            request_id: request_id.map(plain),
            trace_id: trace_id.map(plain),
        }
    }
}

/// A vendor's text as it may be shown.
fn plain(text: &str, secret: &SecretString) -> String {
    let text = text.replace(secret.expose_secret(), "[REDACTED]");
    let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().map(shown).take(MAX_CHARS).collect()
}

/// Why the control API gave no answer. Holds no token and no URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ControlError {
    /// 401.
    #[error(
        "Amperity does not accept `{}` for this tenant (401): generate a new token of a key with the option {}, or \
         correct `tenant_id`{said}",
        CONTROL_KEY,
        CONTROL_SCOPE
    )]
    CredentialRejected {
        /// The vendor's words.
        said: Said,
    },
    /// 403.
    #[error(
        "Amperity refused this to `{}` (403): it has to be a token of a key with the option {}{said}",
        CONTROL_KEY,
        CONTROL_SCOPE
    )]
    ScopeRefused {
        /// The vendor's words.
        said: Said,
    },
    /// 404.
    #[error("Amperity knows nothing of that name (404){said}")]
    NotFound {
        /// The vendor's words.
        said: Said,
    },
    /// Another refusal of what was asked.
    #[error("Amperity refused it with status {status}{said}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The vendor's words.
        said: Said,
    },
    /// 429.
    #[error("Amperity limits the rate of requests (429){}{said}", wait(.retry_after.as_ref()))]
    RateLimited {
        /// How long the vendor asks to wait, where it says.
        retry_after: Option<Duration>,
        /// The vendor's words.
        said: Said,
    },
    /// 5xx.
    #[error("Amperity is in trouble: it answered status {status}{}{said}", wait(.retry_after.as_ref()))]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// How long the vendor asks to wait, where it says.
        retry_after: Option<Duration>,
        /// The vendor's words.
        said: Said,
    },
    /// No answer, or one that cannot be taken.
    #[error("Amperity gave no answer: {0}")]
    Http(#[from] HttpError),
    /// An answer that is not what the vendor documents.
    #[error("Amperity's answer cannot be read: {reason}")]
    BadAnswer {
        /// What is wrong with it, without its content.
        reason: &'static str,
    },
    /// The vendor named a page as the next that it had named before.
    #[error("Amperity names a page as the next one that came already: the list would never end")]
    RepeatedToken,
    /// An id that no URL can carry.
    #[error("this is no id of Amperity's: letters, digits, `-` and `_`, for example `{example}`")]
    BadId {
        /// What one looks like.
        example: &'static str,
    },
    /// No credential to send.
    #[error("there is no credential to send: {0}")]
    Token(#[from] TokenError),
}

/// `, and asks to wait …`, where it does.
fn wait(retry_after: Option<&Duration>) -> String {
    let seconds = retry_after.map(Duration::as_secs);
    seconds.map_or_else(String::new, |seconds| format!(", and asks to wait {seconds} s"))
}

/// The error that an answer is, if it is one. `secret` is what was sent with the question.
pub(super) fn of_answer(answer: &Answer, secret: &SecretString) -> Option<ControlError> {
    let status = answer.status;
    if status.is_success() {
        return None;
    }
    let (said, retry_after) = (Said::of(&answer.body, secret), answer.retry_after);
    Some(match status {
        StatusCode::UNAUTHORIZED => ControlError::CredentialRejected { said },
        StatusCode::FORBIDDEN => ControlError::ScopeRefused { said },
        StatusCode::NOT_FOUND => ControlError::NotFound { said },
        StatusCode::TOO_MANY_REQUESTS => ControlError::RateLimited { retry_after, said },
        status if status.is_server_error() => {
            ControlError::Unavailable { status: status.as_u16(), retry_after, said }
        }
        status => ControlError::Refused { status: status.as_u16(), said },
    })
}
