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
    authorize_at(sandbox, headers, scope, TENANT)
}

/// As [`authorize`], on an API surface that spells the tenant's header otherwise.
pub(super) fn authorize_at(
    sandbox: &Sandbox,
    headers: &HeaderMap,
    scope: Scope,
    tenant_header: &str,
) -> Result<(), ApiError> {
    let bearer = bearer(headers).ok_or_else(|| unauthorized("missing bearer token"))?;
    let token = sandbox.admit(bearer).map_err(|rejected| unauthorized(rejected.message()))?;
    check_tenant(sandbox, headers, tenant_header)?;
    if token.scope != scope {
        let message = "token lacks the permission for this operation";
        return Err(ApiError::new(StatusCode::FORBIDDEN, message));
    }
    Ok(())
}

/// Lets a request through that names the right tenant.
pub(super) fn check_tenant(
    sandbox: &Sandbox,
    headers: &HeaderMap,
    tenant_header: &str,
) -> Result<(), ApiError> {
    let tenant = headers.get(tenant_header).ok_or_else(|| unauthorized("missing tenant"))?;
    if tenant.as_bytes() == sandbox.config().tenant_id.as_bytes() {
        Ok(())
    } else {
        Err(unauthorized("invalid tenant"))
    }
}

fn unauthorized(message: &'static str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, message)
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
