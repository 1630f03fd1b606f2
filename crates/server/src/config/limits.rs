//! `[server.limits]`: how much anybody may ask for. See [`crate::limits`].

use std::num::NonZeroU32;

use datafly_settings::Section;

use crate::limits::LimitSettings;

/// Whole offices and mobile carriers share an address.
const FLOOD_PER_SECOND: u32 = 500;
const VISITOR_PER_MINUTE: u32 = 120;
const ADDRESS_PER_MINUTE: u32 = 3_000;
const PIPELINE_PER_SECOND: u32 = 5_000;

pub(super) fn defaults() -> LimitSettings {
    let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    LimitSettings {
        flood_per_second: number(FLOOD_PER_SECOND),
        visitor_per_minute: number(VISITOR_PER_MINUTE),
        address_per_minute: number(ADDRESS_PER_MINUTE),
        pipeline_per_second: number(PIPELINE_PER_SECOND),
    }
}

pub(super) fn read(mut section: Section<'_>) -> Option<LimitSettings> {
    let mut number = |key, otherwise: u32, unit| {
        let number = section.number(key, otherwise.into(), 1..=u32::MAX.into(), unit)?;
        NonZeroU32::new(u32::try_from(number).ok()?)
    };
    let flood = number("flood_per_second", FLOOD_PER_SECOND, "requests a second");
    let visitor = number("visitor_per_minute", VISITOR_PER_MINUTE, "requests a minute");
    let address = number("address_per_minute", ADDRESS_PER_MINUTE, "requests a minute");
    let pipeline = number("pipeline_per_second", PIPELINE_PER_SECOND, "requests a second");
    section.end();
    Some(LimitSettings {
        flood_per_second: flood?,
        visitor_per_minute: visitor?,
        address_per_minute: address?,
        pipeline_per_second: pipeline?,
    })
}
