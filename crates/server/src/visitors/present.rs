//! The visitor of a request.

use std::sync::{Arc, OnceLock};

use datafly_core::id::CanonicalId;
use datafly_core::visitor::Visitor;
use jiff::Timestamp;

use super::recent::Seen;
use super::{LIFE, RENEW_AFTER};

/// The visitor of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Present {
    /// The id.
    pub id: CanonicalId,
    /// The record's version; 0 where there is no record.
    pub version: u64,
    /// The record; empty where there is none.
    pub record: Arc<Visitor>,
    /// Whether the id was made in this request. Such an id is never looked up: nobody can know it yet.
    pub minted: bool,
    /// What events that are sent later name the visitor by, once it was made.
    pub handle: Arc<OnceLock<String>>,
    /// When the record goes.
    pub(super) expires_at: Timestamp,
    /// When the visitor this browser still presented logged out, if that is why the id is new.
    pub(super) left_at: Option<Timestamp>,
}

impl Present {
    pub(super) fn known(id: CanonicalId, seen: Seen) -> Self {
        Self {
            id,
            version: seen.version,
            record: seen.record,
            minted: false,
            handle: seen.handle,
            // Where there is no record there is nothing that lasts.
            expires_at: if seen.version == 0 { Timestamp::MIN } else { seen.expires_at },
            left_at: None,
        }
    }

    /// Whether the record need not be written anew to live on.
    pub(super) fn lasts(&self, now: Timestamp) -> bool {
        self.version > 0 && now + (LIFE - RENEW_AFTER) < self.expires_at
    }
}
