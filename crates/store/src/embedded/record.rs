//! How a record and its key are written in the file. JSON: a record is small, read by people when
//! something is wrong, and the version of the whole file guards its shape.

use datafly_core::visitor::Visitor;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::state::{StateError, Stored, VisitorKey};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record<V> {
    version: u64,
    expires_ms: i64,
    visitor: V,
}

/// `pipeline NUL id`: sorts by pipeline, and no pipeline key holds a NUL.
pub(super) fn key(key: &VisitorKey) -> Vec<u8> {
    let pipeline = key.pipeline.as_str().as_bytes();
    [pipeline, &[0], key.id.as_bytes().as_slice()].concat()
}

pub(super) fn encode(stored: &Stored) -> Result<Vec<u8>, StateError> {
    serde_json::to_vec(&Record {
        version: stored.version,
        expires_ms: stored.expires_at.as_millisecond(),
        visitor: &stored.visitor,
    })
    .map_err(|_| StateError::Damaged)
}

pub(super) fn decode(bytes: &[u8]) -> Result<Stored, StateError> {
    let record: Record<Visitor> = serde_json::from_slice(bytes).map_err(|_| StateError::Damaged)?;
    Ok(Stored {
        visitor: record.visitor,
        version: record.version,
        expires_at: Timestamp::from_millisecond(record.expires_ms)
            .map_err(|_| StateError::Damaged)?,
    })
}
