//! `Retry-After` (RFC 9110, 10.2.3): seconds, or a date.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};

/// Longest wait that is believed. No vendor here shuts anybody out for longer, and a caller may add the
/// wait to a clock without fear of its end.
const LONGEST: Duration = Duration::from_hours(24);

/// How long the answer asks to wait. A date is read against the answer's own `Date`: no clock of ours
/// is needed, and the vendor's may be wrong. Absent or unreadable is `None`.
pub(super) fn of(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok();
    let value = text(RETRY_AFTER)?;
    // `parse` alone would take `+1`.
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // All digits fail only by being too many.
        value.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        let then = httpdate::parse_http_date(value).ok()?;
        let now = httpdate::parse_http_date(text(DATE)?).ok()?;
        then.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn wait(retry_after: &str, date: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(retry_after).unwrap());
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
        }
        of(&headers)
    }

    #[test]
    fn seconds_and_dates_are_read() {
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(of(&HeaderMap::new()), None);
        for (retry_after, date, expected) in [
            ("7", None, seconds(7)),
            ("0", None, seconds(0)),
            ("Sun, 06 Nov 1994 08:49:49 GMT", Some(NOW), seconds(12)),
            // The two obsolete forms, which a recipient must still accept (RFC 9110, 5.6.7).
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(NOW), seconds(60)),
            ("Sun Nov  6 08:49:38 1994", Some(NOW), seconds(1)),
            // Already over: at once.
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(NOW), seconds(0)),
            ("Sun, 06 Nov 1994 08:49:49 GMT", None, None),
            ("Sun, 06 Nov 1994 08:49:49 GMT", Some("yesterday"), None),
        ] {
            assert_eq!(wait(retry_after, date), expected, "{retry_after} at {date:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_none_and_what_is_too_long_is_cut() {
        for unreadable in ["", "soon", "-1", "+1", "1.5", "7 s", "0x10"] {
            assert_eq!(wait(unreadable, Some(NOW)), None, "{unreadable}");
        }
        let huge = "9".repeat(40);
        for endless in ["18446744073709551615", &huge, "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(wait(endless, Some(NOW)), Some(LONGEST), "{endless}");
        }
    }
}
