//! The request budget of an account: so many calls in any second, however that second is cut, shared by two sides.
//!
//! Each side is sure of half. What one does not use is lent to the other, look-ups first, because a page waits for
//! them. A few calls are kept free for the side that has less than its half, so that the next of its calls need not
//! wait for the other one's backlog. And what deliveries take, and what look-ups borrow, is spread over the
//! second: taken all at once it would come back all at once a second later, with nothing in between. Who comes late
//! for it, because a timer or the disk took its time, catches up.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// One in so many calls is kept free. It is what a backlog of one side leaves unused.
const FREE: usize = 25;

/// Who waits for a call comes back once in so long, for all that have become due: not for each of a thousand.
const SLICE: SignedDuration = SignedDuration::from_millis(10);

/// Who comes later than that for a call has not been waiting for it, and begins anew. More at once would leave a longer
/// gap a second later, in which look-ups within their half use up what is kept free.
const CATCH_UP: SignedDuration = SignedDuration::from_millis(30);

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A profile, for a page or an event.
    LookUp,
    /// An event.
    Delivery,
}

/// The calls of the last second, and who waits for one.
#[derive(Debug)]
pub(super) struct Budget {
    per_second: usize,
    granted: VecDeque<(Timestamp, Side)>,
    look_ups: usize,
    /// When the next call that is spread is due, of look-ups and of deliveries.
    due: [Timestamp; 2],
    /// Deliveries that were told to wait, until one is granted a call.
    deliveries_wait: bool,
}

impl Budget {
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = usize::try_from(per_second).unwrap_or(usize::MAX);
        Self {
            per_second,
            granted: VecDeque::new(),
            look_ups: 0,
            due: [Timestamp::MIN; 2],
            deliveries_wait: false,
        }
    }

    /// Takes one call at `now`, or says when to ask again.
    pub(super) fn take(&mut self, side: Side, now: Timestamp) -> Result<(), Timestamp> {
        self.forget(now);
        let is_spread = side == Side::Delivery || self.look_ups >= self.half();
        let gap = self.gap();
        let due = self.due[side as usize];
        if is_spread && now < due {
            self.deliveries_wait |= side == Side::Delivery;
            return Err(due + (SLICE - gap).max(SignedDuration::ZERO));
        }
        if self.may_take(side) {
            if is_spread {
                let is_late = now.duration_since(due) <= CATCH_UP;
                self.due[side as usize] = if is_late { due } else { now } + gap;
            }
            self.granted.push_back((now, side));
            match side {
                Side::LookUp => self.look_ups += 1,
                Side::Delivery => self.deliveries_wait = false,
            }
            return Ok(());
        }
        self.deliveries_wait |= side == Side::Delivery;
        Err(self.granted.front().map_or(now, |(first, _)| *first + SECOND))
    }

    fn may_take(&self, side: Side) -> bool {
        let half = self.half();
        let free = self.per_second.saturating_sub(self.granted.len());
        let deliveries = self.granted.len() - self.look_ups;
        let kept_free = |used: usize| half.saturating_sub(used).min(self.per_second / FREE);
        match side {
            Side::LookUp if self.look_ups < half => free > 0,
            Side::LookUp => {
                free > kept_free(deliveries) && (!self.deliveries_wait || deliveries >= half)
            }
            Side::Delivery => free > kept_free(self.look_ups),
        }
    }

    fn half(&self) -> usize {
        self.per_second.div_ceil(2)
    }

    /// Between two calls that are spread.
    fn gap(&self) -> SignedDuration {
        SECOND / i32::try_from(self.per_second.max(1)).unwrap_or(i32::MAX)
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some((granted, side)) = self.granted.front() {
            if now.duration_since(*granted) < SECOND {
                return;
            }
            self.look_ups -= usize::from(*side == Side::LookUp);
            self.granted.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn at(millisecond: i64) -> Timestamp {
        START + SignedDuration::from_millis(millisecond)
    }

    /// The milliseconds in which each side was granted a call. In each so many more are wanted; a delivery waits
    /// until there is a call for it, of look-ups it is counted how many would have to.
    fn run(
        budget: &mut Budget,
        milliseconds: std::ops::Range<i64>,
        deliveries: impl Fn(i64) -> usize,
        look_ups: impl Fn(i64) -> usize,
    ) -> (Vec<i64>, Vec<i64>, usize) {
        let (mut delivered, mut looked_up, mut waited) = (Vec::new(), Vec::new(), 0);
        let mut backlog = 0;
        for ms in milliseconds {
            backlog += deliveries(ms);
            while backlog > 0 {
                match budget.take(Side::Delivery, at(ms)) {
                    Ok(()) => delivered.push(ms),
                    Err(again) => {
                        assert!(at(ms) < again && again <= at(ms) + SECOND);
                        break;
                    }
                }
                backlog -= 1;
            }
            for _ in 0..look_ups(ms) {
                match budget.take(Side::LookUp, at(ms)) {
                    Ok(()) => looked_up.push(ms),
                    Err(_) => waited += 1,
                }
            }
        }
        (delivered, looked_up, waited)
    }

    fn most_in_a_second(granted: &[&[i64]]) -> usize {
        let all: Vec<i64> = granted.concat();
        let cuts = *all.iter().min().unwrap()..*all.iter().max().unwrap();
        let inside = |cut: i64| all.iter().filter(|at| (cut..cut + 1_000).contains(*at)).count();
        cuts.map(inside).max().unwrap_or(all.len())
    }

    #[test]
    fn no_second_holds_more_than_the_budget_and_one_side_alone_uses_nearly_all_of_it() {
        let (delivered, _, _) = run(&mut Budget::new(500), 0..5_000, |_| 3, |_| 0);
        assert!(most_in_a_second(&[&delivered]) <= 500);
        assert!(delivered.len() >= 5 * 475, "{}", delivered.len());
        let (_, looked_up, _) = run(&mut Budget::new(500), 0..5_000, |_| 0, |_| 3);
        assert!(most_in_a_second(&[&looked_up]) <= 500);
        assert!(looked_up.len() >= 5 * 475, "{}", looked_up.len());
    }

    /// Timers fire late, and between two reads of a backlog the disk is waited for.
    #[test]
    fn who_comes_late_uses_nearly_all_of_it_nevertheless() {
        for late in [1, 5, 15] {
            let (mut budget, mut now, mut delivered) = (Budget::new(500), 0, Vec::new());
            while now < 5_000 {
                match budget.take(Side::Delivery, at(now)) {
                    Ok(()) => delivered.push(now),
                    Err(again) => now = (again - START.as_duration()).as_millisecond() + late,
                }
            }
            assert!(most_in_a_second(&[&delivered]) <= 500);
            assert!(delivered.len() >= 5 * 475, "{late} ms late: {}", delivered.len());
        }
    }

    #[test]
    fn look_ups_up_to_their_half_never_wait_for_a_backlog() {
        let mut budget = Budget::new(500);
        run(&mut budget, 0..2_000, |_| 3, |_| 0);
        let quarter = |ms: i64| usize::from(ms % 4 == 0);
        let (delivered, looked_up, waited) = run(&mut budget, 2_000..7_000, |_| 3, quarter);
        assert_eq!((looked_up.len(), waited), (1_250, 0));
        assert!(most_in_a_second(&[&delivered, &looked_up]) <= 500);
        let used = delivered.len() + looked_up.len();
        assert!(used >= 5 * 475, "{used}");
    }

    #[test]
    fn beyond_that_each_side_keeps_its_half() {
        let mut budget = Budget::new(500);
        let (delivered, looked_up, waited) = run(&mut budget, 0..6_000, |_| 2, |_| 2);
        assert!(waited > 0);
        assert!(most_in_a_second(&[&delivered, &looked_up]) <= 500);
        for side in [&delivered, &looked_up] {
            let steady = side.iter().filter(|ms| **ms >= 2_000).count();
            assert!(steady.abs_diff(4 * 250) <= 40, "{steady}");
        }
    }

    #[test]
    fn what_deliveries_leave_look_ups_may_have() {
        let slow = |ms: i64| usize::from(ms % 20 == 0);
        let (delivered, looked_up, _) = run(&mut Budget::new(500), 0..4_000, slow, |_| 2);
        assert!(delivered.len() >= 190, "their half is theirs: {}", delivered.len());
        assert!(looked_up.len() >= 4 * 430, "{}", looked_up.len());
    }
}
