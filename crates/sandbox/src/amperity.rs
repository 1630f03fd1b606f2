//! Amperity's real-time API, mounted under [`PREFIX`].
//!
//! Checks run in this order, the first that fails answers: token (401), tenant (401), scope (403),
//! collection or stream (404), then what the route itself asks for. Errors are
//! `{"status","message","request_id"}`.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, any, get, post};

use crate::journal::Route;
use crate::sandbox::Sandbox;

mod auth;
mod context;
mod error;
mod events;
mod fault_body;
mod intercept;
mod lookup;
mod profile;

/// What the vendor's host name is to real callers.
pub(crate) const PREFIX: &str = "/amperity";

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let as_route = |route: Route, methods: MethodRouter<Sandbox>| {
        methods.layer(from_fn_with_state((sandbox.clone(), route), intercept::intercept))
    };
    let lookup = as_route(Route::LookupPost, post(lookup::by_body))
        .merge(as_route(Route::LookupGet, get(lookup::by_query)));
    Router::new()
        .route("/amperity/prof/lookup/{collection}/keychain", lookup)
        .route(
            "/amperity/prof/profiles/{collection}/{id}",
            as_route(Route::Profile, get(profile::read)),
        )
        .route("/amperity/prof/events/{stream}", as_route(Route::Events, post(events::accept)))
        .route("/amperity/{*rest}", as_route(Route::Other, any(error::no_such_route)))
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(sandbox.clone())
}

#[cfg(test)]
mod tests;
