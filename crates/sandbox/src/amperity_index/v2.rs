//! `/api/indexes`: profiles by an attribute, and by their id.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Uri};
use serde_json::{Map, Value, json};

use super::authorize;
use super::error::ApiError;
use super::indexes::Build;
use crate::identifiers::Identifier;
use crate::sandbox::Sandbox;

const TENANT: &str = "amperity-tenant";
const VERSION: (&str, &str) = ("api-version", "2025-07-31");

fn admit(sandbox: &Sandbox, headers: &HeaderMap) -> Result<(), ApiError> {
    authorize(sandbox, headers, TENANT)?;
    let (name, version) = VERSION;
    if headers.get(name).is_none_or(|sent| sent != version) {
        return Err(ApiError::bad_request("unsupported api-version"));
    }
    Ok(())
}

fn build(sandbox: &Sandbox, index: &str) -> Result<Build, ApiError> {
    let build = sandbox.with_indexes(|indexes| indexes.build(index));
    build.ok_or_else(|| ApiError::not_found("no such index"))
}

fn shown(index: &str, id: &str, attributes: &Map<String, Value>) -> Value {
    json!({"id": id, "index_id": index, "attributes": attributes})
}

pub(super) async fn list(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    admit(&sandbox, &headers)?;
    let all = sandbox.with_indexes(|indexes| indexes.definitions()).into_iter();
    let data: Vec<_> = all.map(|index| json!({"id": index.id, "name": index.name})).collect();
    Ok(Json(json!({"data": data, "next_token": ""})))
}

pub(super) async fn show(
    State(sandbox): State<Sandbox>,
    Path(index): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    admit(&sandbox, &headers)?;
    let build = build(&sandbox, &index)?;
    Ok(Json(json!({"id": index, "name": build.definition.name})))
}

pub(super) async fn filter(
    State(sandbox): State<Sandbox>,
    Path(index): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    admit(&sandbox, &headers)?;
    let build = build(&sandbox, &index)?;
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri)
        .map_err(|_| ApiError::bad_request("malformed query"))?;
    let mut filters = Vec::new();
    let mut with_total = false;
    for (name, value) in pairs {
        let filtered = name.strip_prefix("filter[").and_then(|name| name.strip_suffix(']'));
        match (&*name, filtered) {
            (_, Some(key)) => filters.push((key.to_owned(), value)),
            ("limit", _) if value.parse().is_ok_and(|limit: u32| limit > 0) => {}
            ("with_total", _) => with_total = value == "true",
            _ => return Err(ApiError::bad_request("a parameter is not known")),
        }
    }
    let [(key, value)] = filters.as_slice() else {
        return Err(ApiError::bad_request("this emulator takes one filter"));
    };
    if !build.has_key(key) {
        return Err(ApiError::bad_request("the index has no such filter"));
    }
    let id = Identifier { key: key.clone(), value: value.clone() };
    let found = sandbox.look_up(&id, false);
    let data: Vec<_> = found
        .map(|profile| shown(&index, &profile.id, &build.show(profile.attributes)))
        .into_iter()
        .collect();
    let mut answer = json!({"data": data, "next_token": ""});
    if with_total {
        answer["total"] = data.len().into();
    }
    Ok(Json(answer))
}

pub(super) async fn read(
    State(sandbox): State<Sandbox>,
    Path((index, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    admit(&sandbox, &headers)?;
    let build = build(&sandbox, &index)?;
    let profile = sandbox.read_profile(&id, false);
    let profile = profile.ok_or_else(|| ApiError::not_found("no such profile"))?;
    Ok(Json(shown(&index, &profile.id, &build.show(profile.attributes))))
}
