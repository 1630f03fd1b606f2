//! Medians, quantiles, and how far a median can be trusted.

use super::random::SplitMix64;

/// Resamples of one bootstrap: enough for the two outer 2.5 % to be steady in the second digit.
const RESAMPLES: usize = 4_000;

/// The same for every run: equal samples give equal intervals.
const SEED: u64 = 42;

/// A median and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    pub(super) low: f64,
    pub(super) median: f64,
    pub(super) high: f64,
}

/// The middle value; not a number where there is none.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The value below which `per_mille` thousandths of the sorted values are.
pub(super) fn quantile<T: Copy>(sorted: &[T], per_mille: usize) -> Option<T> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((sorted.len() * per_mille / 1000).min(last)).copied()
}

/// The median and its percentile-bootstrap interval.
pub(super) fn bootstrap(values: &[f64]) -> Interval {
    let mut random = SplitMix64::new(SEED);
    let mut resample = values.to_vec();
    let mut medians = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        for slot in &mut resample {
            *slot = values[random.below(values.len())];
        }
        medians.push(median(&resample));
    }
    medians.sort_unstable_by(f64::total_cmp);
    let at = |per_mille| quantile(&medians, per_mille).unwrap_or(f64::NAN);
    Interval { low: at(25), median: median(values), high: at(975) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 3.0, 2.0]) - 2.5).abs() < 1e-9);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn quantiles_stay_inside() {
        let sorted: Vec<u32> = (0..100).collect();
        assert_eq!(quantile(&sorted, 500), Some(50));
        assert_eq!(quantile(&sorted, 990), Some(99));
        assert_eq!(quantile(&sorted, 1000), Some(99));
        assert_eq!(quantile::<u32>(&[], 500), None);
    }

    #[test]
    fn the_interval_holds_the_median_and_repeats() {
        let values = [0.71, 0.74, 0.69, 0.75, 0.72, 0.9, 0.73, 0.7, 0.72];
        let interval = bootstrap(&values);
        assert!(0.69 <= interval.low && interval.low <= interval.median, "{interval:?}");
        assert!(interval.median <= interval.high && interval.high < 0.9, "{interval:?}");
        assert_eq!(interval, bootstrap(&values));
    }

    #[test]
    fn equal_samples_leave_no_doubt_and_more_samples_leave_less() {
        let sure = bootstrap(&[1.5; 9]);
        assert!((sure.high - sure.low).abs() < 1e-9);
        let few = bootstrap(&[0.6, 0.7, 0.8]);
        let many: Vec<f64> = [0.6, 0.7, 0.8].repeat(12);
        let many = bootstrap(&many);
        assert!(many.high - many.low <= few.high - few.low);
    }
}
