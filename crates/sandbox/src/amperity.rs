//! Amperity's real-time API, and what issues its tokens, mounted under [`PREFIX`]; the control API beside it
//! ([`control`]).
//!
//! Checks run in this order, the first that fails answers: token (401), tenant (401), scope (403),
//! collection or stream (404), then what the route itself asks for. Errors are
//! `{"status","message","request_id"}`.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, any, get, post};

use self::error::ApiError;
use crate::intercept::{Manners, layered};
use crate::journal::Route;
use crate::sandbox::Sandbox;

mod auth;
mod context;
pub(crate) mod control;
mod error;
mod events;
mod jwt;
pub(crate) mod keys;
mod lookup;
mod profile;
mod tokens;

/// What the vendor's host name is to real callers.
pub(crate) const PREFIX: &str = "/amperity";

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let manners = Manners {
        seen: |sandbox, parts| auth::seen(sandbox, &parts.headers),
        fault: |status| ApiError::new(status, "injected fault").into_response(),
        finish: error::render,
    };
    let as_route =
        |route: Route, methods: MethodRouter<Sandbox>| layered(sandbox, route, manners, methods);
    let lookup = as_route(Route::LookupPost, post(lookup::by_body))
        .merge(as_route(Route::LookupGet, get(lookup::by_query)));
    Router::new()
        .route("/amperity/prof/lookup/{collection}/keychain", lookup)
        .route(
            "/amperity/prof/profiles/{collection}/{id}",
            as_route(Route::Profile, get(profile::read)),
        )
        .route(
            "/amperity/prof/collections/{collection}/stats",
            as_route(Route::CollectionStats, get(profile::stats)),
        )
        .route("/amperity/prof/events/{stream}", as_route(Route::Events, post(events::accept)))
        .merge(control::router(as_route))
        .route(
            "/amperity/api/v0/admin/api-keys/{id}/tokens",
            as_route(Route::Tokens, post(tokens::issue)),
        )
        .route("/amperity/api/v0/oauth2/token", as_route(Route::Oauth2, post(tokens::by_client)))
        .route("/amperity/{*rest}", as_route(Route::Other, any(error::no_such_route)))
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(sandbox.clone())
}

#[cfg(test)]
mod tests;
