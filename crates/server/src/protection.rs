//! Protection of vendors from us, and of us from vendors.
//!
//! Every call to a vendor goes through the [`Guard`] of the account it is counted on. In this order:
//!
//! 1. a pause that the vendor asked for (429, `Retry-After`) and the circuit breaker refuse at once;
//! 2. one of [`CONCURRENT`] places and one of the account's requests per second are waited for, together at
//!    most [`LONGEST_WAIT`];
//! 3. the call is made; its adapter ends it by its deadline;
//! 4. where the vendor failed fast, it is made once more, as long as retries stay under a tenth of the calls.
//!
//! A refusal is never a miss: whoever asked shows what is known already, or nothing.

mod breaker;
mod budget;
mod counts;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use datafly_provider::{ProviderError, Quota};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Semaphore, SemaphorePermit};
use tower::retry::budget::{Budget, TpsBudget};

use self::breaker::Breaker;
pub use self::breaker::BreakerState;
pub use self::budget::Side;
pub use self::counts::Counts;
use crate::runtime::Clock;

/// Calls in flight per account. At a vendor's 100 ms that is 640 a second, more than any budget.
const CONCURRENT: usize = 64;

/// How long a call waits for its turn: past this the page's patience is gone.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// How long a vendor that answers 429 without saying for how long is left alone.
const DEFAULT_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// Longest pause that is granted: a header must not stop look-ups for a day.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// Before the second try. Long enough for a connection pool to turn over.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// How long who has not asked yet waits for those who ask once more, before looking again.
const AFTER_FURTHER: SignedDuration = SignedDuration::from_millis(10);

/// Retries over a window of ten seconds: a tenth of the calls, and one a second where there are few.
const RETRY_WINDOW: Duration = Duration::from_secs(10);
const RETRIES_PER_SECOND: u32 = 1;
const RETRY_SHARE: f32 = 0.1;

/// Why a call was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The vendor fails, and is left alone for a while.
    BreakerOpen,
    /// The vendor asked for a pause.
    Paused,
    /// Too many calls wait already.
    Busy,
    /// The caller has used up what it may ask for.
    Limited,
    /// Whom it was about has been forgotten meanwhile.
    Forgotten,
}

impl Refusal {
    /// As a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BreakerOpen => "breaker_open",
            Self::Paused => "paused",
            Self::Busy => "busy",
            Self::Limited => "limited",
            Self::Forgotten => "forgotten",
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The call was not made.
    #[error("the vendor is not asked: {}", .0.as_str())]
    Refused(Refusal),
    /// It was made and failed.
    #[error(transparent)]
    Vendor(#[from] ProviderError),
}

/// Stands before one account of a vendor.
pub struct Guard {
    account: String,
    clock: Arc<dyn Clock>,
    places: Semaphore,
    retries: TpsBudget,
    state: Mutex<State>,
}

struct State {
    breaker: Breaker,
    paused_until: Option<Timestamp>,
    budget: budget::Budget,
    /// How many wait for a further turn.
    further: usize,
    counts: Counts,
}

impl State {
    fn pause(&mut self, asked: Option<Duration>, now: Timestamp) {
        let asked = asked.and_then(|asked| SignedDuration::try_from(asked).ok());
        let pause = asked.unwrap_or(DEFAULT_PAUSE).min(LONGEST_PAUSE);
        self.paused_until = now.checked_add(pause).ok();
    }
}

impl Guard {
    /// For an account that allows so many requests a second.
    pub fn new(quota: Quota, clock: Arc<dyn Clock>) -> Self {
        Self {
            account: quota.account,
            clock,
            places: Semaphore::new(CONCURRENT),
            retries: TpsBudget::new(RETRY_WINDOW, RETRIES_PER_SECOND, RETRY_SHARE),
            state: Mutex::new(State {
                breaker: Breaker::new(),
                paused_until: None,
                budget: budget::Budget::new(quota.requests_per_second),
                further: 0,
                counts: Counts::default(),
            }),
        }
    }

    /// Whether a call would be refused at once, for those who have a stale answer and need not ask.
    pub fn refuses(&self) -> bool {
        let now = self.clock.now();
        let state = self.state();
        state.paused_until.is_some_and(|until| now < until) || state.breaker.refuses(now)
    }

    /// What the breaker does.
    pub fn breaker(&self) -> BreakerState {
        self.state().breaker.state()
    }

    /// How often the account was asked, and how often not.
    pub fn counts(&self) -> Counts {
        self.state().counts.clone()
    }

    /// The account it stands before.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Makes a call when it may be made.
    pub async fn call<T, F>(&self, call: impl Fn() -> F + Send + Sync) -> Result<T, CallError>
    where
        T: Send,
        F: Future<Output = Result<T, ProviderError>> + Send,
    {
        self.retries.deposit();
        let first = self.once(&call).await;
        match &first {
            Err(CallError::Vendor(error)) if fails_fast(error) && self.retries.withdraw() => {
                tokio::time::sleep(RETRY_AFTER).await;
                match self.once(&call).await {
                    // The first answer says more than that there was no second.
                    Err(CallError::Refused(_)) => first,
                    second => second,
                }
            }
            _ => first,
        }
    }

    /// Waits until a delivery may be made: past a pause that the vendor asked for, within the account's budget. The
    /// breaker is the look-ups' own: a destination's failures say nothing of them, nor theirs of it.
    pub async fn delivery_turn(&self) {
        self.turn_of(Side::Delivery).await;
    }

    /// Waits until a look-up that had its turn may ask once more, with another credential. It has its place still, and
    /// the breaker has let it through; it comes before all that have not asked yet, since its page waits the longest.
    pub async fn further_turn(&self) {
        let _first = First::new(self);
        self.turn_of(Side::LookUp).await;
    }

    async fn turn_of(&self, side: Side) {
        loop {
            let now = self.clock.now();
            let again = {
                let mut state = self.state();
                match state.paused_until {
                    Some(until) if now < until => until,
                    _ => match state.budget.take(side, now) {
                        Ok(()) => return,
                        Err(again) => again,
                    },
                }
            };
            let wait = again.duration_since(now).unsigned_abs();
            tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
        }
    }

    /// The vendor has answered that there are too many requests: nobody asks for so long.
    pub fn pause(&self, asked: Option<Duration>) {
        let now = self.clock.now();
        self.state().pause(asked, now);
    }

    async fn once<T, F>(&self, call: &(impl Fn() -> F + Send + Sync)) -> Result<T, CallError>
    where
        T: Send,
        F: Future<Output = Result<T, ProviderError>> + Send,
    {
        let turn = tokio::time::timeout(LONGEST_WAIT, self.turn()).await;
        let turn = turn.unwrap_or(Err(Refusal::Busy));
        let _place = turn.map_err(|refusal| {
            self.state().counts.refused(refusal);
            CallError::Refused(refusal)
        })?;
        let answer = call().await;
        self.note(answer.as_ref().err());
        Ok(answer?)
    }

    /// Waits for a place and a request of the budget. The breaker is asked last: whoever it admits calls.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        self.check_pause()?;
        let refused = Err(Refusal::BreakerOpen);
        if self.state().breaker.refuses(self.clock.now()) {
            return refused;
        }
        let place = self.places.acquire().await.map_err(|_| Refusal::Busy)?;
        loop {
            self.check_pause()?;
            let now = self.clock.now();
            let taken = {
                let mut state = self.state();
                match state.further {
                    0 => state.budget.take(Side::LookUp, now),
                    _ => Err(now + AFTER_FURTHER),
                }
            };
            match taken {
                Ok(()) => break,
                Err(again) => {
                    let wait = again.duration_since(now).unsigned_abs();
                    tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
                }
            }
        }
        let now = self.clock.now();
        if self.state().breaker.admit(now) { Ok(place) } else { refused }
    }

    fn check_pause(&self) -> Result<(), Refusal> {
        let now = self.clock.now();
        match self.state().paused_until {
            Some(until) if now < until => Err(Refusal::Paused),
            _ => Ok(()),
        }
    }

    fn note(&self, error: Option<&ProviderError>) {
        let now = self.clock.now();
        let mut state = self.state();
        state.counts.called(error);
        match error {
            // What the vendor does not take is the owner's mistake, and the vendor is well.
            None | Some(ProviderError::KeyRefused { .. } | ProviderError::ContextRefused) => {
                state.breaker.succeeded();
            }
            Some(ProviderError::RateLimited { retry_after }) => {
                state.pause(*retry_after, now);
            }
            Some(_) => state.breaker.failed(now),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No step leaves the state half-done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place before all first requests, until it is dropped: whoever waits for it has a deadline.
struct First<'a>(&'a Guard);

impl<'a> First<'a> {
    fn new(guard: &'a Guard) -> Self {
        guard.state().further += 1;
        Self(guard)
    }
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        self.0.state().further -= 1;
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("account", &self.account).finish_non_exhaustive()
    }
}

/// Whether there is time for, and sense in, a second try.
fn fails_fast(error: &ProviderError) -> bool {
    matches!(error, ProviderError::Unreachable { .. } | ProviderError::Unavailable { .. })
}

/// The guards of all accounts. They outlive a reload: a vendor's state does not change with our configuration.
#[derive(Default)]
pub struct Guards(Mutex<HashMap<String, Arc<Guard>>>);

impl Guards {
    /// The account's guard, which all integrations of that account share.
    pub fn of(&self, quota: Quota, clock: &Arc<dyn Clock>) -> Arc<Guard> {
        let mut guards = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let guard = guards
            .entry(quota.account.clone())
            .or_insert_with(|| Arc::new(Guard::new(quota, Arc::clone(clock))));
        Arc::clone(guard)
    }

    /// All that an integration uses, by account. The others are dropped: a reload has taken them away.
    pub fn all(&self) -> Vec<Arc<Guard>> {
        let mut guards = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        guards.retain(|_, guard| Arc::strong_count(guard) > 1);
        let mut all: Vec<_> = guards.values().cloned().collect();
        all.sort_by(|a, b| a.account.cmp(&b.account));
        all
    }
}

#[cfg(test)]
#[path = "protection_tests.rs"]
mod tests;
