//! How long before its end a token is renewed.

use std::time::Duration;

/// A share of a token's life, and bounds for it. Never more than half of the life.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Margin {
    /// This part of the life: 5 is a fifth.
    pub(crate) part: u32,
    /// At least so long, however short the life.
    pub(crate) least: Duration,
    /// At most so long, however long the life.
    pub(crate) most: Duration,
}

impl Margin {
    /// For a token that lives so long from now.
    pub(crate) fn of(self, life: Duration) -> Duration {
        (life / self.part.max(1)).min(self.most).max(self.least).min(life / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_part_of_the_life_within_bounds() {
        let seconds = Duration::from_secs;
        let margin = Margin { part: 5, least: seconds(30), most: seconds(600) };
        for (life, expected) in [(300, 60), (100, 30), (40, 20), (86_400, 600), (0, 0)] {
            assert_eq!(margin.of(seconds(life)), seconds(expected), "{life}");
        }
    }
}
