//! The clock, by what vendors say the time is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use axum::http::Request;
use bytes::Bytes;
use datafly_provider::http::{Answer, HttpError, Transport};
use datafly_provider::{Ailment, Check, Level};
use jiff::SignedDuration;

use crate::runtime::Clock;

pub(super) static CLOCK_SKEWED: Ailment = Ailment {
    code: "CLOCK_SKEWED",
    level: Level::Problem,
    cause: "This machine's clock and a vendor's disagree: tokens seem valid that are not, events get wrong times, \
            and signatures are refused.",
    fix: "Synchronise the machine's clock (chrony, systemd-timesyncd).",
};

/// More than networks and whole seconds account for.
const TOLERATED: SignedDuration = SignedDuration::from_mins(1);

/// A transport that compares clocks with whoever answers.
pub(super) struct Watched {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    /// How far ahead of ours each host's clock is.
    ahead: Mutex<BTreeMap<String, SignedDuration>>,
}

impl Watched {
    pub(super) fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { transport, clock, ahead: Mutex::default() }
    }

    /// What was seen.
    pub(super) fn check(&self) -> Vec<Check> {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        if ahead.is_empty() {
            let why = "no vendor has said what time it is";
            return vec![Check::skipped("the clock is right", why)];
        }
        let of_host = |(host, ahead): (&String, &SignedDuration)| {
            let claim = format!("the clock agrees with that of `{host}`");
            if ahead.abs() <= TOLERATED {
                return Check::good(claim);
            }
            let way = if ahead.is_positive() { "ahead of" } else { "behind" };
            let seen = format!("`{host}` is {} s {way} this machine", ahead.abs().as_secs());
            Check::found(claim, &CLOCK_SKEWED, "the machine's clock", seen)
        };
        ahead.iter().map(of_host).collect()
    }
}

#[async_trait]
impl Transport for Watched {
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let answer = self.transport.send(request, max_bytes).await?;
        if let Some(date) = answer.date {
            let ahead = date.duration_since(self.clock.now());
            self.ahead.lock().unwrap_or_else(PoisonError::into_inner).insert(host, ahead);
        }
        Ok(answer)
    }
}
