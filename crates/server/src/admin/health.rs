//! `/healthz`, `/readyz` and `/metrics`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use datafly_store::queue::Consumer;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::app::App;
use crate::outbox::Late;
use crate::protection::BreakerState;
use crate::tokens;

/// The process answers.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({ "alive": true }))
}

/// The process can do its work: visitors' state is there. A vendor that fails does not make it unready, since
/// pages are answered all the same; it is named. So is a configuration that was not taken, what of the one that
/// was needs a restart, that nobody looks for changes any more, and whom events reach late.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    let state = app.visitors.probe().await;
    let vendors = app.guards.all();
    let failing: Vec<_> = vendors
        .iter()
        .filter(|guard| guard.breaker() != BreakerState::Closed)
        .map(|guard| guard.account())
        .collect();
    let reloads = app.reloads();
    let now = app.clock.now();
    let late: Vec<_> = app.outbox.late().iter().map(|it| late_destination(it, now)).collect();
    let body = json!({
        "ready": state.is_ok(),
        "state": state.as_ref().err().map(ToString::to_string),
        "failing_vendors": failing,
        "late_destinations": late,
        "refused_configuration": reloads.refused,
        "needs_restart": reloads.need_restart,
        "unwatched_since": reloads.unwatched_since(now),
    });
    let status = if state.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}

/// A destination that is well, and whose events wait.
fn late_destination((consumer, late): (&Consumer, &Late), now: Timestamp) -> Value {
    json!({
        "pipeline": consumer.pipeline,
        "destination": consumer.destination,
        "oldest_seconds": now.duration_since(late.oldest).as_secs(),
        "advice": late.to_string(),
    })
}

/// All counts.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    match app.outbox.usage().await {
        Ok(usage) => app.metrics.note_outbox(&usage, &app.outbox.late()),
        // The other counts are as true as before.
        Err(error) => tracing::warn!(%error, "failed to look at the outbox"),
    }
    app.metrics.note_tokens(&tokens::all(&app.glance().pipelines));
    match app.metrics.text(&app.engine, &app.guards) {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
