//! What a list gives.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::error::ControlError;

/// An item: what is documented of it, and all of it.
#[derive(Debug, Clone)]
pub struct Item<T> {
    /// The documented fields.
    pub known: T,
    json: Box<RawValue>,
}

impl<T: DeserializeOwned> Item<T> {
    /// The object as the vendor wrote it.
    pub fn json(&self) -> &str {
        self.json.get()
    }

    /// Reads what is known of it.
    pub(super) fn of(json: &RawValue) -> Result<Self, ControlError> {
        let bad = ControlError::BadAnswer { reason: "what is listed there are no JSON objects" };
        // A struct could be read from a list, too.
        if !json.get().starts_with('{') {
            return Err(bad);
        }
        let known = serde_json::from_str(json.get()).map_err(|_| bad)?;
        Ok(Self { known, json: json.to_owned() })
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items, in the vendor's order.
    pub items: Vec<Item<T>>,
    /// How many there are on all pages, where that was asked for and said.
    pub total: Option<u64>,
}
