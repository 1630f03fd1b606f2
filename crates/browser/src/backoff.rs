//! How long an event that could not be delivered waits.

/// Ceiling of the first pause: twice the shortest it can be. Five tries take 15 seconds at least.
const FIRST_MS: u32 = 2_100;

/// No pause has a higher ceiling: a page that is open sees a server come back within this time.
const MOST_MS: u32 = 30_000;

/// The server's wishes end here: it may have been a proxy's, and browsers' timers have a limit.
const MOST_OBLIGED_MS: u32 = 3_600_000;

/// A pause after `failures` failed attempts in a row (at least one): half of a ceiling that doubles, so that a
/// server that is down is left alone, and up to as much again by chance, so that the pages of a site do not return as
/// one wave. `random` is in `0.0..1.0`. A longer wish of the server (`Retry-After`) wins.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a u32")]
pub fn pause_ms(failures: u32, random: f64, retry_after_ms: Option<u32>) -> u32 {
    let doublings = failures.saturating_sub(1).min(4);
    let half = (FIRST_MS << doublings).min(MOST_MS) / 2;
    let jittered = half + (f64::from(half) * random) as u32;
    jittered.max(retry_after_ms.unwrap_or(0).min(MOST_OBLIGED_MS))
}

#[cfg(test)]
mod tests {
    use super::pause_ms;

    #[test]
    fn ceilings_double_up_to_thirty_seconds() {
        let ceilings: Vec<u32> = (1..=6).map(|n| pause_ms(n, 1.0, None)).collect();
        assert_eq!(ceilings, [2_100, 4_200, 8_400, 16_800, 30_000, 30_000]);
    }

    #[test]
    fn a_server_that_is_down_for_fifteen_seconds_meets_at_most_five_tries() {
        let pauses = (1..=4).map(|failures| pause_ms(failures, 0.0, None));
        assert!(pauses.sum::<u32>() > 15_000, "the fifth try finds it up");
    }

    #[test]
    fn half_of_a_pause_is_chance_and_retry_after_is_a_floor() {
        assert_eq!(pause_ms(3, 0.0, None), 4_200);
        assert_eq!(pause_ms(3, 0.5, None), 6_300);
        assert_eq!(pause_ms(1, 0.9, Some(7_000)), 7_000);
        assert_eq!(pause_ms(6, 1.0, Some(7_000)), 30_000);
        assert_eq!(pause_ms(u32::MAX, 1.0, None), 30_000);
        assert_eq!(pause_ms(1, 0.9, Some(u32::MAX)), 3_600_000);
    }
}
