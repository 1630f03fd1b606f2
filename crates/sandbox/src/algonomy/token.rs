//! `POST /secureApi/token/{profile,gdpr}/{create,update}`.
//!
//! | status | when |
//! |---|---|
//! | 200 | `{"token"}`; after an update `{"message","token"}`, the same token with the resources of the body |
//! | 400 | the body is malformed, names no resource or an unknown one, or `validity` is not a positive number of minutes |
//! | 401 | `tenant_hash` is another's; the tenant has B2B OAuth on and `oauth_key_secret` does not fit; the token to update is dead |
//!
//! An update replaces the resources ("the desired set", says the vendor) and leaves the expiry as it is.

use std::collections::BTreeSet;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::state::Api;
use super::{Refusal, check_tenant, header};
use crate::sandbox::Sandbox;

const DEFAULT_MINUTES: i64 = 15;

#[derive(Deserialize)]
struct Create {
    resource: BTreeSet<String>,
    validity: Option<i64>,
}

#[derive(Deserialize)]
struct Update {
    resource: BTreeSet<String>,
    token: String,
}

pub(super) async fn create(
    State(sandbox): State<Sandbox>,
    Path(api): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let api = authorize(&sandbox, &headers, &api)?;
    let malformed = |_| Refusal::bad_request("malformed body");
    let Create { resource, validity } = serde_json::from_slice(&body).map_err(malformed)?;
    check_resources(api, &resource)?;
    let minutes = validity.unwrap_or(DEFAULT_MINUTES);
    if minutes < 1 {
        return Err(Refusal::bad_request("validity is a positive number of minutes"));
    }
    let (now, life) = (sandbox.now(), SignedDuration::from_mins(minutes));
    let token = sandbox.algonomy(|tenant| tenant.create(api, resource, life, now));
    Ok(Json(json!({"token": token})))
}

pub(super) async fn update(
    State(sandbox): State<Sandbox>,
    Path(api): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let api = authorize(&sandbox, &headers, &api)?;
    let malformed = |_| Refusal::bad_request("malformed body");
    let Update { resource, token } = serde_json::from_slice(&body).map_err(malformed)?;
    check_resources(api, &resource)?;
    let now = sandbox.now();
    let updated = sandbox.algonomy(|tenant| tenant.update(&token, api, resource, now));
    updated.map_err(|_| unauthorized("invalid or expired token"))?;
    Ok(Json(json!({"message": "Token updated successfully", "token": token})))
}

fn authorize(sandbox: &Sandbox, headers: &HeaderMap, api: &str) -> Result<Api, Refusal> {
    let nowhere = || Refusal::new(StatusCode::NOT_FOUND, "ERROR", "no such route");
    let api = Api::find(api).ok_or_else(nowhere)?;
    check_tenant(sandbox, headers)?;
    let expected = sandbox.config().algonomy.oauth_key_secret.as_deref();
    if expected.is_some() && header(headers, "oauth_key_secret") != expected {
        return Err(unauthorized("invalid oauth key secret"));
    }
    Ok(api)
}

fn check_resources(api: Api, resources: &BTreeSet<String>) -> Result<(), Refusal> {
    let known = |name: &String| api.resources().contains(&name.as_str());
    if resources.is_empty() || !resources.iter().all(known) {
        return Err(Refusal::bad_request("unknown resource"));
    }
    Ok(())
}

fn unauthorized(message: &'static str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
}
