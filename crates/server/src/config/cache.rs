//! `[server.cache]`: how long answers of vendors live, and how much memory they may take.

use jiff::SignedDuration;
use serde::Deserialize;

use super::ConfigError;
use crate::enrichment::Lifetimes;

/// Memory for cached answers unless the owner says otherwise: some 60,000 profiles of 500 bytes.
const DEFAULT_MEMORY_MB: u32 = 128;

/// Different contexts a minute and integration: a shop's categories, not its products.
const DEFAULT_CONTEXTS_PER_MINUTE: u32 = 120;

const DAY: i64 = 24 * 60 * 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CacheSettings {
    memory_mb: u32,
    contexts_per_minute: u32,
    resolution_seconds: i64,
    first_miss_seconds: i64,
    longest_miss_seconds: i64,
    fresh_seconds: i64,
    stale_seconds: i64,
    personalised_seconds: i64,
}

impl Default for CacheSettings {
    fn default() -> Self {
        let lives = Lifetimes::default();
        Self {
            memory_mb: DEFAULT_MEMORY_MB,
            contexts_per_minute: DEFAULT_CONTEXTS_PER_MINUTE,
            resolution_seconds: lives.resolution.as_secs(),
            first_miss_seconds: lives.first_miss.as_secs(),
            longest_miss_seconds: lives.longest_miss.as_secs(),
            fresh_seconds: lives.fresh.as_secs(),
            stale_seconds: lives.stale.as_secs(),
            personalised_seconds: lives.personalised.as_secs(),
        }
    }
}

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

impl CacheSettings {
    pub(super) fn check(self) -> Result<CacheConfig, ConfigError> {
        let seconds = |key: &str, value: i64, most: i64| {
            if (1..=most).contains(&value) {
                return Ok(SignedDuration::from_secs(value));
            }
            Err(ConfigError::Value {
                key: format!("server.cache.{key}"),
                value: value.to_string(),
                hint: format!("write 1 to {most} seconds"),
            })
        };
        if !(1..=1024 * 1024).contains(&self.memory_mb) {
            return Err(ConfigError::Value {
                key: "server.cache.memory_mb".to_owned(),
                value: self.memory_mb.to_string(),
                hint: "write megabytes, from 1 upwards".to_owned(),
            });
        }
        Ok(CacheConfig {
            bytes: u64::from(self.memory_mb) * 1024 * 1024,
            contexts_per_minute: usize::try_from(self.contexts_per_minute).unwrap_or(usize::MAX),
            lives: Lifetimes {
                resolution: seconds("resolution_seconds", self.resolution_seconds, 30 * DAY)?,
                first_miss: seconds("first_miss_seconds", self.first_miss_seconds, DAY)?,
                longest_miss: seconds("longest_miss_seconds", self.longest_miss_seconds, DAY)?,
                fresh: seconds("fresh_seconds", self.fresh_seconds, DAY)?,
                stale: seconds("stale_seconds", self.stale_seconds, 30 * DAY)?,
                personalised: seconds("personalised_seconds", self.personalised_seconds, DAY)?,
            },
        })
    }
}
