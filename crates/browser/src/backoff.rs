//! How long an event that could not be delivered waits.

/// Ceiling of the first pause.
const FIRST_MS: u32 = 1_000;

/// No pause has a higher ceiling: a page that is open sees a server come back within this time.
const MOST_MS: u32 = 30_000;

/// The server's wishes end here: it may have been a proxy's, and browsers' timers have a limit.
const MOST_OBLIGED_MS: u32 = 3_600_000;

/// A pause after `failures` failed attempts in a row (at least one): full jitter, so that the pages of a
/// site do not return as one wave, under a ceiling that doubles. `random` is in `0.0..1.0`.
/// A longer wish of the server (`Retry-After`) wins.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a u32")]
pub fn pause_ms(failures: u32, random: f64, retry_after_ms: Option<u32>) -> u32 {
    let doublings = failures.saturating_sub(1).min(5);
    let ceiling = (FIRST_MS << doublings).min(MOST_MS);
    let jittered = (f64::from(ceiling) * random) as u32;
    jittered.max(retry_after_ms.unwrap_or(0).min(MOST_OBLIGED_MS))
}

#[cfg(test)]
mod tests {
    use super::pause_ms;

    #[test]
    fn ceilings_double_up_to_thirty_seconds() {
        let ceilings: Vec<u32> = (1..=8).map(|n| pause_ms(n, 1.0, None)).collect();
        assert_eq!(ceilings, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn jitter_covers_the_whole_range_and_retry_after_is_a_floor() {
        assert_eq!(pause_ms(3, 0.0, None), 0);
        assert_eq!(pause_ms(3, 0.5, None), 2_000);
        assert_eq!(pause_ms(1, 0.9, Some(7_000)), 7_000);
        assert_eq!(pause_ms(6, 1.0, Some(7_000)), 30_000);
        assert_eq!(pause_ms(u32::MAX, 1.0, None), 30_000);
        assert_eq!(pause_ms(1, 0.9, Some(u32::MAX)), 3_600_000);
    }
}
