//! `POST /api/v1/gdpr/b2b/…`: a person's request is registered, looked at, or taken back.
//!
//! | answer | when |
//! |---|---|
//! | 200, `OK` | done; a registration's `data` has its `trackingId` |
//! | 200, `NOT_FOUND` | nobody has that identifier, or no request that id |
//! | 200, `ERROR` | there is nothing pending to take back |
//! | 400 | the body or `reqParamValue` is missing or malformed, `reqSource` is longer than ten characters |

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};

use super::state::{Api, GdprRecord};
use super::{Refusal, authorize, header, profile, success};
use crate::sandbox::Sandbox;

const MAX_SOURCE: usize = 10;

#[derive(Deserialize)]
struct Action {
    #[serde(rename = "reqType")]
    kind: String,
    #[serde(rename = "reqParam")]
    param: String,
    #[serde(rename = "reqSource")]
    source: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tracked {
    tracking_id: String,
}

pub(super) async fn register(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    authorize(&sandbox, &headers, Api::Gdpr, "registerGdprRequest")?;
    let (action, value, gcr_id) = asked(&sandbox, &headers, &body)?;
    let now = sandbox.now();
    let request = GdprRecord {
        tracking_id: 0,
        req_type: action.kind,
        req_param: action.param,
        value,
        source: action.source,
        gcr_id,
        registered_at: now,
        done_at: now,
        is_revoked: false,
    };
    let id = sandbox.algonomy(|tenant| tenant.register(request));
    Ok(success(&json!({"trackingId": id.to_string()})))
}

pub(super) async fn status(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    authorize(&sandbox, &headers, Api::Gdpr, "gdprRequestStatus")?;
    let Query(Tracked { tracking_id }) =
        Query::try_from_uri(&uri).map_err(|_| Refusal::bad_request("trackingId is missing"))?;
    let now = sandbox.now();
    let mut requests = sandbox.gdpr_requests().into_iter();
    let found = requests.find(|it| it.tracking_id.to_string() == tracking_id);
    let request = found.ok_or_else(|| Refusal::not_found("Request not found"))?;
    let is_done = request.state(now) == "done";
    let is_report = is_done && request.req_type == "access";
    let report = format!("sandbox/gdpr/access/{tracking_id}/user_details.zip");
    Ok(success(&json!({
        "reports3Path": is_report.then_some(report),
        "reports3Region": is_report.then_some("us-east-1"),
        "reqStatus": request.state(now),
        "reqSource": request.source,
        "reqParam": null,
        "reqParamValue": null,
        "reqType": request.req_type,
        "displayDownload": false,
        "customerCode": null,
        "gcrId": request.gcr_id,
        "trackingId": tracking_id,
        "requestDate": written(request.registered_at),
        "requestCompletedDate": is_done.then(|| written(request.done_at)),
    })))
}

pub(super) async fn revoke(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    authorize(&sandbox, &headers, Api::Gdpr, "revokeGdprActions")?;
    let (action, _, gcr_id) = asked(&sandbox, &headers, &body)?;
    let now = sandbox.now();
    match sandbox.algonomy(|tenant| tenant.revoke(&action.kind, &gcr_id, now)) {
        0 => Err(Refusal::new(StatusCode::OK, "ERROR", "There is no pending request")),
        _ => Ok(success(&json!({}))),
    }
}

/// What a body asks for, and about whom.
fn asked(
    sandbox: &Sandbox,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(Action, String, String), Refusal> {
    let malformed = |_| Refusal::bad_request("malformed body");
    let action: Action = serde_json::from_slice(body).map_err(malformed)?;
    let known = ["access", "forget"].contains(&action.kind.as_str())
        && ["gcrid", "email", "mobile"].contains(&action.param.as_str());
    if !known || action.source.chars().count() > MAX_SOURCE {
        return Err(Refusal::bad_request("reqType, reqParam or reqSource cannot be"));
    }
    let value = header(headers, "reqparamvalue").filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| Refusal::bad_request("reqParamValue is missing"))?;
    let gcr_id = profile::find(sandbox, &action.param, value)
        .ok_or_else(|| Refusal::not_found("Customer not found"))?;
    Ok((action, value.to_owned(), gcr_id))
}

/// `20-Jan-2023 12:17:07 PM`.
fn written(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%d-%b-%Y %I:%M:%S %p").to_string()
}
