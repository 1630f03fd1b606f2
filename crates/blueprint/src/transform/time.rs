//! Times, as events write them and as vendors read them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Iso8601,
    Date,
    DateCompact,
    EpochSeconds,
    EpochMillis,
    EpochMicros,
}

/// A row of the table of formats.
pub(crate) struct FormatRow {
    pub(crate) name: &'static str,
    pub(crate) format: Format,
    /// What `2026-04-17T15:37:10.484Z` becomes, as JSON.
    pub(crate) example: &'static str,
}

/// All of them, in the order of the reference.
pub(crate) const FORMATS: &[FormatRow] = &[
    FormatRow { name: "iso8601", format: Format::Iso8601, example: "\"2026-04-17T15:37:10.484Z\"" },
    FormatRow { name: "date", format: Format::Date, example: "\"2026-04-17\"" },
    FormatRow { name: "date_compact", format: Format::DateCompact, example: "\"20260417\"" },
    FormatRow { name: "epoch_seconds", format: Format::EpochSeconds, example: "1776440230" },
    FormatRow { name: "epoch_millis", format: Format::EpochMillis, example: "1776440230484" },
    FormatRow { name: "epoch_micros", format: Format::EpochMicros, example: "1776440230484000" },
];

/// A Unix time at or over this many seconds (the year 5138) is meant in milliseconds …
const MILLIS_FROM: i64 = 100_000_000_000;

/// … and at or over this many in microseconds.
const MICROS_FROM: i64 = 100_000_000_000_000;

/// The time in that format; `None` where the value is no time.
pub(super) fn date(value: &Value, format: Format) -> Option<Value> {
    let time = read(value)?;
    Some(match format {
        Format::Iso8601 => time.to_string().into(),
        Format::Date => time.strftime("%Y-%m-%d").to_string().into(),
        Format::DateCompact => time.strftime("%Y%m%d").to_string().into(),
        Format::EpochSeconds => time.as_second().into(),
        Format::EpochMillis => time.as_millisecond().into(),
        Format::EpochMicros => time.as_microsecond().into(),
    })
}

fn read(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => unix(number.as_i64()?),
        Value::String(text) => {
            let text = text.trim();
            let exact = text.parse::<Timestamp>().ok();
            exact.or_else(|| unix(text.parse().ok()?)).or_else(|| {
                let civil = text.parse::<DateTime>().ok()?;
                Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
            })
        }
        _ => None,
    }
}

fn unix(time: i64) -> Option<Timestamp> {
    match time {
        MICROS_FROM.. => Timestamp::from_microsecond(time),
        MILLIS_FROM.. => Timestamp::from_millisecond(time),
        _ => Timestamp::from_second(time),
    }
    .ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_example_of_the_reference_is_true() {
        for row in FORMATS {
            let expected: Value = serde_json::from_str(row.example).unwrap();
            let written = date(&json!("2026-04-17T15:37:10.484Z"), row.format);
            assert_eq!(written, Some(expected), "{}", row.name);
        }
    }

    #[test]
    fn a_time_is_read_in_every_spelling_that_is_in_use() {
        for time in [
            json!("2026-04-17T15:37:10Z"),
            json!("2026-04-17T17:37:10+02:00"),
            json!("2026-04-17T15:37:10"),
            json!("2026-04-17 15:37:10"),
            json!(1_776_440_230),
            json!("1776440230"),
            json!(1_776_440_230_000_i64),
            json!(1_776_440_230_000_000_i64),
        ] {
            assert_eq!(date(&time, Format::EpochSeconds), Some(json!(1_776_440_230)), "{time}");
        }
        assert_eq!(date(&json!("1984-02-29"), Format::DateCompact), Some(json!("19840229")));
    }
}
