//! What came of changes of the configuration, and whether anybody looks for them.

use jiff::{SignedDuration, Timestamp};

use crate::wiring::StartError;

/// Past this nobody looks any more: the files, or their file system, hang, or the looking has ended.
const LOOKS_APART: SignedDuration = SignedDuration::from_secs(10);

/// What came of changes of the configuration.
#[derive(Debug, Clone)]
pub struct Reloads {
    /// Why the latest one is not served, if it is not: a line for each mistake.
    pub refused: Option<String>,
    /// Keys of the one that is served whose values need a restart.
    pub need_restart: Vec<&'static str>,
    /// When the files were last looked at.
    looked_at: Timestamp,
}

impl Reloads {
    /// Of a configuration that has just been read.
    pub(super) fn since(start: Timestamp) -> Self {
        Self { refused: None, need_restart: Vec::new(), looked_at: start }
    }

    pub(super) fn look(&mut self, now: Timestamp) {
        self.looked_at = now;
    }

    pub(super) fn note(&mut self, outcome: Result<&[&'static str], &StartError>) {
        self.refused = outcome.err().map(ToString::to_string);
        if let Ok(keys) = outcome {
            self.need_restart = keys.to_vec();
        }
    }

    /// Since when changes are not noticed any more, if so.
    pub fn unwatched_since(&self, now: Timestamp) -> Option<Timestamp> {
        (now.duration_since(self.looked_at) > LOOKS_APART).then_some(self.looked_at)
    }
}
