//! More events than can leave at once, and a budget that is no bound: how fast they do.

use std::fs;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use serde::Deserialize;

use super::super::http::{Connection, Request};
use super::super::ingest::events;
use super::super::message_id::Template;
use super::super::ours::{Ours, Place, Sandbox};
use super::super::random::SplitMix64;
use super::super::stopwatch::wall_clock;
use super::super::visitors;
use super::VISITORS;

/// Batches of the backlog.
const BATCHES: usize = 100;

/// Requests a second that the destination may be sent: as many as a configuration can say.
pub(super) const BUDGET: u32 = 10_000;

/// The sandbox's own; this program shares no type with it.
const SECRET: &str = "whsec_c2FuZGJveC13ZWJob29rLXNlY3JldC1mb3ItdGVzdHM=";

/// What the events' ids come of.
const SEED: u64 = 8;

/// How a backlog left.
pub(super) struct Backlog {
    pub(super) events: usize,
    /// When the last event was accepted.
    pub(super) left: usize,
    /// From then on.
    pub(super) per_second: f64,
}

#[derive(Deserialize)]
struct Log {
    delivered: Vec<Noted>,
}

#[derive(Deserialize)]
struct Noted {
    at: Timestamp,
}

/// Sends events as fast as they are accepted, and waits for the last to leave.
pub(super) fn measure(place: &Place<'_>, sandbox: &Arc<Sandbox>) -> Result<Backlog> {
    let secret = place.folder.join("webhook.secret");
    fs::write(&secret, SECRET).context("cannot write the webhook's secret")?;
    let webhook = format!(
        "\n[[pipelines.integrations]]\nvendor = \"webhook\"\nurl = \"http://127.0.0.1:{}/webhook\"\n\
         private_host = \"127.0.0.1\"\nsecret = {{ file = \"{}\" }}\nconsent_category = \"essential\"\n\
         requests_per_second = {BUDGET}\n",
        sandbox.port,
        secret.display()
    );
    let ours = Ours::start(place, sandbox, &webhook)?;
    let visitors = visitors::make(&ours, VISITORS)?;
    sandbox.wait_until_quiet()?;
    let before = noted(sandbox)?.len();
    let batches = visitors.iter().cycle().map(events::batch).take(BATCHES);
    let mut server = Connection::open(ours.port)?;
    let mut random = SplitMix64::new(SEED);
    for batch in batches {
        server.ask(Template::new(batch.bytes(ours.port)).next(&mut random))?.accepted()?;
    }
    let accepted = wall_clock();
    // The other destination takes longer, within its budget.
    sandbox.wait_until_quiet()?;
    let events = BATCHES * usize::try_from(events::BATCH_EVENTS)?;
    let noted = noted(sandbox)?;
    ensure!(noted.len() - before == events, "{} of {events} arrived", noted.len() - before);
    let after: Vec<_> = noted.into_iter().map(|it| it.at).filter(|at| accepted < *at).collect();
    let last = after.iter().max().context("nothing was left when the last event was accepted")?;
    let left = after.len();
    let per_second = f64::from(u32::try_from(left)?) / last.duration_since(accepted).as_secs_f64();
    Ok(Backlog { events, left, per_second })
}

fn noted(sandbox: &Sandbox) -> Result<Vec<Noted>> {
    let request = Request::get("/_control/delivered/webhook").bytes(sandbox.port);
    let body = Connection::open(sandbox.port)?.ask(&request)?.accepted()?;
    let log: Log = serde_json::from_str(&body).context("the webhook's events cannot be read")?;
    Ok(log.delivered)
}
