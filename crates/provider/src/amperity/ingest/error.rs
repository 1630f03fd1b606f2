//! What Amperity's statuses mean for an event (domain facts 2.2, fates by design §9).

use http::StatusCode;

use super::super::token::INGEST_SCOPE;
use crate::destination::{ConfigFault, Fate, Meaning, Receipt};
use crate::http::Answer;

/// Configuration key of the stream.
const STREAM_KEY: &str = "event_stream_id";

/// The event's fate by the answer's status; `credential` is the credential's key. Amperity's bodies say nothing that the status does not.
pub(super) fn fate(answer: &Answer, credential: &'static str) -> Fate {
    let pause = |key, reason: String| Fate::Paused(ConfigFault::new(key, reason));
    match answer.status {
        StatusCode::NO_CONTENT => Fate::Done(Receipt::Dropped),
        StatusCode::UNAUTHORIZED => {
            let reason = "Amperity does not accept the key for the tenant (401): generate a new one, or correct \
                          `tenant_id`";
            pause(credential, reason.to_owned())
        }
        StatusCode::FORBIDDEN => {
            let reason = format!("Amperity refused the key's scope (403): it needs {INGEST_SCOPE}");
            pause(credential, reason)
        }
        StatusCode::NOT_FOUND => {
            let reason = "Amperity knows no such stream for the tenant (404): copy the id from Sources > Streams";
            pause(STREAM_KEY, reason.to_owned())
        }
        StatusCode::CONFLICT => {
            let reason = "the stream's mode is Reject (409): set it to Active in Amperity";
            pause(STREAM_KEY, reason.to_owned())
        }
        _ => Meaning::fate(answer, credential, "tenant_subdomain"),
    }
}
