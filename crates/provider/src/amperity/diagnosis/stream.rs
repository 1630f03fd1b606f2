//! Whether events can be handed over: the host, the tenant, the key and the stream.

use bytes::Bytes;

use super::AmperityDiagnosis;
use super::ailments::{
    INGEST_TOKEN_REFUSED, INGEST_TOKEN_SCOPE, STREAM_DROPS, STREAM_REJECTS, STREAM_UNKNOWN,
    VENDOR_IN_TROUBLE, VENDOR_UNREACHABLE,
};
use super::heard::Heard;
use crate::diagnosis::{Ailment, Check};

/// Configuration key of the stream.
const STREAM_KEY: &str = "event_stream_id";

/// No event: it is refused once everything else is right.
const NO_EVENT: Bytes = Bytes::from_static(b"[]");

impl AmperityDiagnosis {
    /// What the stream says to something that is no event.
    pub(super) async fn ask_stream(&self) -> Heard {
        Heard::of_attempt(&self.stream.hand_over(NO_EVENT).await)
    }

    /// What that says of the configuration.
    pub(super) fn of_stream(&self, heard: &Heard) -> Check {
        self.told_of_stream("Amperity takes the stream's key, and has the stream", heard)
    }

    /// The check of that claim, by what the stream said.
    pub(super) fn told_of_stream(&self, claim: &str, heard: &Heard) -> Check {
        let found = |ailment: &'static Ailment, key: &str, seen: &str| {
            Check::found(claim, ailment, key, seen)
        };
        match heard {
            Heard::Fine => Check::good(claim),
            Heard::Unreachable(reason) => {
                found(&VENDOR_UNREACHABLE, self.host_key, &format!("no connection: {reason}"))
            }
            Heard::Rejected => {
                found(&INGEST_TOKEN_REFUSED, self.events_key, "401 on an event's POST")
            }
            Heard::OutOfScope => {
                found(&INGEST_TOKEN_SCOPE, self.events_key, "403 on an event's POST")
            }
            Heard::Unknown | Heard::NoLinkingKeys => {
                found(&STREAM_UNKNOWN, STREAM_KEY, "404 on an event's POST")
            }
            Heard::Dropped => found(&STREAM_DROPS, STREAM_KEY, "204 on an event's POST"),
            Heard::Refused => found(&STREAM_REJECTS, STREAM_KEY, "409 on an event's POST"),
            Heard::NoToken(reason) => Check::skipped(claim, reason),
            Heard::Trouble(seen) => found(&VENDOR_IN_TROUBLE, self.events_key, seen),
        }
    }
}
