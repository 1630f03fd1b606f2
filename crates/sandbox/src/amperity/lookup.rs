//! `POST` and `GET /prof/lookup/{collection}/keychain`: from a linking key to the whole profile.
//!
//! - 200: the profile, and its URL in `Location`;
//! - 400: no key, a key outside the collection's `linking_keys`, or more than one key. The vendor
//!   documents "one or more" without saying how several combine; a caller here must send one;
//! - 404: nothing matches, or the collection has no linking keys at all, whatever was asked.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::PREFIX;
use super::auth::authorize;
use super::error::ApiError;
use super::profile::known_collection;
use crate::config::Scope;
use crate::identifiers::Identifier;
use crate::sandbox::Sandbox;

/// The flag's name in the query; in the body it is `enrich`.
const ENRICH: &str = "_enrich";

#[derive(Deserialize)]
struct Keychain {
    #[serde(default)]
    keys: BTreeMap<String, String>,
    #[serde(default)]
    enrich: bool,
}

pub(super) async fn by_body(
    State(sandbox): State<Sandbox>,
    Path(collection): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    authorize(&sandbox, &headers, Scope::ProfileRead)?;
    known_collection(&sandbox, &collection)?;
    let Keychain { keys, enrich } = serde_json::from_slice(&body)
        .map_err(|e| ApiError::bad_request(format!("malformed body: {e}")))?;
    find(&sandbox, keys.into_iter().collect(), enrich)
}

pub(super) async fn by_query(
    State(sandbox): State<Sandbox>,
    Path(collection): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    authorize(&sandbox, &headers, Scope::ProfileRead)?;
    known_collection(&sandbox, &collection)?;
    let Query(mut keys) = Query::<Vec<(String, String)>>::try_from_uri(&uri)
        .map_err(|e| ApiError::bad_request(format!("malformed query: {e}")))?;
    let enrich = keys.iter().any(|(name, value)| name == ENRICH && value == "true");
    keys.retain(|(name, _)| name != ENRICH);
    find(&sandbox, keys, enrich)
}

fn find(
    sandbox: &Sandbox,
    keys: Vec<(String, String)>,
    enrich: bool,
) -> Result<Response, ApiError> {
    let allowed = sandbox.linking_keys();
    let mut keys = keys.into_iter();
    let Some((key, value)) = keys.next() else {
        return Err(ApiError::bad_request("no keychain keys were provided"));
    };
    if keys.next().is_some() {
        return Err(ApiError::bad_request("more than one keychain key was provided"));
    }
    let no_match = ApiError::not_found("no matching profile");
    if allowed.is_empty() {
        return Err(no_match);
    }
    if !allowed.contains(&key) {
        let message = format!("`{key}` is not a linking key of this collection");
        return Err(ApiError::bad_request(message));
    }
    let profile = sandbox.look_up(&Identifier { key, value }, enrich).ok_or(no_match)?;
    let collection = &sandbox.config().collection_id;
    let location = format!("{PREFIX}/prof/profiles/{collection}/{}", profile.id);
    Ok(([(header::LOCATION, location)], Json(profile.into_json(collection))).into_response())
}
