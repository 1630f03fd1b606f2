//! A POST of JSON, the one request that every destination makes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request};
use secrecy::SecretString;
use serde::Serialize;
use url::Url;

use super::exchange::{Exchange, excerpt, start_of};
use super::fate::{Attempt, Fate, Refusal};
use crate::http::{self as vendor_http, Answer, HttpError, Reach, Transport};

/// How long one call may take. Nobody waits for it but the outbox, so a vendor's slow minute costs no second
/// copy of the event; what hangs for longer holds up a place in the queue for nothing.
const DEADLINE: Duration = Duration::from_secs(10);

/// Longest answer that is read. What it says is a code and a message.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// A body as JSON.
pub(crate) fn json(body: &impl Serialize) -> Result<Bytes, Refusal> {
    let written = serde_json::to_vec(body).map(Bytes::from);
    written.map_err(|_| Refusal::Unfit("it cannot be written as JSON".to_owned()))
}

/// A request that is ready to be sent.
pub(crate) struct Post {
    /// Where to, with whatever secret its query carries.
    pub(crate) url: Url,
    /// The same as it may be shown.
    pub(crate) shown: String,
    /// What the vendor wants beside type and length; a credential's value is marked sensitive.
    pub(crate) headers: HeaderMap,
    /// JSON.
    pub(crate) body: Bytes,
    /// What must not be left in the excerpt of an answer.
    pub(crate) secrets: Vec<SecretString>,
    /// Where the request may go.
    pub(crate) reach: Reach,
}

/// A request that was sent, and what came of it.
pub(crate) struct Sent {
    answer: Result<Answer, HttpError>,
    exchange: Arc<Exchange>,
}

impl Post {
    /// Sends it once.
    pub(crate) async fn send(self, transport: &dyn Transport) -> Sent {
        let mut exchange = Exchange {
            url: self.shown,
            body: start_of(&self.body),
            body_bytes: self.body.len(),
            status: None,
            answer: String::new(),
        };
        let answer = match request(self.url.as_str(), self.headers, self.body, self.reach) {
            Ok(request) => {
                let sent = vendor_http::send(transport, request, DEADLINE, MAX_ANSWER_BYTES);
                sent.await.or_else(without_body)
            }
            Err(error) => Err(HttpError::connection(&error)),
        };
        if let Ok(answer) = &answer {
            exchange.status = Some(answer.status.as_u16());
            exchange.answer = excerpt(&answer.body, &self.secrets);
        }
        Sent { answer, exchange: Arc::new(exchange) }
    }
}

/// An answer whose body nobody can read still has its status, which for some is all that counts: a receiver
/// that says 200 with a long page would otherwise get the event again for days.
fn without_body(error: HttpError) -> Result<Answer, HttpError> {
    match error {
        HttpError::TooLong(status) | HttpError::Encoded(status) => {
            Ok(Answer { status, retry_after: None, date: None, body: Bytes::new() })
        }
        error => Err(error),
    }
}

fn request(
    url: &str,
    headers: HeaderMap,
    body: Bytes,
    reach: Reach,
) -> Result<Request<Bytes>, http::Error> {
    let length = HeaderValue::from(body.len());
    let mut request = Request::builder().method(Method::POST).uri(url).body(body)?;
    request.extensions_mut().insert(reach);
    *request.headers_mut() = headers;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json.clone());
    request.headers_mut().insert(ACCEPT, json);
    // Said here, since Amperity refuses a body of undeclared length (411) whatever a transport would do.
    request.headers_mut().insert(CONTENT_LENGTH, length);
    Ok(request)
}

impl Sent {
    /// The attempt, with the answer read by the vendor's rules.
    pub(crate) fn attempt(self, read: impl FnOnce(&Answer) -> Fate) -> Attempt {
        self.attempt_or(read, Fate::from)
    }

    /// As [`Self::attempt`], with rules of its own for an answer that never came.
    pub(crate) fn attempt_or(
        self,
        read: impl FnOnce(&Answer) -> Fate,
        without_answer: impl FnOnce(HttpError) -> Fate,
    ) -> Attempt {
        let fate = match self.answer {
            Ok(answer) => read(&answer),
            Err(error) => without_answer(error),
        };
        Attempt { fate, exchange: Some(self.exchange) }
    }
}
