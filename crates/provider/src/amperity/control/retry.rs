//! How often, and after what wait, a question is asked again. Only what changes nothing is.

use std::time::Duration;

use super::error::ControlError;
use crate::http::HttpError;

/// How often a question is asked in all.
const ATTEMPTS: u32 = 5;

/// The first wait, which doubles.
const FIRST: Duration = Duration::from_secs(1);

/// A vendor that asks for a longer one gets its peace: somebody is waiting for this answer.
const LONGEST: Duration = Duration::from_mins(1);

/// The wait before the next attempt, or `None` where the error stands. Doubled waits, of which between a half and
/// the whole by `random`, so that what failed together does not come back together; a vendor that asks for more
/// gets it.
pub(super) fn wait(error: &ControlError, attempts: u32, random: u64) -> Option<Duration> {
    let asked = match error {
        ControlError::RateLimited { retry_after, .. }
        | ControlError::Unavailable { retry_after, .. } => *retry_after,
        ControlError::Http(HttpError::Deadline | HttpError::Connection(_)) => None,
        _ => return None,
    };
    let asked = asked.unwrap_or_default();
    if attempts >= ATTEMPTS || LONGEST < asked {
        return None;
    }
    let whole = FIRST * 2_u32.pow(attempts.saturating_sub(1).min(5));
    let part = u32::try_from(random % 1_000).unwrap_or(0);
    Some((whole / 2 + whole / 2 * part / 1_000).max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amperity::control::Said;

    fn limited(retry_after: Option<u64>) -> ControlError {
        let retry_after = retry_after.map(Duration::from_secs);
        ControlError::RateLimited { retry_after, said: Said::default() }
    }

    #[test]
    fn waits_double_with_jitter_in_the_upper_half_and_end() {
        let ms = |attempts, random| wait(&limited(None), attempts, random).unwrap().as_millis();
        for (attempts, whole) in [(1, 1_000), (2, 2_000), (3, 4_000), (4, 8_000)] {
            assert_eq!(ms(attempts, 0), whole / 2);
            let longest = ms(attempts, 999);
            assert!(whole / 2 < longest && longest < whole, "{longest}");
        }
        assert_eq!(wait(&limited(None), 5, 0), None);
    }

    #[test]
    fn a_vendor_s_own_wait_counts_as_far_as_somebody_can_wait() {
        let seconds = |asked| wait(&limited(Some(asked)), 1, 0).map(|wait| wait.as_secs());
        assert_eq!((seconds(7), seconds(60), seconds(61)), (Some(7), Some(60), None));
        assert_eq!(wait(&ControlError::RepeatedToken, 1, 0), None);
    }
}
