//! Shapes of the GDPR API.

use bytes::Bytes;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::erasure::{Progress, SubjectKey, TrackingId, Wish};
use crate::profile::ProviderError;

/// Says where a request comes from, in at most ten characters.
const SOURCE: &str = "datafly";

/// How the vendor writes a time, by its own clock: `20-Jan-2023 12:17:07 PM`.
const TIME: &str = "%d-%b-%Y %I:%M:%S %p";

/// Body of a request to register or to revoke.
#[derive(Serialize)]
pub(super) struct Action {
    #[serde(rename = "reqType")]
    kind: &'static str,
    #[serde(rename = "reqParam")]
    parameter: &'static str,
    #[serde(rename = "reqSource")]
    source: &'static str,
}

impl Action {
    /// Whom it is about is in a header.
    pub(super) fn new(wish: Wish, key: SubjectKey) -> Self {
        let kind = match wish {
            Wish::Access => ACCESS,
            Wish::Forget => FORGET,
        };
        let parameter = match key {
            SubjectKey::ProfileId => "gcrid",
            SubjectKey::Email => "email",
            SubjectKey::Phone => "mobile",
        };
        Self { kind, parameter, source: SOURCE }
    }
}

const ACCESS: &str = "access";
const FORGET: &str = "forget";

/// The body, which always has a text.
pub(super) fn body(action: &Action) -> Result<Bytes, ProviderError> {
    let reason = "the request cannot be written";
    let text = serde_json::to_vec(action).map_err(|_| ProviderError::BadAnswer { reason })?;
    Ok(text.into())
}

/// Of an answer to a registration. Its shape is not documented; the status' has the field.
pub(super) fn tracking_id(data: &Value) -> Option<TrackingId> {
    match data.get("trackingId")? {
        Value::String(text) => TrackingId::new(text.as_str()),
        Value::Number(number) => TrackingId::new(number.to_string()),
        _ => None,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(rename = "reqStatus")]
    state: String,
    #[serde(default)]
    req_type: Option<String>,
    #[serde(default)]
    request_date: Option<String>,
    #[serde(default)]
    request_completed_date: Option<String>,
    #[serde(default, rename = "reports3Path")]
    reports3_path: Option<String>,
}

/// Reads the status of a request. Of whom it is about nothing is read.
pub(super) fn progress(data: Value, id: &TrackingId) -> Result<Progress, ProviderError> {
    let status: Status = serde_json::from_value(data)
        .map_err(|_| ProviderError::BadAnswer { reason: "its `data` has no `reqStatus`" })?;
    let time = |text: Option<String>| text.and_then(|text| DateTime::strptime(TIME, text).ok());
    Ok(Progress {
        tracking_id: id.clone(),
        wish: match status.req_type.as_deref() {
            Some(ACCESS) => Some(Wish::Access),
            Some(FORGET) => Some(Wish::Forget),
            _ => None,
        },
        state: status.state,
        registered: time(status.request_date),
        completed: time(status.request_completed_date),
        report: status.reports3_path.filter(|path| !path.is_empty()),
    })
}
