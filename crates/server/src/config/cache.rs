//! `[server.cache]`: how long answers of vendors live, and how much memory they may take.

use datafly_settings::Section;
use jiff::SignedDuration;

use crate::enrichment::Lifetimes;

/// Memory for cached answers unless the owner says otherwise: some 60,000 profiles of 500 bytes.
const DEFAULT_MEMORY_MB: u32 = 128;

/// Different contexts a minute and integration: a shop's categories, not its products.
const DEFAULT_CONTEXTS_PER_MINUTE: u32 = 120;

const DAY: i64 = 24 * 60 * 60;

/// `[server.cache]`, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheConfig {
    /// Bound of all caches together, in bytes.
    pub bytes: u64,
    /// Most different contexts a minute that may cost a vendor call, per integration.
    pub contexts_per_minute: usize,
    /// How long answers live.
    pub lives: Lifetimes,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            bytes: megabytes(DEFAULT_MEMORY_MB),
            contexts_per_minute: DEFAULT_CONTEXTS_PER_MINUTE as usize,
            lives: Lifetimes::default(),
        }
    }
}

impl CacheConfig {
    pub(super) fn read(mut section: Section<'_>) -> Option<Self> {
        let lives = Lifetimes::default();
        let mut seconds = |key, otherwise: SignedDuration, most| {
            let seconds = section.number(key, otherwise.as_secs(), 1..=most, "seconds");
            seconds.map(SignedDuration::from_secs)
        };
        let resolution = seconds("resolution_seconds", lives.resolution, 30 * DAY);
        let first_miss = seconds("first_miss_seconds", lives.first_miss, DAY);
        let longest_miss = seconds("longest_miss_seconds", lives.longest_miss, DAY);
        let fresh = seconds("fresh_seconds", lives.fresh, DAY);
        let stale = seconds("stale_seconds", lives.stale, 30 * DAY);
        let personalised = seconds("personalised_seconds", lives.personalised, DAY);
        let mut number = |key, otherwise: u32, range, unit| {
            let number = section.number(key, otherwise.into(), range, unit);
            number.and_then(|number| u32::try_from(number).ok())
        };
        let memory = number("memory_mb", DEFAULT_MEMORY_MB, 1..=1024 * 1024, "megabytes");
        let (contexts, any) = ("contexts_per_minute", 0..=i64::from(u32::MAX));
        let contexts = number(contexts, DEFAULT_CONTEXTS_PER_MINUTE, any, "different contexts");
        section.end();
        Some(Self {
            bytes: megabytes(memory?),
            contexts_per_minute: usize::try_from(contexts?).unwrap_or(usize::MAX),
            lives: Lifetimes {
                resolution: resolution?,
                first_miss: first_miss?,
                longest_miss: longest_miss?,
                fresh: fresh?,
                stale: stale?,
                personalised: personalised?,
            },
        })
    }
}

fn megabytes(number: u32) -> u64 {
    u64::from(number) * 1024 * 1024
}
