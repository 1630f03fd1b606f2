//! One call in flight per key, whatever the concurrency.
//!
//! A flight runs as a task of its own: whoever waits for it may give up at its deadline, the call goes on
//! and fills the cache for the next one. Its last act, before anybody can start another flight of the same
//! key, is to put what it found where `landed` will see it.
//!
//! A flight that is called off puts nothing anywhere, and whoever waits for it is told so: what it would
//! bring has been forgotten meanwhile.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::protection::{CallError, Refusal};

/// A call that several may wait for. Dropping it gives up the waiting, not the call.
pub(super) type Flight<T> = Shared<BoxFuture<'static, Result<T, CallError>>>;

/// The calls in flight.
pub(super) struct Flights<K, T>(Arc<Mutex<Open<K, T>>>);

struct Open<K, T> {
    flights: HashMap<K, (u64, Flight<T>)>,
    /// Numbers the flights: a key's next one is another one.
    started: u64,
}

/// What joining came to.
pub(super) enum Joined<T> {
    /// An earlier flight has landed meanwhile, and this is what it found.
    Landed(T),
    /// Under way.
    Flying(Flight<T>),
}

impl<T: Clone> Joined<T> {
    /// What is found in the end.
    pub(super) async fn found(self) -> Result<T, CallError> {
        match self {
            Self::Landed(found) => Ok(found),
            Self::Flying(flight) => flight.await,
        }
    }
}

impl<K, T> Flights<K, T>
where
    K: Hash + Eq + Copy + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Joins the key's flight, or starts one unless `landed` finds that an earlier one has just landed. What
    /// `call` finds is given to `keep`, unless the flight is called off first.
    pub(super) fn join<F>(
        &self,
        key: K,
        landed: impl FnOnce() -> Option<T>,
        call: impl FnOnce() -> F,
        keep: impl FnOnce(&T) + Send + 'static,
    ) -> Joined<T>
    where
        F: Future<Output = Result<T, CallError>> + Send + 'static,
    {
        let mut open = lock(&self.0);
        if let Some((_, flight)) = open.flights.get(&key) {
            return Joined::Flying(flight.clone());
        }
        if let Some(found) = landed() {
            return Joined::Landed(found);
        }
        open.started += 1;
        let number = open.started;
        let (call, landing) = (call(), Landing { open: Arc::clone(&self.0), key, number });
        let flight = async move {
            let found = call.await;
            if landing.land(|| found.as_ref().ok().map(keep).unwrap_or_default()) {
                found
            } else {
                Err(CallError::Refused(Refusal::Forgotten))
            }
        };
        let flight = flight.boxed().shared();
        open.flights.insert(key, (number, flight.clone()));
        drop(open);
        tokio::spawn(flight.clone());
        Joined::Flying(flight)
    }

    /// Calls off the flights of these keys. None of them puts anything anywhere from here on.
    pub(super) fn call_off(&self, these: impl Fn(&K) -> bool) {
        lock(&self.0).flights.retain(|key, _| !these(key));
    }
}

/// Closes the flight however it ends.
struct Landing<K: Hash + Eq, T: Clone> {
    open: Arc<Mutex<Open<K, T>>>,
    key: K,
    number: u64,
}

impl<K: Hash + Eq, T: Clone> Landing<K, T> {
    /// Keeps what was found; answers whether the flight was still wanted. Under the lock, so that whoever
    /// calls flights off and then clears what they put somewhere misses nothing.
    fn land(&self, keep: impl FnOnce()) -> bool {
        let mut open = lock(&self.open);
        let wanted = open.is(self);
        if wanted {
            keep();
            open.flights.remove(&self.key);
        }
        wanted
    }
}

impl<K: Hash + Eq, T: Clone> Open<K, T> {
    fn is(&self, landing: &Landing<K, T>) -> bool {
        self.flights.get(&landing.key).is_some_and(|(number, _)| *number == landing.number)
    }
}

impl<K: Hash + Eq, T: Clone> Drop for Landing<K, T> {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        if open.is(self) {
            open.flights.remove(&self.key);
        }
    }
}

impl<K, T> Default for Flights<K, T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Open { flights: HashMap::new(), started: 0 })))
    }
}

fn lock<K, T>(open: &Mutex<Open<K, T>>) -> MutexGuard<'_, Open<K, T>> {
    // Nothing below panics half-way through a change.
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    /// A flight of the one key that lands after so long, and what it keeps.
    fn fly(flights: &Flights<u8, u8>, kept: &Arc<Mutex<Vec<u8>>>, found: u8) -> Joined<u8> {
        let call = || async move {
            sleep(Duration::from_millis(100)).await;
            Ok(found)
        };
        let kept = Arc::clone(kept);
        flights.join(0, || None, call, move |found| kept.lock().unwrap().push(*found))
    }

    #[tokio::test(start_paused = true)]
    async fn a_flight_that_is_called_off_leaves_its_successor_alone() {
        let (flights, kept) = (Flights::default(), Arc::default());
        let first = fly(&flights, &kept, 1);
        sleep(Duration::from_millis(50)).await;
        flights.call_off(|_| true);
        let second = fly(&flights, &kept, 2);
        assert_eq!(first.found().await, Err(CallError::Refused(Refusal::Forgotten)));
        // The second one is still under way, and joined.
        let third = fly(&flights, &kept, 3);
        assert_eq!((second.found().await, third.found().await), (Ok(2), Ok(2)));
        assert_eq!(*kept.lock().unwrap(), [2]);
    }
}
