//! `GET /prof/profiles/{collection}/{id}[?enrich=true]`: a profile by its id.
//!
//! `enrich=true` adds the attribute `EnrichedSegments`; what the vendor adds is not documented. Every
//! other query parameter is a context value, see [`context`].

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Uri};
use serde_json::{Value, json};

use super::auth::authorize;
use super::context;
use super::error::ApiError;
use crate::config::Scope;
use crate::sandbox::Sandbox;

const ENRICH: &str = "enrich";

pub(super) async fn read(
    State(sandbox): State<Sandbox>,
    Path((collection, id)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    authorize(&sandbox, &headers, Scope::ProfileRead)?;
    known_collection(&sandbox, &collection)?;
    let Query(query) = Query::<Vec<(String, String)>>::try_from_uri(&uri)
        .map_err(|e| ApiError::bad_request(format!("malformed query: {e}")))?;
    let enrich = query.iter().any(|(name, value)| name == ENRICH && value == "true");
    let mut profile =
        sandbox.read_profile(&id, enrich).ok_or_else(|| ApiError::not_found("no such profile"))?;
    context::personalise(&mut profile.attributes, &query);
    Ok(Json(profile.into_json(&collection)))
}

/// `GET /prof/collections/{id}/stats`: how many profiles there are. What else the vendor says is not documented.
pub(super) async fn stats(
    State(sandbox): State<Sandbox>,
    Path(collection): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    authorize(&sandbox, &headers, Scope::ProfileRead)?;
    known_collection(&sandbox, &collection)?;
    Ok(Json(json!({ "collection_id": collection, "profiles": sandbox.customer_count() })))
}

/// There is one collection.
pub(super) fn known_collection(sandbox: &Sandbox, collection: &str) -> Result<(), ApiError> {
    if collection == sandbox.config().collection_id {
        Ok(())
    } else {
        Err(ApiError::not_found("no such collection"))
    }
}
