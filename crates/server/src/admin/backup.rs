//! `POST /api/backup`: a copy of what the server keeps, while it runs.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Refusal;
use crate::app::App;
use crate::backup::{self, BackupError};

/// Answers `{"folder"}`, on the server's machine. Where it is, no request can say: whoever has the token could
/// write anywhere otherwise.
pub(super) async fn make(State(app): State<Arc<App>>) -> Result<Json<Value>, Refusal> {
    // Goes on to its end also when nobody waits for it any more.
    let made = tokio::spawn(async move { backup::make(&app).await }).await;
    match made {
        Ok(Ok(folder)) => Ok(Json(json!({ "folder": folder.display().to_string() }))),
        Ok(Err(error @ BackupError::UnderWay)) => {
            Err(Refusal::new(StatusCode::CONFLICT, "UNDER_WAY", error.to_string()))
        }
        Ok(Err(error)) => Err(Refusal::unavailable(error)),
        Err(_) => Err(Refusal::unavailable("the copy was broken off: the server is stopping")),
    }
}
