//! A side of a window, as people write it.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

/// A time, or how long ago it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    At(Timestamp),
    Ago(SignedDuration),
}

impl When {
    pub(super) fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(past) => now.checked_sub(past).unwrap_or(Timestamp::MIN),
        }
    }
}

impl FromStr for When {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "now" {
            return Ok(Self::Ago(SignedDuration::ZERO));
        }
        let time = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse());
        time.map(Self::At).ok().or_else(|| ago(text).map(Self::Ago)).ok_or(
            "write a time such as `2026-05-01T00:00:00Z`, a day such as `2026-05-01`, `now`, or how long ago it \
             is: `7d`, `12h`, `30m`",
        )
    }
}

/// `7d`: a number and a unit.
fn ago(text: &str) -> Option<SignedDuration> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return None,
    };
    let digits = text.get(..text.len() - 1)?;
    // `parse` alone would take `+7` and `-7`.
    let number: i64 =
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    number.checked_mul(unit).map(SignedDuration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_days_and_spans_are_read() {
        let now: Timestamp = "2026-05-08T12:00:00Z".parse().unwrap();
        for (text, time) in [
            ("now", "2026-05-08T12:00:00Z"),
            ("7d", "2026-05-01T12:00:00Z"),
            ("1w", "2026-05-01T12:00:00Z"),
            ("36h", "2026-05-07T00:00:00Z"),
            ("90m", "2026-05-08T10:30:00Z"),
            ("0s", "2026-05-08T12:00:00Z"),
            ("2026-05-01", "2026-05-01T00:00:00Z"),
            ("2026-05-01T02:00:00+02:00", "2026-05-01T00:00:00Z"),
        ] {
            assert_eq!(text.parse::<When>().unwrap().at(now), time.parse().unwrap(), "{text}");
        }
        for text in ["", "d", "-7d", "+7d", "7", "7y", "7.5d", "yesterday", "2026-13-01", "ä"] {
            assert!(text.parse::<When>().unwrap_err().contains("`7d`"), "{text}");
        }
        assert_eq!("9999999999999w".parse::<When>().unwrap().at(now), Timestamp::MIN);
    }
}
