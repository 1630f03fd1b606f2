//! Tokens for a client's secret: `POST /api/v0/oauth2/token`, RFC 6749's client credentials (domain facts 2.9).

use async_trait::async_trait;
use http::StatusCode;
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use url::form_urlencoded;

use super::office::{Form, Office, grant, unavailable};
use super::{Replaceable, Side, wire};
use crate::token::{Asked, Grant, Issuer, TokenError};

/// A client that is given tokens.
pub(super) struct Client {
    side: Side,
    office: Office,
    id: String,
    secret: Replaceable,
}

impl Client {
    pub(super) fn new(side: Side, office: Office, id: String, secret: Replaceable) -> Self {
        Self { side, office, id, secret }
    }

    fn refused(&self, status: StatusCode) -> TokenError {
        let reason = format!(
            "Amperity answered {}: it does not accept the client; correct `client_id`, `tenant_id` or the secret",
            status.as_u16()
        );
        TokenError::Refused { key: self.side.client_secret, reason }
    }
}

#[async_trait]
impl Issuer for Client {
    async fn issue(&self, asked: &Asked) -> Result<Grant, TokenError> {
        let secret = self.secret.read();
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.id)
            .append_pair("client_secret", secret.expose_secret())
            .finish();
        let form = Form {
            content_type: "application/x-www-form-urlencoded",
            authorization: None,
            body: body.into(),
        };
        let answer =
            self.office.ask("api/v0/oauth2/token", form, |status| self.refused(status)).await?;
        let (issued, seconds) = wire::granted(&answer).ok_or_else(|| {
            unavailable("Amperity's answer has no `access_token` with the seconds that it lives")
        })?;
        // Counted from before the request, so that we never think it younger than it is.
        let expires_at = asked.now.checked_add(SignedDuration::from_secs(seconds));
        let expires_at = expires_at.map_err(|_| unavailable("its end is past the end of time"))?;
        grant(issued, expires_at, asked.now)
    }
}
