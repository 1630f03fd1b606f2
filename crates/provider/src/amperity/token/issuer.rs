//! Tokens that an issuer's token issues: `POST /api/v0/admin/api-keys/{id}/tokens` (domain facts 2.9).

use async_trait::async_trait;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::office::{Form, Office, grant, unavailable};
use super::{Replaceable, Side, wire};
use crate::token::{Asked, Grant, Issuer, TokenError, TokenKind, TokenStatus, bearer, expiry};

/// Issues tokens of one API key.
pub(super) struct KeyIssuer {
    side: Side,
    office: Office,
    token: Replaceable,
    api_key_id: String,
    life: SignedDuration,
}

impl KeyIssuer {
    pub(super) fn new(
        side: Side,
        office: Office,
        token: Replaceable,
        api_key_id: String,
        life: SignedDuration,
    ) -> Self {
        Self { side, office, token, api_key_id, life }
    }

    fn refused(&self, status: StatusCode) -> TokenError {
        let (key, what) = match status {
            StatusCode::UNAUTHORIZED => (
                self.side.issuer_token,
                "it has expired, was revoked, or is another tenant's; generate a new one",
            ),
            StatusCode::FORBIDDEN => (
                self.side.issuer_token,
                "it may not issue tokens; generate one of a key of the type API Token Issuer",
            ),
            StatusCode::NOT_FOUND => {
                (self.side.api_key_id, "there is no such API key; copy its id from Amperity")
            }
            _ => (self.side.issuer_token, "it does not take the request for a token"),
        };
        let reason = format!("Amperity answered {}: {what}", status.as_u16());
        TokenError::Refused { key, reason }
    }
}

#[async_trait]
impl Issuer for KeyIssuer {
    async fn issue(&self, asked: &Asked) -> Result<Grant, TokenError> {
        let token = self.token.read();
        if let Some(at) = expiry(&token).filter(|end| *end <= asked.now) {
            return Err(TokenError::Expired { key: self.side.issuer_token, at });
        }
        let too_late = || unavailable("its end is past the end of time");
        let end = asked.now.as_second().checked_add(self.life.as_secs()).ok_or_else(too_late)?;
        let end = Timestamp::from_second(end).map_err(|_| too_late())?;
        let form = Form {
            content_type: "application/json",
            authorization: Some(bearer(&token)?),
            body: wire::request(end),
        };
        let path = format!("api/v0/admin/api-keys/{}/tokens", self.api_key_id);
        let answer = self.office.ask(&path, form, |status| self.refused(status)).await?;
        let issued = wire::issued(&answer).ok_or_else(|| {
            unavailable("Amperity's answer is neither a token nor an object with one")
        })?;
        // What the token itself says is what Amperity goes by.
        let expires_at = expiry(&issued).unwrap_or(end);
        grant(issued, expires_at, asked.now)
    }

    fn status(&self) -> Vec<TokenStatus> {
        vec![TokenStatus {
            key: self.side.issuer_token.to_owned(),
            kind: TokenKind::Issuing,
            expires_at: expiry(&self.token.seen()),
            issued: 0,
            failed: 0,
            refused: 0,
        }]
    }
}
