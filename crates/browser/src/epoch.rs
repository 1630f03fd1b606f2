//! What the tabs of one browser share about who the visitor is and what may be shown.
//!
//! Kept in `localStorage` (js/shared.js). Where storage is denied each tab counts for itself.

/// The shared counters. All of them only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shared {
    /// Grows with each `identify`, `consent` and `reset`; an answer belongs to the epoch it was asked in.
    pub epoch: u32,
    /// Log-outs that were called, in whichever tab.
    pub left: u32,
    /// The newest of them that the server has confirmed.
    pub heard: u32,
    /// Consents that allow no profile, in whichever tab.
    pub denied: u32,
    /// The newest of them that the server has confirmed or refused, or that a log-out made void.
    pub obeyed: u32,
}

impl Shared {
    /// The newer of each counter.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            epoch: self.epoch.max(other.epoch),
            left: self.left.max(other.left),
            heard: self.heard.max(other.heard),
            denied: self.denied.max(other.denied),
            obeyed: self.obeyed.max(other.obeyed),
        }
    }

    /// Whether somebody logged out and the server may not know it yet.
    pub fn leaving(self) -> bool {
        self.heard < self.left
    }

    /// Whether somebody allowed no profile and the server may not know it yet.
    pub fn denying(self) -> bool {
        self.obeyed < self.denied
    }

    /// Whether no tab may ask for a profile: the cookie may name one who left, and the server may not know
    /// that this one does not allow it.
    pub fn barred(self) -> bool {
        self.leaving() || self.denying()
    }
}

#[cfg(test)]
mod tests {
    use super::Shared;

    #[test]
    fn what_is_not_confirmed_bars() {
        let shared = Shared { epoch: 12, left: 3, heard: 2, denied: 0, obeyed: 0 };
        assert!(shared.leaving() && shared.barred());
        let shared = shared.merge(Shared { heard: 3, denied: 1, ..Shared::default() });
        assert!(!shared.leaving() && shared.barred());
        assert!(!shared.merge(Shared { obeyed: 1, ..shared }).barred());
    }
}
