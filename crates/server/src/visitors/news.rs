//! What an accepted event changes about its visitor.

use datafly_core::consent::Consent;
use datafly_core::visitor::{Doing, Visitor};
use jiff::Timestamp;

/// What an accepted event says of its visitor, besides that there is one.
#[derive(Debug, Clone, Default)]
pub struct News {
    /// What the visitor is doing, where somebody personalises by it.
    pub doing: Option<Doing>,
    /// What the visitor consents to, where the event says so.
    pub consent: Option<Consent>,
}

impl News {
    pub(super) fn apply(self, record: &mut Visitor, now: Timestamp) {
        record.note_event(now);
        if let Some(doing) = self.doing {
            record.note_context(doing);
        }
        if let Some(consent) = self.consent {
            record.set_consent(consent);
        }
    }
}
