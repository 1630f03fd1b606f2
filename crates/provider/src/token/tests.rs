//! Sources in virtual time, over an issuer that remembers what it issued.

mod configured;
mod issued;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::*;
use crate::surroundings::Clock;

/// A clock that goes with tokio's.
pub(crate) fn clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || {
        let passed = SignedDuration::try_from(start.elapsed()).unwrap();
        Timestamp::constant(1_800_000_000, 0) + passed
    })
}

/// Days of a test that goes on for thirty in the long run.
pub(crate) fn days() -> u32 {
    option_env!("DATAFLY_TOKEN_DAYS").map_or(1, |days| days.parse().unwrap())
}

/// As many as there have to be, within one of a hundred. In a day there are too few of them to tell so exactly.
pub(crate) fn assert_renewals(renewals: u64, due: f64) {
    let renewals = f64::from(u32::try_from(renewals).unwrap());
    let off = if days() < 30 { (due * 0.01).max(1.5) } else { due * 0.01 };
    assert!((renewals - due).abs() < off, "{renewals} of {due} renewals");
}

fn text(token: &Token) -> String {
    token.secret().expose_secret().to_owned()
}

pub(crate) async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// A call that the vendor answers with whether it takes the token.
async fn call(
    tokens: &dyn TokenSource,
    scope: &str,
    is_taken: impl Fn(&str) -> bool,
) -> Result<bool, TokenError> {
    let ask = async |token: Token| {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok::<_, TokenError>(is_taken(&text(&token)))
    };
    authorised(tokens, scope, ask, |taken| !taken).await
}
