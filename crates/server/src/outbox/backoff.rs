//! How long an event waits after a failed attempt.

use std::time::Duration;

use jiff::SignedDuration;

const FIRST: SignedDuration = SignedDuration::from_secs(1);
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// The wait after so many failed attempts: doubling to an hour, and of that between a half and the whole, by
/// `random`, so that what failed together does not come back together. A vendor that asks for more gets it.
pub(super) fn wait(attempts: u32, asked: Option<Duration>, random: u64) -> SignedDuration {
    let doubled = 1_i32.checked_shl(attempts.saturating_sub(1).min(30)).unwrap_or(i32::MAX);
    let whole = FIRST.checked_mul(doubled).unwrap_or(LONGEST).min(LONGEST);
    let half = whole / 2;
    let part = i64::try_from(random % 1_000).unwrap_or(0);
    let jitter =
        SignedDuration::from_millis(i64::try_from(half.as_millis()).unwrap_or(0) * part / 1_000);
    let asked = asked.and_then(|asked| SignedDuration::try_from(asked).ok());
    (half + jitter).max(asked.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_an_hour_with_jitter_within_the_upper_half() {
        for (attempts, whole) in
            [(1, 1), (2, 2), (5, 16), (12, 2_048), (13, 3_600), (u32::MAX, 3_600)]
        {
            let whole = SignedDuration::from_secs(whole);
            assert_eq!(wait(attempts, None, 0), whole / 2, "{attempts}");
            let longest = wait(attempts, None, 999);
            assert!(whole / 2 < longest && longest < whole, "{attempts}: {longest}");
        }
    }

    #[test]
    fn a_vendor_that_asks_for_more_gets_it() {
        assert_eq!(wait(1, Some(Duration::from_secs(90)), 0), SignedDuration::from_secs(90));
        assert_eq!(wait(9, Some(Duration::from_secs(1)), 0), SignedDuration::from_secs(128));
    }
}
