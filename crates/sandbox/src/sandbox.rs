//! The handle: state, and what tests and the control routes do with it.

mod keys;

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::net::TcpListener;

use crate::amperity::control::{LastPage, Tenant};
use crate::amperity::keys::Keys;
use crate::clock::Clock;
use crate::config::{SandboxConfig, ShopConfig, StreamMode, Timing};
use crate::customers::{Customers, NamedCustomer};
use crate::deliveries::{DeliveryLog, DeliveryRecord};
use crate::events::{EventLog, EventRecord, Routing};
use crate::faults::{Fault, FaultRecord, FaultScript};
use crate::identifiers::{DEVICE_COOKIE, Identifier};
use crate::journal::{Journal, RequestRecord, Route};
use crate::profiles::{Profile, Profiles};
use crate::{
    algonomy, amperity, amperity_index, ansira, control, ga4, meta_capi, page, rest, shop, tiktok,
    webhook,
};

/// The emulator. Clones share one state.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    config: SandboxConfig,
    clock: Clock,
    customers: Arc<Customers>,
    state: Mutex<State>,
}

struct State {
    linking_keys: Vec<String>,
    stream_mode: StreamMode,
    tenant: Tenant,
    keys: Keys,
    profiles: Profiles,
    events: EventLog,
    deliveries: DeliveryLog,
    journal: Journal,
    faults: FaultScript,
    shop: ShopConfig,
    indexes: amperity_index::Indexes,
    ansira: ansira::Account,
    /// Tokens of `/rest` that are taken no more.
    rest_revoked: Vec<String>,
    algonomy: algonomy::Tenant,
}

/// What a control call refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ControlError {
    /// No route has that label.
    #[error("no route is called `{0}`")]
    UnknownRoute(String),
    /// No named customer has that name or id.
    #[error("no customer is called `{0}`")]
    UnknownCustomer(String),
    /// No API key has that id.
    #[error("no API key is called `{0}`")]
    UnknownKey(String),
}

impl Sandbox {
    /// A sandbox with its customers made and nothing received.
    pub fn new(config: SandboxConfig, clock: Clock) -> Self {
        let customers = Arc::new(Customers::new(config.seed, config.customers));
        let state = State {
            linking_keys: config.linking_keys.clone(),
            stream_mode: config.stream_mode,
            tenant: Tenant::default(),
            keys: Keys::new(&config.tokens),
            profiles: Profiles::new(Arc::clone(&customers), config.seed),
            events: EventLog::new(config.event_log_len),
            deliveries: DeliveryLog::new(config.event_log_len),
            journal: Journal::new(config.request_log_len),
            faults: FaultScript::default(),
            shop: config.shop.clone(),
            indexes: amperity_index::Indexes::default(),
            ansira: ansira::Account::new(clock()),
            rest_revoked: Vec::new(),
            algonomy: algonomy::Tenant::default(),
        };
        let state = Mutex::new(state);
        Self { inner: Arc::new(Inner { config, clock, customers, state }) }
    }

    /// The vendors, each under its own name, the control routes under `/_control`, and the page at `/`.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(amperity::router(self))
            .merge(amperity_index::router(self))
            .merge(ansira::router(self))
            .merge(algonomy::router(self))
            .merge(ga4::router(self))
            .merge(meta_capi::router(self))
            .merge(rest::router(self))
            .merge(tiktok::router(self))
            .merge(webhook::router(self))
            .merge(page::guarded(control::router(self).merge(page::router(self))))
    }

    /// The demo site.
    pub fn shop_router(&self) -> Router {
        shop::router(self)
    }

    /// Serves [`Sandbox::router`] until `shutdown` completes and open requests are answered.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        axum::serve(listener, self.router()).with_graceful_shutdown(shutdown).await
    }

    /// As [`Sandbox::serve`], for the shop.
    pub async fn serve_shop(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        axum::serve(listener, self.shop_router()).with_graceful_shutdown(shutdown).await
    }

    /// Requests of a route since the start or the last reset; see [`Route::label`]. An unknown label
    /// was never hit.
    pub fn hits(&self, route: &str) -> u64 {
        Route::find(route).map_or(0, |route| self.with(|state| state.journal.hits(route)))
    }

    /// The newest requests to the vendor, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.with(|state| state.journal.records())
    }

    /// The newest events that a destination other than Amperity took, oldest first. It is named as in a
    /// configuration, for example `meta_capi`.
    pub fn delivered(&self, destination: &str) -> Vec<DeliveryRecord> {
        self.with(|state| state.deliveries.of(destination))
    }

    /// The newest events that Amperity accepted, oldest first.
    pub fn events(&self) -> Vec<EventRecord> {
        self.with_settled(|state| state.events.records())
    }

    /// How many events were accepted, remembered or not.
    pub fn accepted_events(&self) -> u64 {
        self.with(|state| state.events.accepted())
    }

    /// How many accepted events have not reached their profile.
    pub fn pending_events(&self) -> usize {
        self.with_settled(|state| state.events.pending())
    }

    /// Brings every pending event to its profile now; returns how many there were.
    pub fn apply_pending(&self) -> usize {
        let now = self.now();
        self.with(|state| state.settle(Timestamp::MAX, now))
    }

    /// Links a cookie id to a named customer, away from whomever it was linked to.
    pub fn link(&self, cookie: &str, customer: &str) -> Result<NamedCustomer, ControlError> {
        let who = NamedCustomer::find(customer)
            .ok_or_else(|| ControlError::UnknownCustomer(customer.into()))?;
        let id = Identifier::new(DEVICE_COOKIE, cookie);
        self.with_settled(|state| state.profiles.link(id, who.profile_id()));
        Ok(who)
    }

    /// Makes the next `times` requests of a route fail, or all of them until the faults are cleared.
    pub fn fault(&self, route: &str, times: Option<u32>, fault: Fault) -> Result<(), ControlError> {
        let route = Route::find(route).ok_or_else(|| ControlError::UnknownRoute(route.into()))?;
        self.with(|state| state.faults.add(route, times, fault));
        Ok(())
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.with(|state| state.faults.clear());
    }

    /// Ends the faults of a route.
    pub fn clear_faults_of(&self, route: &str) -> Result<(), ControlError> {
        let route = Route::find(route).ok_or_else(|| ControlError::UnknownRoute(route.into()))?;
        self.with(|state| state.faults.clear_route(route));
        Ok(())
    }

    /// The faults still to come, in the order in which they were added.
    pub fn faults(&self) -> Vec<FaultRecord> {
        self.with(|state| state.faults.records())
    }

    /// The keys that may be looked up.
    pub fn linking_keys(&self) -> Vec<String> {
        self.with(|state| state.linking_keys.clone())
    }

    /// Replaces the keys that may be looked up.
    pub fn set_linking_keys(&self, keys: impl IntoIterator<Item = impl Into<String>>) {
        let keys = keys.into_iter().map(Into::into).collect();
        self.with(|state| state.linking_keys = keys);
    }

    /// What the stream does with events.
    pub fn stream_mode(&self) -> StreamMode {
        self.with(|state| state.stream_mode)
    }

    /// Changes what the stream does with events.
    pub fn set_stream_mode(&self, mode: StreamMode) {
        self.with(|state| state.stream_mode = mode);
    }

    /// How the control API ends a list.
    pub fn last_page(&self) -> LastPage {
        self.with(|state| state.tenant.last_page)
    }

    /// Changes how the control API ends a list.
    pub fn set_last_page(&self, last_page: LastPage) {
        self.with(|state| state.tenant.last_page = last_page);
    }

    pub(crate) fn stop_run(&self, id: String) {
        self.with(|state| state.tenant.stopped.insert(id));
    }

    pub(crate) fn is_stopped(&self, id: &str) -> bool {
        self.with(|state| state.tenant.stopped.contains(id))
    }

    /// Changes the shop's settings, which may name addresses that were not known before.
    pub fn update_shop(&self, change: impl FnOnce(&mut ShopConfig)) {
        self.with(|state| change(&mut state.shop));
    }

    /// Forgets everything received and every control call, except the shop's settings.
    pub fn reset(&self) {
        let (config, now) = (&self.inner.config, self.now());
        self.with(|state| {
            state.indexes = amperity_index::Indexes::default();
            state.ansira = ansira::Account::new(now);
            state.rest_revoked.clear();
            state.linking_keys.clone_from(&config.linking_keys);
            state.stream_mode = config.stream_mode;
            state.tenant = Tenant::default();
            state.keys = Keys::new(&config.tokens);
            state.profiles = Profiles::new(Arc::clone(&self.inner.customers), config.seed);
            state.events = EventLog::new(config.event_log_len);
            state.deliveries = DeliveryLog::new(config.event_log_len);
            state.journal.clear();
            state.faults.clear();
            state.algonomy = algonomy::Tenant::default();
        });
    }

    /// Algonomy drops all its tokens, although none has expired; returns how many there were.
    pub fn drop_algonomy_tokens(&self) -> usize {
        let now = self.now();
        self.algonomy(|tenant| tenant.drop_tokens(now))
    }

    /// How many requests to Algonomy came with a token that had expired, was dropped, or never was one.
    pub fn dead_algonomy_tokens(&self) -> u64 {
        self.algonomy(|tenant| tenant.dead_tokens_sent())
    }

    /// What people have asked of Algonomy, in the order in which it was registered.
    pub fn gdpr_requests(&self) -> Vec<algonomy::GdprRecord> {
        self.algonomy(|tenant| tenant.requests().to_vec())
    }

    /// How many customers there are, named ones included.
    pub fn customer_count(&self) -> usize {
        self.inner.customers.len()
    }

    /// Profile ids of all customers.
    pub(crate) fn customer_ids(&self) -> Vec<String> {
        self.inner.customers.ids().map(str::to_owned).collect()
    }

    pub(crate) fn with_indexes<T>(
        &self,
        work: impl FnOnce(&mut amperity_index::Indexes) -> T,
    ) -> T {
        self.with(|state| work(&mut state.indexes))
    }

    pub(crate) fn with_ansira<T>(&self, work: impl FnOnce(&mut ansira::Account) -> T) -> T {
        self.with(|state| work(&mut state.ansira))
    }

    pub(crate) fn with_rest<T>(&self, work: impl FnOnce(&mut Vec<String>) -> T) -> T {
        self.with(|state| work(&mut state.rest_revoked))
    }

    pub(crate) fn config(&self) -> &SandboxConfig {
        &self.inner.config
    }

    pub(crate) fn customers(&self) -> &Customers {
        &self.inner.customers
    }

    pub(crate) fn algonomy<T>(&self, work: impl FnOnce(&mut algonomy::Tenant) -> T) -> T {
        self.with(|state| work(&mut state.algonomy))
    }

    pub(crate) fn shop(&self) -> ShopConfig {
        self.with(|state| state.shop.clone())
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    pub(crate) fn begin(&self, route: Route, record: RequestRecord) -> (u64, Option<Fault>) {
        self.with(|state| (state.journal.begin(route, record), state.faults.take(route)))
    }

    pub(crate) fn finish(&self, n: u64, status: u16) {
        self.with(|state| state.journal.finish(n, status));
    }

    pub(crate) fn accept(&self, event: Map<String, Value>) {
        let source = event.get("source").and_then(Value::as_str);
        let routed = source == Some(self.inner.config.source.as_str());
        let routing = if routed { Routing::Stream } else { Routing::Unknown };
        let now = self.now();
        self.with(|state| state.events.accept(event, routing, now));
    }

    pub(crate) fn deliver(&self, destination: &'static str, id: Option<&str>, body: Value) {
        let now = self.now();
        self.with(|state| state.deliveries.add(destination, id, body, now));
    }

    pub(crate) fn look_up(&self, id: &Identifier, enrich: bool) -> Option<Profile> {
        self.with_settled(|state| {
            let profile_id = state.profiles.resolve(id)?.to_owned();
            state.profiles.read(&profile_id, enrich)
        })
    }

    pub(crate) fn read_profile(&self, profile_id: &str, enrich: bool) -> Option<Profile> {
        self.with_settled(|state| state.profiles.read(profile_id, enrich))
    }

    /// The first profiles with an identifier that contains the text, with all of theirs as JSON; case does not count.
    pub(crate) fn search(&self, text: &str, limit: usize) -> Vec<Value> {
        let text = text.trim().to_lowercase();
        self.with_settled(|state| {
            let found = state.profiles.search(&text, limit).into_iter();
            found.map(|id| state.profiles.identifiers_as_json(&id)).collect()
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        // No step below leaves the state half-done, so a panic elsewhere does not spoil it.
        work(&mut self.inner.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// As `with`, after the events that are due have reached their profiles.
    fn with_settled<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let now = self.now();
        self.with(|state| {
            if let Timing::Auto(delay) = self.inner.config.timing {
                let delay = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
                if let Ok(until) = now.checked_sub(delay) {
                    state.settle(until, now);
                }
            }
            work(state)
        })
    }
}

impl State {
    /// Applies the events accepted at or before `until`; returns how many.
    fn settle(&mut self, until: Timestamp, now: Timestamp) -> usize {
        let mut applied = 0;
        while let Some(event) = self.events.take_due(until) {
            self.profiles.apply(&event, now);
            applied += 1;
        }
        applied
    }
}
