//! `GET /api/pipelines/{key}/attributes`: what pages of a pipeline may see of a visitor, and which JSON types it has had
//! since the server was started. No value is in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::Refusal;
use crate::app::App;

/// Answers `{"providers":{"<name>":{"<attribute>":{"types":[…],"elements":[…]}}}}`.
pub(super) async fn seen(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let configured = app.configured();
    let Some(pipeline) = configured.pipelines.get(&key) else {
        return Err(Refusal::not_found("no pipeline has this key"));
    };
    let providers: BTreeMap<_, _> = pipeline
        .enrichments
        .iter()
        .map(|enrichment| (&*enrichment.name, enrichment.observed()))
        .collect();
    Ok(Json(json!({ "providers": providers })))
}
