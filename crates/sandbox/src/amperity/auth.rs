//! Who may do what.
//!
//! A missing or wrong `Amperity-Tenant` is 401: the only documentation of that case (the legacy
//! profile API's) lists "token, index or tenant" under that status. The `X-Amperity-Tenant` spelling
//! belongs to other API surfaces and does not count here.

use axum::http::{HeaderMap, StatusCode, header};

use super::error::ApiError;
use crate::config::Scope;
use crate::journal::TokenSeen;
use crate::sandbox::Sandbox;

const TENANT: &str = "amperity-tenant";

/// Lets a request through that carries a token of this scope for the right tenant.
pub(super) fn authorize(
    sandbox: &Sandbox,
    headers: &HeaderMap,
    scope: Scope,
) -> Result<(), ApiError> {
    let unauthorized = |message| ApiError::new(StatusCode::UNAUTHORIZED, message);
    let bearer = bearer(headers).ok_or_else(|| unauthorized("missing bearer token"))?;
    let token = sandbox.token(bearer).ok_or_else(|| unauthorized("invalid token"))?;
    let tenant = headers.get(TENANT).ok_or_else(|| unauthorized("missing tenant"))?;
    if tenant.as_bytes() != sandbox.config().tenant_id.as_bytes() {
        return Err(unauthorized("invalid tenant"));
    }
    if token.scope != scope {
        let message = "token lacks the permission for this operation";
        return Err(ApiError::new(StatusCode::FORBIDDEN, message));
    }
    Ok(())
}

/// The token as the journal may show it.
pub(super) fn seen(sandbox: &Sandbox, headers: &HeaderMap) -> Option<TokenSeen> {
    let value = bearer(headers)?;
    let known = sandbox.token(value).map(|token| TokenSeen::known(&token.label, token.scope));
    Some(known.unwrap_or_else(TokenSeen::unknown))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
