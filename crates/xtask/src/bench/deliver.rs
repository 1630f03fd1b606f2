//! `cargo xtask bench deliver`: how late events reach a vendor when 400 a second are sent under its budget of 500 requests
//! a second, and how fast a backlog leaves where no budget holds it.
//!
//! Real processes, real sockets and a real disk. An event's lag counts from when it was due to be sent, by an open-loop
//! schedule, until the vendor has noted it by the same machine's clock. What the server tells of its outbox is looked at
//! beside, and has to say the same.

mod backlog;
mod steady;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;

use self::backlog::Backlog;
use self::steady::Lags;
use super::contestant::Kind;
use super::figure::{Figure, Target};
use super::ingest::events;
use super::metric::{Metric, Sample};
use super::options::{Measured, Options, SERVER};
use super::ours::{Place, Sandbox};
use super::report::{Report, Row};
use super::{accounting, cores};

/// Visitors who send events, in turn. The vendor knows them all, and each is looked up before anything is measured.
const VISITORS: usize = 256;

/// Seconds that an event may take where the budget is not used up.
const LAG: Target = Target::AtMost(2.0);

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    measured: Measured,
}

/// Sets up, measures, reports; 1 if a target was missed.
pub(crate) fn deliver(root: &Path, args: &Args) -> Result<ExitCode> {
    cores::check()?;
    let folder = root.join("target/bench");
    std::fs::create_dir_all(&folder)?;
    let server = args.measured.server(root)?;
    cores::LOAD.take_this_thread()?;
    let place = Place { root, binary: &server, folder: &folder };
    let seconds = if args.options.quick { 5 } else { steady::SECONDS };
    let lags = steady::measure(&place, &Arc::new(Sandbox::start(&place)?), seconds)?;
    let backlog = backlog::measure(&place, &Arc::new(Sandbox::start(&place)?))?;
    args.options.publish(root, SERVER, "deliver", report(&lags, &backlog, seconds))
}

fn report(lags: &Lags, backlog: &Backlog, seconds: u32) -> Report {
    let row = |name, sample: &[(Metric, f64)]| Row {
        name,
        kind: Kind::Ours,
        medians: sample.iter().copied().collect::<Sample>(),
    };
    let lag = |name, milliseconds| Figure::plain(name, (milliseconds / 1e3, "s"), LAG, None);
    Report {
        title: "How late events reach their destination",
        conditions: vec![
            format!(
                "{} events a second for {seconds} s, of {} bytes and {VISITORS} visitors, sent open-loop, under \
                 the server's budget of 500 requests a second for the vendor, on {}: the server alone on one core, the load and the vendor on the \
                 other.",
                steady::RATE,
                events::BYTES,
                accounting::processor(),
            ),
            "Lag is what passed from when an event was due to be sent until the vendor had it; by the server's own \
             metrics it is the age of its oldest event, ten times a second."
                .to_owned(),
            format!(
                "The backlog is of {} events, of which {} were left when the last was accepted; its destination may be \
                 sent {} requests a second, one event each, and another one its 500 beside.",
                backlog.events,
                backlog.left,
                backlog::BUDGET
            ),
        ],
        columns: &COLUMNS,
        bars: &COLUMNS[..2],
        rows: vec![
            row(
                "within the budget",
                &[
                    (Metric::Events, lags.per_second),
                    (Metric::Lag50, lags.p50),
                    (Metric::Lag99, lags.p99),
                    (Metric::LagMost, lags.longest),
                ],
            ),
            row("a backlog, budget lifted", &[(Metric::Events, backlog.per_second)]),
        ],
        more: Vec::new(),
        figures: vec![
            lag("lag, longest", lags.longest),
            lag("lag, p99", lags.p99),
            lag("lag by the metrics, longest", lags.longest_told),
            Figure::untargeted("backlog, budget lifted", (backlog.per_second, "events/s")),
        ],
    }
}

const COLUMNS: [Metric; 4] = [Metric::Events, Metric::Lag50, Metric::Lag99, Metric::LagMost];
