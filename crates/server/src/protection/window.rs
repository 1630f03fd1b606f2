//! The request budget: so many calls in any second, however that second is cut.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The calls of the last second.
#[derive(Debug)]
pub(super) struct Window {
    per_second: usize,
    granted: VecDeque<Timestamp>,
}

impl Window {
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = usize::try_from(per_second).unwrap_or(usize::MAX);
        Self { per_second, granted: VecDeque::new() }
    }

    /// Takes one call at `now`, or says when to ask again.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        while self.granted.front().is_some_and(|granted| SECOND <= now.duration_since(*granted)) {
            self.granted.pop_front();
        }
        if self.granted.len() < self.per_second {
            self.granted.push_back(now);
            return Ok(());
        }
        Err(self.granted.front().map_or(now, |first| *first + SECOND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_holds_more_than_the_budget() {
        let start = Timestamp::constant(1_800_000_000, 0);
        let mut window = Window::new(50);
        let mut granted = Vec::new();
        for millisecond in 0..3_000 {
            let now = start + SignedDuration::from_millis(millisecond);
            match window.take(now) {
                Ok(()) => granted.push(millisecond),
                Err(again) => assert!(now < again && again <= now + SECOND),
            }
        }
        assert_eq!(granted.len(), 150, "and all of it can be used");
        for cut in 0..2_000 {
            let inside = granted.iter().filter(|at| (cut..cut + 1_000).contains(*at)).count();
            assert!(inside <= 50, "{inside} from {cut} ms");
        }
    }
}
