//! What is read of a declared vendor's answer: the map where the owner points, and nothing else.

use datafly_core::attributes::Attributes;
use serde_json::Value;

use crate::profile::ProviderError;

/// The attributes at the pointer; `None` where there is `null`, as some vendors say nobody.
pub(super) fn attributes(body: &[u8], pointer: &str) -> Result<Option<Attributes>, ProviderError> {
    let bad = |reason| ProviderError::BadAnswer { reason };
    let mut answer: Value = serde_json::from_slice(body).map_err(|_| bad("it is not JSON"))?;
    match answer.pointer_mut(pointer).map(Value::take) {
        Some(Value::Object(attributes)) => Ok(Some(attributes)),
        Some(Value::Null) => Ok(None),
        Some(_) => Err(bad("what `attributes` points to is no map")),
        None => Err(bad("there is nothing where `attributes` points")),
    }
}
