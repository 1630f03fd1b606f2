//! The keys that deliveries need.

use datafly_settings::Section;
use url::Url;

use super::{Credential, is_id};
use crate::keys;

/// What deliveries need.
#[derive(Debug, Clone)]
pub struct IngestConfig {
    /// What they authenticate with.
    pub credential: Credential,
    /// The stream, `{base}prof/events/esm-…`.
    pub events_url: Url,
    /// The `source` that the stream routes on. Case counts: another one is accepted (202) and dropped.
    pub source_value: String,
    /// The consent without which nothing is sent; `None` unless the owner asks for one.
    pub consent_category: Option<String>,
}

impl IngestConfig {
    /// Reads its other keys, and notes everything that is wrong in them.
    pub(super) fn read(
        section: &mut Section<'_>,
        base_url: Option<&Url>,
        credential: Option<Credential>,
    ) -> Option<Self> {
        let source_value = keys::text(section, "source_value", "source_value = \"DATAFLY\"");
        let stream = event_stream_id(section);
        let consent_category = keys::consent_category(section, None);
        Some(Self {
            credential: credential?,
            events_url: base_url?.join("prof/events/").ok()?.join(&stream?).ok()?,
            source_value: source_value?,
            consent_category: consent_category?,
        })
    }
}

fn event_stream_id(section: &mut Section<'_>) -> Option<String> {
    const KEY: &str = "event_stream_id";

    let stream = section.required::<String>(KEY, "event_stream_id = \"esm-…\"")?;
    if is_id(&stream, "esm-") {
        return Some(stream);
    }
    let hint = if stream.starts_with("is-") {
        // The batch path, which the seed warns of.
        "ids that start with `is-` belong to batch ingest, which accepts events but does not update profiles \
         in real time; create a real-time stream and use its `esm-` id"
    } else {
        "write the real-time stream's id, which starts with `esm-`"
    };
    section.refuse_value(KEY, stream, hint);
    None
}
