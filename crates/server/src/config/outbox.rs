//! `[server.outbox]`: how much may wait.

use datafly_settings::Section;

const DEFAULT_MB: i64 = 10_240;

/// `[server.outbox]`, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxConfig {
    /// Most bytes of events on disk; past them events are answered 503 until some have left.
    pub bytes: u64,
}

impl Default for OutboxConfig {
    fn default() -> Self {
        Self { bytes: bytes(DEFAULT_MB) }
    }
}

impl OutboxConfig {
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let mb = section.number("max_mb", DEFAULT_MB, 8..=1_000_000, "megabytes");
        section.end();
        Some(Self { bytes: bytes(mb?) })
    }
}

fn bytes(mb: i64) -> u64 {
    mb.unsigned_abs() * 1024 * 1024
}
