//! Where a tenant's tokens are issued: one POST, and what an answer means.
//!
//! What Amperity does not accept (4xx) a person has to mend. Everything else passes by itself: 429, 5xx, no answer, an
//! answer that cannot be read. No body is ever shown: a good one holds a token.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Request, StatusCode};
use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use crate::amperity::config::Config;
use crate::http::{self as vendor_http, HttpError, Transport};
use crate::surroundings::Surroundings;
use crate::token::{Grant, TokenError, bearer};

/// How long one request may take. Nobody waits for a renewal; a page that waits for a first token gives up sooner.
const DEADLINE: Duration = Duration::from_secs(5);

/// Longest answer that is read. A token takes a kilobyte or two.
const MAX_BYTES: usize = 64 * 1024;

/// Names the tenant. The real-time API spells it without the `X-` (domain facts 2.1).
const TENANT_HEADER: HeaderName = HeaderName::from_static("x-amperity-tenant");

/// Issues tokens to whoever may have them.
pub(super) struct Office {
    transport: Arc<dyn Transport>,
    base_url: Url,
    tenant: HeaderValue,
}

/// What is asked for.
pub(super) struct Form {
    pub(super) content_type: &'static str,
    pub(super) authorization: Option<HeaderValue>,
    pub(super) body: Vec<u8>,
}

impl Office {
    pub(super) fn new(config: &Config, around: &Surroundings) -> Self {
        Self {
            transport: Arc::clone(&around.transport),
            base_url: config.base_url.clone(),
            tenant: config.tenant_header.clone(),
        }
    }

    /// Asks once. `refused` says what a status that a person has to mend means.
    pub(super) async fn ask(
        &self,
        path: &str,
        form: Form,
        refused: impl FnOnce(StatusCode) -> TokenError,
    ) -> Result<Bytes, TokenError> {
        let request =
            self.request(path, form).ok_or_else(|| unavailable("the URL cannot be used"))?;
        let answer = vendor_http::send(&*self.transport, request, DEADLINE, MAX_BYTES).await;
        let (status, body) = match answer {
            Ok(answer) => (answer.status, Ok(answer.body)),
            // A status says enough where the body cannot be read.
            Err(error @ (HttpError::TooLong(status) | HttpError::Encoded(status))) => {
                (status, Err(error))
            }
            Err(error) => return Err(unavailable(error.to_string())),
        };
        match status {
            StatusCode::OK | StatusCode::CREATED => {
                body.map_err(|error| unavailable(error.to_string()))
            }
            status if is_passing(status) => {
                Err(unavailable(format!("Amperity answered status {}", status.as_u16())))
            }
            status => Err(refused(status)),
        }
    }

    fn request(&self, path: &str, form: Form) -> Option<Request<Bytes>> {
        let url = self.base_url.join(path).ok()?;
        let mut request = Request::post(url.as_str()).body(Bytes::from(form.body)).ok()?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(form.content_type));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(TENANT_HEADER, self.tenant.clone());
        if let Some(authorization) = form.authorization {
            headers.insert(AUTHORIZATION, authorization);
        }
        Some(request)
    }
}

/// Whether nobody has to do anything about it.
fn is_passing(status: StatusCode) -> bool {
    let passing =
        [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    !status.is_client_error() || passing.contains(&status)
}

/// What was issued, if it can be used.
pub(super) fn grant(
    secret: SecretString,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<Grant, TokenError> {
    bearer(&secret)
        .map_err(|_| unavailable("the token has characters that no header can carry"))?;
    if expires_at <= now {
        let reason = "the token has expired already: compare this machine's clock";
        return Err(unavailable(reason));
    }
    Ok(Grant { secret, expires_at, scopes: None })
}

pub(super) fn unavailable(reason: impl Into<String>) -> TokenError {
    TokenError::Unavailable { reason: reason.into() }
}
