//! The public routes and the order of the layers around them.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use datafly_core::event::EventKind;
use datafly_core::v1::path;

use super::error::EdgeError;
use super::{assets, collect, enrich, headers, loader, reset};
use crate::app::App;

/// The public listener's routes.
pub fn router(app: Arc<App>) -> Router {
    // Outermost first: privacy and CORS headers are on every answer, refusals included.
    let visitor_data = Router::new()
        .route(path::ENRICH, get(enrich::enrich))
        .route(path::LOADER, get(loader::loader))
        .route(path::IDENTIFY, post(collect::identify))
        .route(
            path::PAGE,
            post(|app, pipeline, headers, body| {
                collect::event(EventKind::Page, app, pipeline, headers, body)
            }),
        )
        .route(
            path::TRACK,
            post(|app, pipeline, headers, body| {
                collect::event(EventKind::Track, app, pipeline, headers, body)
            }),
        )
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

    assets.merge(visitor_data).with_state(app)
}
