//! Dampening: how long a vendor that knew nobody by a key is not asked again.
//!
//! The wait is 30 s after the first miss and doubles up to an hour. News of the visitor (its first accepted
//! event, a newly usable identifier) allow two retries before that, one from 5 s and one from 15 s after the
//! news; such a retry leaves the wait as it is. Only the time of the last try is kept: a retry point that
//! lies after it has not been used yet.

use jiff::{SignedDuration, Timestamp};

use super::lifetimes::{EARLY_RETRIES, Lifetimes};

/// A key's latest miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Miss {
    tried_at: Timestamp,
    wait: SignedDuration,
}

impl Miss {
    /// The vendor knew nobody at `now`; `before` is the key's earlier miss, if it had one.
    pub(super) fn after(before: Option<Self>, now: Timestamp, lives: &Lifetimes) -> Self {
        let wait = match before {
            None => lives.first_miss,
            Some(before) if now < before.over() => before.wait,
            Some(before) => before.wait.saturating_mul(2).min(lives.longest_miss),
        };
        Self { tried_at: now, wait }
    }

    /// Whether the vendor may be asked again at `now`, with news of the visitor as of `news`.
    pub(super) fn may_retry(&self, now: Timestamp, news: Option<Timestamp>) -> bool {
        let early = |news: Timestamp| {
            EARLY_RETRIES.into_iter().any(|after| {
                news.checked_add(after).is_ok_and(|point| self.tried_at < point && point <= now)
            })
        };
        self.over() <= now || news.is_some_and(early)
    }

    fn over(&self) -> Timestamp {
        self.tried_at.checked_add(self.wait).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn at(seconds: i64) -> Timestamp {
        START + SignedDuration::from_secs(seconds)
    }

    /// The seconds in which a visitor who asks all the time makes the vendor answer.
    fn tries(until: i64, news: Option<i64>) -> Vec<i64> {
        let lives = Lifetimes::default();
        let (mut miss, mut tries) = (None::<Miss>, Vec::new());
        for second in 0..until {
            let news = news.filter(|news| *news <= second).map(at);
            if miss.is_none_or(|miss| miss.may_retry(at(second), news)) {
                miss = Some(Miss::after(miss, at(second), &lives));
                tries.push(second);
            }
        }
        tries
    }

    #[test]
    fn the_wait_doubles_to_an_hour() {
        let expected = [0, 30, 90, 210, 450, 930, 1890, 3810, 7410, 11_010, 14_610];
        assert_eq!(tries(15_000, None), expected);
    }

    #[test]
    fn news_allow_one_retry_at_5_s_and_one_at_15_s() {
        // The wait of 30 s runs from the latest try.
        assert_eq!(tries(200, Some(0)), [0, 5, 15, 45, 105]);
        assert_eq!(tries(120, Some(40)), [0, 30, 45, 55, 115]);
    }

    #[test]
    fn a_visitor_who_comes_late_has_one_early_retry_left() {
        let miss = Miss::after(None, at(0), &Lifetimes::default());
        let news = Some(at(0));
        assert!(!miss.may_retry(at(4), news));
        assert!(miss.may_retry(at(20), news));
        let again = Miss::after(Some(miss), at(20), &Lifetimes::default());
        assert!(!again.may_retry(at(29), news), "both points are past");
    }
}
