//! `cargo xtask bench ingest`: events accepted durably, beside servers of `perf/server` that append, sync and answer, and
//! do nothing else.
//!
//! Every turn begins with an empty folder on a disk that has nothing left to write, and nobody else's server is up: a
//! backlog that ours still delivers would be the next one's load.

pub(super) mod events;
mod floors;
mod names;
mod questions;

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};

use self::events::BATCH_EVENTS;
use self::floors::Floors;
use super::contestant::{Contestant, Keeps, Kind, Lengths};
use super::http::Request;
use super::metric::{Metric, Sample};
use super::options::{Beside, Options, SERVER};
use super::ours::{Ours, Place, Sandbox};
use super::process::Process;
use super::report::{Report, Row};
use super::rounds::Rounds;
use super::visitors::{self, Visitor};
use super::{accounting, cores, tools};
use crate::setup::run;

/// How many visitors send events, in turn. The vendor knows them all: four times as many as connections, so that few
/// requests of the same visitor meet, and few enough for a cold start in each turn.
const VISITORS: usize = 256;

/// The visitors' context, which is a write of each visitor's record with every event.
const CONTEXT: &str = r#"context_sensitive_personalisation = true
personalisation_context_mappings = [{ source = "properties.category", target = "pageCategory" }]
"#;

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    beside: Beside,
}

/// A contestant whose turn it is. Its process ends with it.
struct Turn {
    contestant: Contestant,
    _process: Process,
}

/// Sets up, measures, reports; 1 if a target was missed.
pub(crate) fn ingest(root: &Path, args: &Args) -> Result<ExitCode> {
    cores::check()?;
    let folder = root.join("target/bench");
    let perf = args.beside.perf(root)?;
    tools::programs(&[tools::WRK])?;
    tools::npm(&folder.join("npm"))?;
    let axum = tools::floor(&perf, &folder.join("floor"))?;
    let server = args.beside.server(root)?;
    let file_system = file_system(&folder)?;
    cores::LOAD.take_this_thread()?;

    let place = Place { root, binary: &server, folder: &folder };
    let sandbox = Arc::new(Sandbox::start(&place)?);
    let floors = Floors {
        axum,
        fastify: perf.join("server/peers/fastify-enrich.cjs"),
        npm: folder.join("npm"),
        folder: folder.clone(),
        // The very requests that ours gets, but for the path.
        requests: {
            let ours = Ours::start(&place, &sandbox, CONTEXT)?;
            singles(&visitors::make(&ours, VISITORS)?)
        },
    };
    let lengths = args.options.lengths();
    let count = args.options.count();
    let rounds = Rounds::run(&names::ORDER, &questions::QUESTIONS, count, |round, name| {
        let turn = match name {
            names::FLOOR => floors.axum()?,
            names::FASTIFY => floors.fastify()?,
            ours => of_ours(ours, &place, &sandbox)?,
        };
        turn.contestant.check()?;
        let sample = turn.contestant.measure(lengths, &folder)?;
        let [events, cpu_us, p99_us] =
            [Metric::Events, Metric::EventCpu, Metric::P99].map(|metric| metric.of(&sample));
        eprintln!(
            "bench: round {round}: {name}: {events:.0} events/s, {cpu_us:.1} µs CPU/event, \
             busy {:.0} %, p99 {p99_us:.0} µs at 20 %",
            // Less than all of its core: the disk, the load or a neighbour was the limit, not the server.
            events * cpu_us / 1e4,
        );
        Ok(sample)
    })?;
    args.options.publish(root, SERVER, "ingest", report(&rounds, lengths, &file_system))
}

/// The kind of file system that all of them write to.
fn file_system(folder: &Path) -> Result<String> {
    let output = Command::new("stat").args(["-f", "-c", "%T"]).arg(folder).output();
    let kind = output.context("`stat` cannot be started")?.stdout;
    let kind = String::from_utf8_lossy(&kind).trim().to_owned();
    ensure!(kind != "tmpfs", "{} is in memory: syncing it costs nothing", folder.display());
    Ok(kind)
}

/// Nothing is in the folder, and the disk has nothing left to write.
fn emptied(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("cannot empty the last turn's folder")?;
    }
    fs::create_dir_all(folder).context("cannot make a folder for the events")?;
    run(&mut Command::new("sync"))?;
    Ok(folder.to_owned())
}

/// Starts ours, with visitors and their profiles.
fn of_ours(name: &'static str, place: &Place<'_>, sandbox: &Arc<Sandbox>) -> Result<Turn> {
    let folder = emptied(&place.data())?;
    let context = if name == names::PLAIN { "" } else { CONTEXT };
    let ours = Ours::start(place, sandbox, context)?;
    let visitors = visitors::make(&ours, VISITORS)?;
    let (requests, events, expected) = match name {
        names::BATCH => (batches(&visitors), BATCH_EVENTS, format!("\"accepted\":{BATCH_EVENTS}")),
        _ => (singles(&visitors), 1, "\"success\":true".to_owned()),
    };
    let contestant = Contestant {
        name,
        kind: Kind::Ours,
        port: ours.port,
        pid: ours.server.id(),
        requests,
        expected: vec![expected],
        keeps: Some(Keeps { folder, events }),
    };
    Ok(Turn { contestant, _process: ours.server })
}

fn singles(visitors: &[Visitor]) -> Vec<Request> {
    visitors.iter().map(events::single).collect()
}

/// Of fewer visitors: each is a hundred times as long.
fn batches(visitors: &[Visitor]) -> Vec<Request> {
    visitors.iter().take(VISITORS / 4).map(events::batch).collect()
}

fn report(rounds: &Rounds, lengths: Lengths, file_system: &str) -> Report {
    let row = |name: &'static str| Row { name, kind: kind(name), medians: rounds.medians(name) };
    let mut report = Report {
        title: "Events accepted durably, beside floors that do nothing else",
        conditions: conditions(rounds.len(), lengths, file_system),
        columns: &COLUMNS,
        bars: &COLUMNS[..2],
        rows: names::ORDER.into_iter().map(row).collect(),
        more: Vec::new(),
        figures: questions::QUESTIONS.iter().filter_map(|it| rounds.figure(it)).collect(),
    };
    report.sort(faster);
    report
}

const COLUMNS: [Metric; 6] =
    [Metric::Events, Metric::EventCpu, Metric::P50, Metric::P99, Metric::Memory, Metric::Disk];

fn kind(name: &str) -> Kind {
    match name {
        names::FLOOR => Kind::Floor,
        names::FASTIFY => Kind::Peer,
        _ => Kind::Ours,
    }
}

fn faster(a: &Sample, b: &Sample) -> Ordering {
    Metric::Events.of(b).total_cmp(&Metric::Events.of(a))
}

fn conditions(rounds: usize, lengths: Lengths, file_system: &str) -> Vec<String> {
    let (warm_up, seconds) = (lengths.warm_up.as_secs(), lengths.window.as_secs());
    let processor = accounting::processor();
    vec![
        format!(
            "Up to {rounds} rounds, every server in turn, started anew, {seconds} s each after {warm_up} s of \
             warm-up, on {processor}, writing to {file_system}."
        ),
        "The server is alone on one core; the other puts load on it: wrk, 1 thread, 64 connections."
            .to_owned(),
        format!(
            "Events of {} bytes as the browser sends them, each with an id of its own, of {VISITORS} visitors in \
             turn; all servers get the same.",
            events::BYTES
        ),
        "All of them answer once the event is on the disk, many events to one sync. The floors append the body to a \
         file."
            .to_owned(),
        "Ours checks origin, limits, cookie and handle, reads the event, knows it again by its id, writes the \
         visitor's context, and meanwhile enriches the events it has from its caches and delivers them, mapped by \
         the Retail blueprint, to a vendor on the load's core that takes 500 a second: what is beyond that is a \
         backlog which it delivers later, in nobody's turn."
            .to_owned(),
        "Bytes on disk are all that is kept by the end of the load, for each event: visitors, journals, events, and what \
         is already enriched of them."
            .to_owned(),
        "Latency is taken open-loop at 20 % of that load.".to_owned(),
    ]
}
