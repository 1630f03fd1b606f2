//! Algonomy's Real-time CDP, mounted under `/algonomy`: tokens, customer profiles and GDPR requests.
//!
//! | route | what |
//! |---|---|
//! | `POST secureApi/token/{profile,gdpr}/create`, `…/update` | [`token`] |
//! | `POST api/v1/profile/b2b/{resource}` | [`profile`] |
//! | `POST api/v1/gdpr/b2b/{registerGdprRequest,gdprRequestStatus,revokeGdprActions}` | [`gdpr`] |
//! | `GET _control/algonomy` | `{"tokens":[…],"gdpr_requests":[…]}`, without a token or an identifier |
//! | `DELETE _control/algonomy/tokens` | the vendor drops all tokens: `{"dropped":n}` |
//!
//! Checks run in this order, the first that fails answers: tenant (401), secret or token (401), the token's
//! resources (403), then what the route itself asks for. The vendor documents no errors; here they are
//! `{"status","message"}` with an HTTP status, but for "not found", which is a `status` inside a 200.

mod gdpr;
mod profile;
mod state;
#[cfg(test)]
mod tests;
mod token;

use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

pub use self::state::GdprRecord;
pub(crate) use self::state::Tenant;
use self::state::{Api, Refused};
use crate::intercept::{Manners, layered};
use crate::journal::{Route, TokenSeen};
use crate::sandbox::Sandbox;

const ACCESS_TOKEN: &str = "access_token";
const TENANT_HASH: &str = "tenant_hash";

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let manners = Manners {
        seen,
        fault: |status| Refusal::new(status, "ERROR", "injected fault").into_response(),
        finish: |response, _| response,
    };
    let as_route = |route, methods| layered(sandbox, route, manners, methods);
    let gdpr = "/algonomy/api/v1/gdpr/b2b";
    Router::new()
        .route(
            "/algonomy/secureApi/token/{api}/create",
            as_route(Route::AlgonomyTokenCreate, post(token::create)),
        )
        .route(
            "/algonomy/secureApi/token/{api}/update",
            as_route(Route::AlgonomyTokenUpdate, post(token::update)),
        )
        .route(
            "/algonomy/api/v1/profile/b2b/{resource}",
            as_route(Route::AlgonomyProfile, post(profile::read)),
        )
        .route(
            &format!("{gdpr}/registerGdprRequest"),
            as_route(Route::AlgonomyGdprRegister, post(gdpr::register)),
        )
        .route(
            &format!("{gdpr}/gdprRequestStatus"),
            as_route(Route::AlgonomyGdprStatus, post(gdpr::status)),
        )
        .route(
            &format!("{gdpr}/revokeGdprActions"),
            as_route(Route::AlgonomyGdprRevoke, post(gdpr::revoke)),
        )
        .route("/_control/algonomy", get(shown))
        .route("/_control/algonomy/tokens", delete(drop_tokens))
        .with_state(sandbox.clone())
}

async fn shown(State(sandbox): State<Sandbox>) -> Json<Value> {
    let now = sandbox.now();
    Json(sandbox.algonomy(|tenant| tenant.shown(now)))
}

async fn drop_tokens(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({"dropped": sandbox.drop_algonomy_tokens()}))
}

/// An answer that is no success.
#[derive(Debug)]
struct Refusal {
    http: StatusCode,
    status: &'static str,
    message: &'static str,
}

impl Refusal {
    fn new(http: StatusCode, status: &'static str, message: &'static str) -> Self {
        Self { http, status, message }
    }

    fn bad_request(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ERROR", message)
    }

    /// A 200.
    fn not_found(message: &'static str) -> Self {
        Self::new(StatusCode::OK, "NOT_FOUND", message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { http, status, message } = self;
        (http, Json(json!({"status": status, "message": message, "data": null}))).into_response()
    }
}

fn success(data: &Value) -> Json<Value> {
    Json(json!({"status": "OK", "message": "", "data": data}))
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn check_tenant(sandbox: &Sandbox, headers: &HeaderMap) -> Result<(), Refusal> {
    if header(headers, TENANT_HASH) == Some(&*sandbox.config().algonomy.tenant_hash) {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "invalid tenant"))
}

/// Lets a request through that carries a living token of this API that is good for the resource.
fn authorize(
    sandbox: &Sandbox,
    headers: &HeaderMap,
    api: Api,
    resource: &str,
) -> Result<(), Refusal> {
    check_tenant(sandbox, headers)?;
    let token = header(headers, ACCESS_TOKEN).unwrap_or_default();
    let now = sandbox.now();
    sandbox.algonomy(|tenant| tenant.check(token, api, resource, now)).map_err(|refused| {
        match refused {
            Refused::Dead => {
                Refusal::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "invalid or expired token")
            }
            Refused::Resource => Refusal::new(
                StatusCode::FORBIDDEN,
                "FORBIDDEN",
                "the token does not cover the resource",
            ),
        }
    })
}

/// The token as the journal may show it.
fn seen(sandbox: &Sandbox, parts: &Parts) -> Option<TokenSeen> {
    let token = header(&parts.headers, ACCESS_TOKEN)?;
    let now = sandbox.now();
    let api = sandbox.algonomy(|tenant| tenant.api_of(token, now));
    Some(api.map_or_else(TokenSeen::unknown, |api| TokenSeen {
        label: "algonomy".into(),
        scope: Some(api.as_str()),
    }))
}
