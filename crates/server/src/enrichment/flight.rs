//! One call in flight per key, whatever the concurrency.
//!
//! A flight runs as a task of its own: whoever waits for it may give up at its deadline, the call goes on
//! and fills the cache for the next one. Its last act, before anybody can start another flight of the same
//! key, is to put what it found where `landed` will see it.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

/// A call that several may wait for. Dropping it gives up the waiting, not the call.
pub(super) type Flight<T> = Shared<BoxFuture<'static, T>>;

/// The calls in flight.
pub(super) struct Flights<K, T> {
    open: Arc<Mutex<HashMap<K, Flight<T>>>>,
}

/// What joining came to.
pub(super) enum Joined<T> {
    /// An earlier flight has landed meanwhile, and this is what it found.
    Landed(T),
    /// Under way.
    Flying(Flight<T>),
}

impl<K, T> Flights<K, T>
where
    K: Hash + Eq + Copy + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Joins the key's flight, or starts one unless `landed` finds that an earlier one has just landed.
    pub(super) fn join<F>(
        &self,
        key: K,
        landed: impl FnOnce() -> Option<T>,
        call: impl FnOnce() -> F,
    ) -> Joined<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut open = lock(&self.open);
        if let Some(flight) = open.get(&key) {
            return Joined::Flying(flight.clone());
        }
        if let Some(found) = landed() {
            return Joined::Landed(found);
        }
        let (call, landing) = (call(), Landing { open: Arc::clone(&self.open), key });
        let flight = async move {
            let found = call.await;
            drop(landing);
            found
        };
        let flight = flight.boxed().shared();
        open.insert(key, flight.clone());
        drop(open);
        tokio::spawn(flight.clone());
        Joined::Flying(flight)
    }
}

/// Closes the flight however it ends.
struct Landing<K: Hash + Eq, T: Clone> {
    open: Arc<Mutex<HashMap<K, Flight<T>>>>,
    key: K,
}

impl<K: Hash + Eq, T: Clone> Drop for Landing<K, T> {
    fn drop(&mut self) {
        lock(&self.open).remove(&self.key);
    }
}

impl<K, T> Default for Flights<K, T> {
    fn default() -> Self {
        Self { open: Arc::default() }
    }
}

fn lock<K, T>(
    open: &Mutex<HashMap<K, Flight<T>>>,
) -> std::sync::MutexGuard<'_, HashMap<K, Flight<T>>>
where
    T: Clone,
{
    // Nothing below panics half-way through a change.
    open.lock().unwrap_or_else(PoisonError::into_inner)
}
