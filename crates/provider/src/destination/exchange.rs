//! What was sent and answered: for a dead letter, and for the owner who watches.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};

/// Most of a request's body that is kept: a whole event, by the limit of the envelope.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Most of an answer that is kept. Vendors say what is wrong in a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 2 * 1024;

const REDACTED: &str = "[REDACTED]";

/// One request to a vendor and its answer, cut to a bound. `Debug` shows neither body.
#[derive(Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Where it went, without what may be a secret in it. Every request is a POST.
    pub url: String,
    /// The start of the body as it was sent, without any header. Personal data: for the store, never for a
    /// log.
    pub body: Bytes,
    /// The body's whole length.
    pub body_bytes: usize,
    /// The answer's status; `None` where none came.
    pub status: Option<u16>,
    /// The start of the answer, our own secrets taken out. It may repeat personal data of the request: for
    /// the store, never for a log.
    pub answer: String,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("url", &self.url)
            .field("body_bytes", &self.body_bytes)
            .field("status", &self.status)
            .field("answer_bytes", &self.answer.len())
            .finish_non_exhaustive()
    }
}

/// The start of a body, still sharing its memory.
pub(super) fn start_of(body: &Bytes) -> Bytes {
    body.slice(..body.len().min(MAX_BODY_BYTES))
}

/// The start of an answer as text, with every secret replaced: vendors repeat tokens in their messages.
pub(super) fn excerpt(answer: &[u8], secrets: &[SecretString]) -> String {
    let whole = String::from_utf8_lossy(answer);
    // Taken out before cutting, so that no first half of one is left at the end.
    let mut text = secrets.iter().fold(whole, |text, secret| {
        let secret = secret.expose_secret();
        if secret.is_empty() || !text.contains(secret) {
            return text;
        }
        Cow::Owned(text.replace(secret, REDACTED))
    });
    if text.len() > MAX_ANSWER_BYTES {
        let end = text.floor_char_boundary(MAX_ANSWER_BYTES);
        text.to_mut().truncate(end);
    }
    text.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_cut_and_holds_no_secret() {
        let secrets = [SecretString::from("tok-1"), SecretString::from("")];
        assert_eq!(excerpt(b"bad token tok-1!", &secrets), "bad token [REDACTED]!");
        let mut long = vec![b'a'; MAX_ANSWER_BYTES - 2];
        long.extend_from_slice(b"tok-1");
        assert!(!excerpt(&long, &secrets).contains("tok"), "half a token");
        let letters = "ä".repeat(MAX_ANSWER_BYTES);
        assert_eq!(excerpt(letters.as_bytes(), &[]).len(), MAX_ANSWER_BYTES);
        assert_eq!(excerpt(b"\xff", &[]), "\u{fffd}");
    }

    #[test]
    fn debug_shows_no_content() {
        let exchange = Exchange {
            url: "https://a.test/x".into(),
            body: Bytes::from_static(b"{\"email\":\"vera\"}"),
            body_bytes: 16,
            status: Some(400),
            answer: "vera is unknown".into(),
        };
        assert!(!format!("{exchange:?}").contains("vera"));
    }
}
