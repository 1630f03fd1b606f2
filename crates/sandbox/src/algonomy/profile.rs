//! `POST /api/v1/profile/b2b/{resource}`: a customer, by identifiers in headers.
//!
//! | answer | when |
//! |---|---|
//! | 200, `OK` | the customer whom all identifiers sent lead to |
//! | 200, `NOT_FOUND` | they lead to nobody, or to different people, or the customer was forgotten |
//! | 400 | no identifier was sent, or one that is not visible ASCII |
//! | 404 | a resource that is none, or that asks a question (`searchSegments`, `isCustomerInSegment`) |
//!
//! `gcrId` is the customer's profile id, `customer_code_external` the shop's id of them. The fields of `basic` are
//! the documented ones; `segments` and `campaigns` have plausible ones.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::state::Api;
use super::{Refusal, authorize, success};
use crate::customers::Identity;
use crate::identifiers::{CUSTOMER_ID, EMAIL, PHONE};
use crate::sandbox::Sandbox;

pub(super) async fn read(
    State(sandbox): State<Sandbox>,
    Path(resource): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    authorize(&sandbox, &headers, Api::Profile, &resource)?;
    let gcr_id = customer(&sandbox, &headers)?.ok_or_else(nobody)?;
    let customers = sandbox.customers();
    let (Some(identity), Some(attributes)) =
        (customers.identity(&gcr_id), customers.attributes(&gcr_id))
    else {
        return Err(nobody());
    };
    let data = match resource.as_str() {
        "basic" => basic(&identity, &attributes),
        "segments" => segments(&attributes),
        "campaigns" => json!({"campaigns": [{"id": 7, "name": "Spring"}]}),
        "userActivity" => activity(&attributes),
        _ => return Err(Refusal::new(StatusCode::NOT_FOUND, "ERROR", "no such resource")),
    };
    Ok(success(&data))
}

fn nobody() -> Refusal {
    Refusal::not_found("Customer not found")
}

/// The customer whom the headers name.
fn customer(sandbox: &Sandbox, headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let named = ["gcrid", "email_address", "mobile_number", "customer_code_external"]
        .into_iter()
        .filter_map(|name| headers.get(name).map(|value| (name, value)));
    let mut found = Vec::new();
    for (name, value) in named {
        let value = value.to_str().map_err(|_| Refusal::bad_request("not visible ASCII"))?;
        found.push(find(sandbox, name, value));
    }
    let Some(first) = found.first().cloned() else {
        return Err(Refusal::bad_request("no identifier was sent"));
    };
    Ok(first.filter(|first| found.iter().all(|other| other.as_ref() == Some(first))))
}

/// The customer of an identifier, unless they were forgotten.
pub(super) fn find(sandbox: &Sandbox, name: &str, value: &str) -> Option<String> {
    let customers = sandbox.customers();
    let found = match name {
        "gcrid" => customers.contains(value).then_some(value),
        "email" | "email_address" => customers.profile_of(EMAIL, value),
        "mobile" | "mobile_number" => customers.profile_of(PHONE, value),
        _ => customers.profile_of(CUSTOMER_ID, value),
    }?;
    let now = sandbox.now();
    let is_forgotten = sandbox.algonomy(|tenant| tenant.has_forgotten(found, now));
    (!is_forgotten).then(|| found.to_owned())
}

fn basic(identity: &Identity, attributes: &Map<String, Value>) -> Value {
    let text = |name: &str| attributes.get(name).and_then(Value::as_str).unwrap_or_default();
    json!({
        "customerId": identity.customer_id,
        "profileImageUrl": "",
        "salutation": "",
        "fullName": format!("{} {}", text("FirstName"), text("LastName")),
        "membershipType": text("LifetimeTier"),
        "residenceAddress": text("HomeAddress"),
        "totalSales": attributes.get("LifetimeValue"),
        "totalOrders": 10,
        "avgBasketVal": 100,
        "totalVisits": 5,
        "daySinceLastPur": 3,
        "totalWebSessions": 45,
    })
}

fn segments(attributes: &Map<String, Value>) -> Value {
    json!({"dataList": [{"id": 1, "name": attributes.get("Persona")}]})
}

fn activity(attributes: &Map<String, Value>) -> Value {
    let viewed = attributes.get("FavoriteCategory");
    json!({"activity": [{"date": "10-05-2020", "activityList": [{"id": 1, "category": viewed}]}]})
}
