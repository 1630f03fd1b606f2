//! Rate limits: what a visitor, an address and a pipeline may ask for.
//!
//! What could reach a vendor or change state is *work*, and is counted per visitor, per address and per
//! pipeline. Answers from the cache are no work: they meet only the flood limit of their address. An IPv6
//! address counts as its /64, which is what one subscriber has.
//!
//! Cells of those who have been silent are dropped by [`Limits::sweep`]; the limit of the address keeps
//! anybody from making many cells.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use datafly_core::id::{CanonicalId, PipelineKey};
use governor::clock::{Clock as GovernorClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use jiff::Timestamp;

use crate::runtime::Clock;

/// Most requests and most work. All are sustained rates that may be used up at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// Requests of any kind per second and address.
    pub flood_per_second: NonZeroU32,
    /// Work per minute and visitor.
    pub visitor_per_minute: NonZeroU32,
    /// Work per minute and address.
    pub address_per_minute: NonZeroU32,
    /// Work per second and pipeline.
    pub pipeline_per_second: NonZeroU32,
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Requests of an address.
    Flood,
    /// Work of a visitor.
    Visitor,
    /// Work of an address.
    Address,
    /// Work of a pipeline.
    Pipeline,
}

impl Limit {
    /// As a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Visitor => "visitor",
            Self::Address => "address",
            Self::Pipeline => "pipeline",
        }
    }
}

/// A limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// Which one.
    pub limit: Limit,
    /// When it is worth trying again.
    pub retry_after: Duration,
}

/// Who causes work.
#[derive(Debug, Clone)]
pub struct Worker<'a> {
    /// The pipeline.
    pub pipeline: &'a PipelineKey,
    /// The visitor, where there is one.
    pub visitor: Option<CanonicalId>,
    /// The address; absent where the listener knows none.
    pub address: Option<IpAddr>,
}

/// All limits.
pub struct Limits {
    settings: LimitSettings,
    flood: Cells<IpAddr>,
    visitors: Cells<CanonicalId>,
    addresses: Cells<IpAddr>,
    pipelines: Cells<PipelineKey>,
}

impl Limits {
    /// With nothing used up.
    pub fn new(settings: LimitSettings, clock: &Arc<dyn Clock>) -> Self {
        Self {
            flood: Cells::new(Quota::per_second(settings.flood_per_second), clock),
            visitors: Cells::new(Quota::per_minute(settings.visitor_per_minute), clock),
            addresses: Cells::new(Quota::per_minute(settings.address_per_minute), clock),
            pipelines: Cells::new(Quota::per_second(settings.pipeline_per_second), clock),
            settings,
        }
    }

    /// What was configured.
    pub fn settings(&self) -> LimitSettings {
        self.settings
    }

    /// Counts a request of any kind.
    pub fn request(&self, address: Option<IpAddr>) -> Result<(), Exceeded> {
        match address {
            Some(address) => self.flood.take(&subscriber(address), Limit::Flood),
            None => Ok(()),
        }
    }

    /// Counts a piece of work. The narrowest limit comes first, so that one visitor who asks for too much
    /// does not use up what others share.
    pub fn work(&self, worker: &Worker<'_>) -> Result<(), Exceeded> {
        if let Some(visitor) = worker.visitor {
            self.visitors.take(&visitor, Limit::Visitor)?;
        }
        if let Some(address) = worker.address {
            self.addresses.take(&subscriber(address), Limit::Address)?;
        }
        self.pipelines.take(worker.pipeline, Limit::Pipeline)
    }

    /// Drops the cells of those who have been silent.
    pub fn sweep(&self) {
        self.flood.cells.retain_recent();
        self.visitors.cells.retain_recent();
        self.addresses.cells.retain_recent();
    }
}

/// What one subscriber has: an IPv4 address, or the /64 of an IPv6 one. An IPv4 address in IPv6 form is that
/// IPv4 address.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

type Keyed<K> = RateLimiter<K, DashMapStateStore<K>, Time, NoOpMiddleware<Moment>>;

struct Cells<K: std::hash::Hash + Eq + Clone> {
    cells: Keyed<K>,
    time: Time,
}

impl<K: std::hash::Hash + Eq + Clone> Cells<K> {
    fn new(quota: Quota, clock: &Arc<dyn Clock>) -> Self {
        let time = Time(Arc::clone(clock));
        Self { cells: RateLimiter::new(quota, DashMapStateStore::default(), time.clone()), time }
    }

    fn take(&self, key: &K, limit: Limit) -> Result<(), Exceeded> {
        self.cells.check_key(key).map_err(|not_until| {
            let retry_after = not_until.wait_time_from(self.time.now());
            Exceeded { limit, retry_after }
        })
    }
}

/// The program's clock as the library wants it.
#[derive(Clone)]
struct Time(Arc<dyn Clock>);

impl std::fmt::Debug for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Time")
    }
}

impl GovernorClock for Time {
    type Instant = Moment;

    fn now(&self) -> Moment {
        Moment(self.0.now())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(Timestamp);

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        // A clock that was set back makes nobody wait.
        let since = self.0.duration_since(earlier.0);
        Duration::try_from(since).unwrap_or_default().into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.checked_sub(Duration::from(duration)).unwrap_or(Timestamp::MIN))
    }
}

impl std::ops::Add<Nanos> for Moment {
    type Output = Self;

    fn add(self, duration: Nanos) -> Self {
        Self(self.0.checked_add(Duration::from(duration)).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_counts_as_its_network() {
        let address = |text: &str| subscriber(text.parse().unwrap()).to_string();
        assert_eq!(address("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(address("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
        assert_eq!(address("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(address("192.0.2.7"), "192.0.2.7");
    }
}
