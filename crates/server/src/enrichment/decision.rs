//! Why an answer is what it is: for metrics, for traces, and for the owner who asks about a visitor.
//!
//! Holds no attribute and no identifier: key names, outcomes and times only.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

/// How one linking key fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The vendor's name of the key.
    pub key: Arc<str>,
    /// What came of it.
    pub outcome: StepOutcome,
}

/// What came of trying a linking key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// The cache knew the profile.
    Cached,
    /// The vendor was asked and named a profile.
    Found,
    /// The vendor was asked and knew nobody.
    Missed,
    /// An earlier miss still counts.
    Dampened,
    /// The vendor does not take this key.
    Refused,
    /// The vendor failed, or was not asked.
    Failed,
}

/// Where the attributes came from, or why there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// From the cache, within its life.
    Fresh,
    /// From the cache, past its life; a refresh was started or was already under way.
    Stale,
    /// From the cache, past its life, because the vendor failed or was not asked.
    StaleOnError,
    /// From the vendor, within this request.
    Vendor,
    /// None: the vendor knows nobody by any of the visitor's keys.
    NoProfile,
    /// None: the visitor has no identifier that may be used.
    NoIdentifier,
    /// None: the id was made in this request.
    Minted,
    /// None: the visitor has not consented.
    NoConsent,
    /// None: a crawler.
    Bot,
    /// None: the owner allows no attribute, or configured no look-ups.
    NotConfigured,
    /// None: the vendor failed, and nothing is known from before.
    VendorFailed,
    /// None: the vendor was not asked (breaker, pause, budget), and nothing is known from before.
    NotAsked,
    /// None: this visitor, address or pipeline has used up its look-ups.
    Limited,
    /// None: the deadline came first.
    Deadline,
    /// None: the visitor was forgotten, or withdrew its consent, while the vendor was asked.
    Forgotten,
}

/// What became of the personalised attributes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Personalised {
    /// Not switched on, or no context to personalise by.
    #[default]
    Off,
    /// From the cache.
    Cached,
    /// From the vendor, within this request.
    Vendor,
    /// Left out: the vendor has nothing for this context, or does not take it.
    Nothing,
    /// Left out: too many different contexts in this minute.
    TooMany,
    /// Left out: the vendor failed, or was not asked.
    Failed,
}

/// The whole of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// Name of the provider.
    pub provider: Arc<str>,
    /// Where the attributes came from.
    pub source: Source,
    /// When the vendor said what was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said_at: Option<Timestamp>,
    /// The linking keys that were tried, in order.
    pub steps: Vec<Step>,
    /// The personalised part.
    pub personalised: Personalised,
    /// Whether `required` would have kept an identifier from being used that was used here.
    pub unproven: bool,
}

impl Decision {
    /// Whether another one says the same but for when.
    pub fn is_like(&self, other: &Self) -> bool {
        let Self { at: _, provider, source, said_at, steps, personalised, unproven } = self;
        (source, said_at, personalised, unproven)
            == (&other.source, &other.said_at, &other.personalised, &other.unproven)
            && *provider == other.provider
            && *steps == other.steps
    }
}

impl StepOutcome {
    /// As a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cached => "cached",
            Self::Found => "found",
            Self::Missed => "missed",
            Self::Dampened => "dampened",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl Source {
    /// As a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::StaleOnError => "stale_on_error",
            Self::Vendor => "vendor",
            Self::NoProfile => "no_profile",
            Self::NoIdentifier => "no_identifier",
            Self::Minted => "minted",
            Self::NoConsent => "no_consent",
            Self::Bot => "bot",
            Self::NotConfigured => "not_configured",
            Self::VendorFailed => "vendor_failed",
            Self::NotAsked => "not_asked",
            Self::Limited => "limited",
            Self::Deadline => "deadline",
            Self::Forgotten => "forgotten",
        }
    }
}

impl Personalised {
    /// As a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Cached => "cached",
            Self::Vendor => "vendor",
            Self::Nothing => "nothing",
            Self::TooMany => "too_many",
            Self::Failed => "failed",
        }
    }
}
