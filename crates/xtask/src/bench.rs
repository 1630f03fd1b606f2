//! `cargo xtask bench`: figures beside floors and peers, taken in the same call, in turn.
//!
//! A shared machine varies by more than what is measured, so no figure here is an absolute number: each is
//! the ratio of two contestants measured shortly after each other, again and again, with an interval that says
//! how far it can be trusted.

mod accounting;
mod blueprint;
mod browser;
mod chart;
mod contestant;
mod cores;
mod deliver;
mod enrich;
mod figure;
mod http;
mod ingest;
mod message_id;
mod metric;
mod open_loop;
mod options;
mod ours;
mod process;
mod random;
mod report;
mod rounds;
mod stats;
mod stopwatch;
mod tools;
mod visitors;
mod wrk;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

/// What to measure.
///
/// Each builds and installs what it needs, and ends with 1 if a target was missed. Figures mean something only when
/// nothing else runs on the machine.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Bench {
    /// Cached enrich and the loader, beside axum, nginx, fastify and unleash-edge.
    Enrich(enrich::Args),
    /// Events accepted durably, beside axum and fastify that do nothing else.
    Ingest(ingest::Args),
    /// How late events reach a vendor, and how fast a backlog leaves.
    Deliver(deliver::Args),
    /// Mapping an event, beside parsing it and writing it back.
    Blueprint(blueprint::Args),
    /// The browser SDK in Chromium, beside peers and a hand-written script.
    Browser(browser::Args),
}

/// Measures; fails where a target was missed.
pub(crate) fn bench(root: &Path, what: &Bench) -> Result<ExitCode> {
    match what {
        Bench::Enrich(args) => enrich::enrich(root, args),
        Bench::Ingest(args) => ingest::ingest(root, args),
        Bench::Deliver(args) => deliver::deliver(root, args),
        Bench::Blueprint(args) => blueprint::blueprint(root, args),
        Bench::Browser(args) => browser::browser(root, args),
    }
}
