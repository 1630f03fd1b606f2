//! The envelope of pages and refusals. Items are in [`super::items`].

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::ControlError;
use super::page::{Item, Page};

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    /// Absent, empty, or null by mistake: no page follows.
    next_token: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    total: Option<u64>,
}

/// A page, and the token of the one that follows.
pub(super) fn page<T: DeserializeOwned>(
    body: &[u8],
) -> Result<(Page<T>, Option<String>), ControlError> {
    let Envelope { data, next_token, total } = serde_json::from_slice(body).map_err(|error| {
        if !error.is_data() {
            return not_json();
        }
        ControlError::BadAnswer { reason: "it is JSON, but no page with `data` and `next_token`" }
    })?;
    let items = data.into_iter().map(Item::of).collect::<Result<_, _>>()?;
    Ok((Page { items, total }, next_token.filter(|token| !token.is_empty())))
}

/// The item that is a whole body.
pub(super) fn item<T: DeserializeOwned>(body: &[u8]) -> Result<Item<T>, ControlError> {
    Item::of(serde_json::from_slice(body).map_err(|_| not_json())?)
}

fn not_json() -> ControlError {
    ControlError::BadAnswer { reason: "it is not JSON" }
}

/// Body of a refusal: `{"status","message","request_id"?,"trace_id"?}`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Refused {
    #[serde(deserialize_with = "lenient")]
    pub(super) message: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(super) request_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(super) trace_id: Option<String>,
}

/// A field that is there, and of its documented type, or else is as good as missing.
pub(super) fn lenient<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: DeserializeOwned + Default,
    D: Deserializer<'de>,
{
    let value = Value::deserialize(from)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}
