//! How long what a vendor said counts.

use jiff::SignedDuration;

/// The lives of cached answers. The defaults are the product's contract; the owner may change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// From a linking key to a profile.
    pub resolution: SignedDuration,
    /// First wait after a miss; it doubles with every further miss.
    pub first_miss: SignedDuration,
    /// Longest wait after a miss.
    pub longest_miss: SignedDuration,
    /// A profile's attributes are shown without a question.
    pub fresh: SignedDuration,
    /// Past `fresh` they are shown while they are asked for anew, or while the vendor fails, up to this age.
    pub stale: SignedDuration,
    /// Personalised attributes.
    pub personalised: SignedDuration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            resolution: SignedDuration::from_hours(24),
            first_miss: SignedDuration::from_secs(30),
            longest_miss: SignedDuration::from_hours(1),
            fresh: SignedDuration::from_mins(5),
            stale: SignedDuration::from_hours(24),
            personalised: SignedDuration::from_mins(2),
        }
    }
}

/// A page that asks for a refresh is shown nothing older than this unless the vendor fails.
pub(super) const REFRESH: SignedDuration = SignedDuration::from_secs(10);

/// After news of a visitor (a first event, a new identifier) a dampened miss is tried again this much
/// later, once each: vendors build a profile in seconds.
pub(super) const EARLY_RETRIES: [SignedDuration; 2] =
    [SignedDuration::from_secs(5), SignedDuration::from_secs(15)];

/// A linking key that the vendor refused is not asked for again for this long.
pub(super) const REFUSED: SignedDuration = SignedDuration::from_mins(5);

/// A refresh that failed is tried again after this, while stale attributes are shown.
pub(super) const REFRESH_PAUSE: SignedDuration = SignedDuration::from_secs(10);
