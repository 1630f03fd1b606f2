//! `cargo xtask bench`: figures beside floors and peers, taken in the same call, in turn.
//!
//! A shared machine varies by more than what is measured, so no figure here is an absolute number: each is
//! the ratio of two servers measured shortly after each other, again and again, with an interval that says
//! how far it can be trusted.

mod accounting;
mod chart;
mod contestant;
mod cores;
mod enrich;
mod figure;
mod http;
mod open_loop;
mod process;
mod report;
mod rounds;
mod stats;
mod stopwatch;
mod tools;
mod wrk;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

/// What to measure.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Bench {
    /// Cached enrich and the loader, beside axum, nginx, fastify and unleash-edge.
    ///
    /// Builds and installs what it needs. Ends with 1 if a target was missed. Figures mean something only
    /// when nothing else runs on the machine.
    Enrich(enrich::Args),
}

/// Measures; fails where a target was missed.
pub(crate) fn bench(root: &Path, what: &Bench) -> Result<ExitCode> {
    match what {
        Bench::Enrich(args) => enrich::enrich(root, args),
    }
}
