//! `[server.limits]`: how much anybody may ask for. See [`crate::limits`].

use std::num::NonZeroU32;

use serde::Deserialize;

use crate::limits::LimitSettings;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitsSettings {
    flood_per_second: NonZeroU32,
    visitor_per_minute: NonZeroU32,
    address_per_minute: NonZeroU32,
    pipeline_per_second: NonZeroU32,
}

impl Default for LimitsSettings {
    fn default() -> Self {
        let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self {
            // Whole offices and mobile carriers share an address.
            flood_per_second: number(500),
            visitor_per_minute: number(120),
            address_per_minute: number(3_000),
            pipeline_per_second: number(5_000),
        }
    }
}

impl From<LimitsSettings> for LimitSettings {
    fn from(settings: LimitsSettings) -> Self {
        Self {
            flood_per_second: settings.flood_per_second,
            visitor_per_minute: settings.visitor_per_minute,
            address_per_minute: settings.address_per_minute,
            pipeline_per_second: settings.pipeline_per_second,
        }
    }
}
