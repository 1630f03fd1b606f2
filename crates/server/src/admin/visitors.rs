//! `GET /api/pipelines/{key}/visitors/{id}`: the latest decisions about a visitor, which is named by the id in
//! its `_dfid` cookie. No attribute and no identifier is in them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use datafly_core::id::{CanonicalId, PipelineKey};
use serde_json::{Value, json};

use super::Refusal;
use crate::app::App;

/// Answers `{"decisions":[…]}`, oldest first.
pub(super) async fn decisions(
    State(app): State<Arc<App>>,
    Path((key, id)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let named = key.parse::<PipelineKey>().ok().zip(id.parse::<CanonicalId>().ok());
    let Some((key, id)) = named else {
        let message = "name a pipeline key and a visitor's id";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "INVALID_VISITOR", message));
    };
    Ok(Json(json!({ "decisions": app.decisions.of(&key, id) })))
}
