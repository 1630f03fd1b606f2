//! The public routes and the order of the layers around them.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{MethodRouter, get, post};
use datafly_core::event::EventKind;
use datafly_core::v1::path;

use super::error::EdgeError;
use super::{assets, bootstrap, collect, consent, enrich, forget, headers, loader, reset};
use crate::app::App;

/// The public listener's routes, all of them under `base_path`.
pub fn router(app: Arc<App>, base_path: &str) -> Router {
    // Outermost first: privacy and CORS headers are on every answer, refusals included.
    let visitor_data = Router::new()
        .route(path::ENRICH, get(enrich::enrich))
        .route(path::LOADER, get(loader::loader))
        .route(path::IDENTIFY, event(EventKind::Identify))
        .route(path::PAGE, event(EventKind::Page))
        .route(path::TRACK, event(EventKind::Track))
        .route(path::CONSENT, post(consent::consent))
        .route(path::FORGET, post(forget::forget))
        .route(path::BOOTSTRAP, post(bootstrap::bootstrap))
        .route(path::RESET, post(reset::reset))
        .fallback(|| async { EdgeError::NotFound })
        .method_not_allowed_fallback(|| async { EdgeError::MethodNotAllowed })
        // Handlers read bodies themselves, with limits of their own.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(Arc::clone(&app), headers::visitor_data));

    // Public, immutable, the same for everybody: none of the above applies.
    let assets = Router::new()
        .route("/v1/assets/{name}", get(assets::asset))
        .method_not_allowed_fallback(|| async { EdgeError::MethodNotAllowed });

    let routes = assets.merge(visitor_data).with_state(app);
    if base_path.is_empty() { routes } else { Router::new().nest(base_path, routes) }
}

fn event(kind: EventKind) -> MethodRouter<Arc<App>> {
    post(move |app, site, client, headers, uri, body| {
        collect::event(kind, app, site, client, headers, uri, body)
    })
}
