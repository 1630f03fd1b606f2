//! `/attribute/v0/indexes`: values by one key.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Uri};
use serde_json::{Map, Value, json};

use super::authorize;
use super::error::ApiError;
use crate::identifiers::Identifier;
use crate::sandbox::Sandbox;

const TENANT: &str = "x-amperity-tenant";

/// Asks for a list of values instead of one.
const ALL_MATCHES: &str = "all_matches";

pub(super) async fn list(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    authorize(&sandbox, &headers, TENANT)?;
    Ok(Json(json!({"indexes": sandbox.with_indexes(|indexes| indexes.listed())})))
}

pub(super) async fn by_query(
    State(sandbox): State<Sandbox>,
    Path(index): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    authorize(&sandbox, &headers, TENANT)?;
    let Query(mut pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri)
        .map_err(|_| ApiError::bad_request("malformed query"))?;
    let all = pairs.iter().any(|(name, value)| name == ALL_MATCHES && value == "true");
    pairs.retain(|(name, _)| name != ALL_MATCHES);
    find(&sandbox, &index, &pairs, all)
}

pub(super) async fn by_body(
    State(sandbox): State<Sandbox>,
    Path(index): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    authorize(&sandbox, &headers, TENANT)?;
    let is_json = headers.get("content-type").is_some_and(|kind| kind == "application/json");
    let keys: Map<String, Value> = serde_json::from_slice(&body)
        .ok()
        .filter(|_| is_json)
        .ok_or_else(|| ApiError::bad_request("the body is no JSON object"))?;
    let texts = keys.into_iter().map(|(key, value)| Some((key, value.as_str()?.to_owned())));
    let pairs: Option<Vec<_>> = texts.collect();
    find(&sandbox, &index, &pairs.unwrap_or_default(), false)
}

fn find(
    sandbox: &Sandbox,
    index: &str,
    pairs: &[(String, String)],
    all: bool,
) -> Result<Json<Value>, ApiError> {
    let build = sandbox
        .with_indexes(|indexes| indexes.build(index))
        .ok_or_else(|| ApiError::not_found("No build found for index-id"))?;
    let [(key, value)] = pairs else {
        return Err(ApiError::bad_request("one lookup key is needed"));
    };
    let nobody = || ApiError::not_found("No value found for key");
    if !build.has_key(key) {
        return Err(nobody());
    }
    let id = Identifier { key: key.clone(), value: value.clone() };
    let profile = sandbox.look_up(&id, false).ok_or_else(nobody)?;
    let found = build.show(profile.attributes);
    let found = if all { json!([found]) } else { json!(found) };
    Ok(Json(json!({
        "attributes": {"value": found, "key": value},
        "metadata": {"build-id": build.id, "index-id": index},
    })))
}
