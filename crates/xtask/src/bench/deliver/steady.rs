//! Fewer events than the budget has room for: how late each arrives.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::super::http::{Connection, Request};
use super::super::ingest::events;
use super::super::message_id;
use super::super::open_loop::{self, Load};
use super::super::ours::{Ours, Place, Sandbox};
use super::super::process::free_port;
use super::super::stats::quantile;
use super::super::stopwatch::wall_clock;
use super::super::visitors;
use super::VISITORS;

/// Events a second.
pub(super) const RATE: u32 = 400;

/// How long they are sent.
pub(super) const SECONDS: u32 = 60;

/// Most requests under way.
const CONNECTIONS: usize = 64;

/// What the events' ids come of.
const SEED: u64 = 7;

/// How often the server's metrics are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What is late, in milliseconds.
pub(super) struct Lags {
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) longest: f64,
    /// As the server's metrics tell it.
    pub(super) longest_told: f64,
    /// How many events arrived a second.
    pub(super) per_second: f64,
}

/// What the vendor has noted.
#[derive(Deserialize)]
struct Log {
    events: Vec<Noted>,
}

#[derive(Deserialize)]
struct Noted {
    at: Timestamp,
    body: Body,
}

#[derive(Deserialize)]
struct Body {
    message_id: Option<String>,
}

/// Sends events for so many seconds, and compares when they were sent with when they arrived.
pub(super) fn measure(place: &Place<'_>, sandbox: &Arc<Sandbox>, seconds: u32) -> Result<Lags> {
    let admin = free_port()?;
    let listener = format!("\n[server.admin]\nlisten = \"127.0.0.1:{admin}\"\n");
    let ours = Ours::start(place, sandbox, &listener)?;
    let visitors = visitors::make(&ours, VISITORS)?;
    sandbox.wait_until_quiet()?;
    let requests: Vec<_> = visitors.iter().map(events::single).collect();
    let load = Load {
        rate: f64::from(RATE),
        length: Duration::from_secs(u64::from(seconds)),
        connections: CONNECTIONS,
        seed: SEED,
    };
    let is_over = AtomicBool::new(false);
    let (latency, told) = thread::scope(|scope| {
        let watch = scope.spawn(|| watch(admin, &is_over));
        let latency = open_loop::run(ours.port, &requests, load);
        let quiet = sandbox.wait_until_quiet();
        is_over.store(true, Ordering::Relaxed);
        let told = watch.join().ok().context("a thread ended early")??;
        quiet.and(latency).map(|latency| (latency, told))
    })?;
    let count = usize::try_from(RATE * seconds)?;
    let due = |n: usize| Some(latency.began + load.gap().checked_mul(u32::try_from(n).ok()?)?);
    let mut sent: HashMap<String, Timestamp> = HashMap::with_capacity(count);
    for (n, id) in message_id::ids(SEED).take(count).enumerate() {
        sent.insert(id, due(n).context("it lasts too long")?);
    }
    let arrived = noted(sandbox)?;
    let of_ours = arrived.iter().filter_map(|noted| {
        let sent = sent.remove(noted.body.message_id.as_deref()?)?;
        Some((noted.at.duration_since(sent), noted.at))
    });
    let (mut lags, moments): (Vec<SignedDuration>, Vec<Timestamp>) = of_ours.unzip();
    ensure!(lags.len() == count, "{} of {count} events have not arrived", count - lags.len());
    lags.sort_unstable();
    let last = moments.into_iter().max().context("nothing was sent")?;
    let at = |per_mille| quantile(&lags, per_mille).map(milliseconds).context("nothing was sent");
    Ok(Lags {
        p50: at(500)?,
        p99: at(990)?,
        longest: at(1_000)?,
        longest_told: milliseconds(told),
        per_second: f64::from(RATE * seconds) / last.duration_since(latency.began).as_secs_f64(),
    })
}

fn milliseconds(time: SignedDuration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn noted(sandbox: &Sandbox) -> Result<Vec<Noted>> {
    let request = Request::get("/_control/events").bytes(sandbox.port);
    let body = Connection::open(sandbox.port)?.ask(&request)?.accepted()?;
    let log: Log = serde_json::from_str(&body).context("the vendor's events cannot be read")?;
    Ok(log.events)
}

/// The greatest age of the oldest event that the metrics have shown until it was over.
fn watch(admin: u16, is_over: &AtomicBool) -> Result<SignedDuration> {
    let mut server = Connection::open(admin)?;
    let request = Request::get("/metrics").bytes(admin);
    let mut longest = SignedDuration::ZERO;
    while !is_over.load(Ordering::Relaxed) {
        let text = server.ask(&request)?.accepted()?;
        longest = longest.max(oldest(&text, wall_clock()));
        thread::sleep(LOOK);
    }
    Ok(longest)
}

/// How old the oldest event is that waits for anything but its owner.
fn oldest(metrics: &str, now: Timestamp) -> SignedDuration {
    let lines = metrics.lines().filter(|line| line.starts_with("datafly_outbox_oldest_seconds{"));
    let waiting = lines.filter(|line| !line.contains("kind=\"dead_letter\""));
    let since = waiting.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    let since = since.filter(|since| *since > 0.0).fold(f64::INFINITY, f64::min);
    let since = SignedDuration::try_from_secs_f64(since).ok();
    since.map_or(SignedDuration::ZERO, |since| now.as_duration() - since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_event_is_told_by_all_that_wait_but_dead_letters() {
        let now = Timestamp::constant(1_800_000_010, 0);
        let line = |kind: &str, since: &str| {
            format!(
                "datafly_outbox_oldest_seconds{{pipeline=\"p\",destination=\"d\",kind=\"{kind}\"}} {since}\n"
            )
        };
        let of = |lines: &[String]| oldest(&lines.concat(), now).as_millis();
        assert_eq!(of(&[line("lag", "0.0"), line("dead_letter", "1700000000.0")]), 0);
        let waiting = [line("accepted", "1800000009.5"), line("lag", "1800000008.25")];
        assert_eq!(of(&waiting), 1_750);
    }
}
