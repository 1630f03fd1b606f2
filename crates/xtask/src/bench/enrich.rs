//! `cargo xtask bench enrich`: cached enrich and the loader beside the floors and peers of `perf/server`.
//!
//! The server is alone on one core, the load on the other. All servers stay up for the whole run and take
//! turns. What ours serves comes from its caches: a vendor call during a measurement is a failure.

mod names;
mod others;
mod questions;
mod trouble;

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Error, Result, anyhow};

use self::others::{Others, Parts};
use super::contestant::{Contestant, Kind, Lengths};
use super::figure::Figure;
use super::metric::{Metric, Sample};
use super::options::{Beside, Options, SERVER};
use super::ours::{self, Ours, Place, Sandbox};
use super::report::{Report, Row};
use super::rounds::Rounds;
use super::visitors::{self, Visitor};
use super::{accounting, cores, tools};

/// How many visitors there are: as many as profiles in the floors and peers.
const VISITORS: usize = 10_000;

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    beside: Beside,
    /// unleash-edge, a peer that is measured where there is one.
    #[arg(long, value_name = "BINARY", env = "EDGE")]
    edge: Option<PathBuf>,
}

/// A peer whose build takes too long to be part of a set-up.
const EDGE: &str = "unleash-edge";

/// Sets up, measures, reports; 1 if a target was missed.
pub(crate) fn enrich(root: &Path, args: &Args) -> Result<ExitCode> {
    cores::check()?;
    let folder = root.join("target/bench");
    let perf = args.beside.perf(root)?;
    tools::programs(&[tools::NGINX, tools::WRK])?;
    tools::npm(&folder.join("npm"))?;
    let parts = Parts {
        peers: perf.join("server/peers"),
        floor: tools::floor(&perf, &folder.join("floor"))?,
        npm: folder.join("npm"),
        edge: args.edge.clone().or_else(|| tools::is_there(EDGE).then(|| EDGE.into())),
    };
    let server = args.beside.server(root)?;
    if parts.edge.is_none() {
        eprintln!("bench: {EDGE} is left out: it is not on the PATH, nor named by EDGE or --edge");
    }
    let place = Place { root, binary: &server, folder: &folder };
    let report = measure(&args.options, &parts, &place)?;
    args.options.publish(root, SERVER, "enrich", report)
}

fn measure(options: &Options, parts: &Parts, place: &Place<'_>) -> Result<Report> {
    cores::LOAD.take_this_thread()?;
    let sandbox = Arc::new(Sandbox::start(place)?);
    let ours = Ours::start(place, &sandbox, "")?;
    eprintln!("bench: making {VISITORS} visitors");
    let visitors = visitors::make(&ours, VISITORS)?;
    sandbox.wait_until_quiet()?;
    let first = visitors.first().context("there are no visitors")?;
    let mut contestants = of_ours(&ours, &visitors)?;
    let others = Others::start(parts, place.folder, |request| {
        let ours = ours::enrich().header("Cookie", &first.cookie);
        ours.headers.into_iter().fold(request, |all, (name, value)| all.header(name, value))
    })?;
    contestants.extend(others.contestants);
    let present = |name: &&str| contestants.iter().any(|it| it.name == *name);
    let order: Vec<_> = names::ORDER.into_iter().filter(present).collect();

    let lengths = options.lengths();
    let rounds = Rounds::run(&order, &questions::QUESTIONS, options.count(), |round, name| {
        let contestant = contestants.iter().find(|it| it.name == name);
        let contestant = contestant.context("nobody is called that")?;
        let sample = one(contestant, &ours, lengths, place.folder, options.quick)?;
        let [per_second, cpu_us, p99_us] =
            [Metric::Throughput, Metric::Cpu, Metric::P99].map(|metric| metric.of(&sample));
        eprintln!(
            "bench: round {round}: {name}: {per_second:.0} req/s, {cpu_us:.1} µs CPU/request, \
             busy {:.0} %, p99 {p99_us:.0} µs at 20 %",
            // Much less than all of its core: the load, or a neighbour, was the limit, not the server.
            per_second * cpu_us / 1e4,
        );
        Ok(sample)
    })?;
    let mut report = report(&rounds, &order, &contestants, lengths)?;
    eprintln!("bench: the vendor gets into trouble");
    report.figures.extend(trouble::measure(&ours, &visitors)?);
    Ok(report)
}

/// Ours under its three kinds of load.
fn of_ours(ours: &Ours, visitors: &[Visitor]) -> Result<Vec<Contestant>> {
    let first = visitors.first().context("there are no visitors")?;
    let answer: serde_json::Value = serde_json::from_str(&first.answer)?;
    // In JavaScript the profile stands as the same JSON, name by name, inert for HTML.
    let inline = ours::ATTRIBUTES.map(|name| {
        let json = format!("\"{name}\":{}", answer["attributes"][name]);
        json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
    });
    let contestant = |name, requests, expected| Contestant {
        name,
        kind: Kind::Ours,
        port: ours.port,
        pid: ours.server.id(),
        requests,
        expected,
        keeps: None,
    };
    let one = ours::enrich().header("Cookie", &first.cookie);
    let all = visitors.iter().map(|it| ours::enrich().header("Cookie", &it.cookie));
    let loader = ours::loader().header("Cookie", &first.cookie);
    Ok(vec![
        contestant(names::ONE, vec![one], vec![first.answer.clone()]),
        contestant(names::ALL, all.collect(), vec![first.answer.clone()]),
        contestant(names::LOADER, vec![loader], inline.into()),
    ])
}

/// One measurement. The answer is looked at before, the vendor's counter before and after.
fn one(
    contestant: &Contestant,
    ours: &Ours,
    lengths: Lengths,
    folder: &Path,
    quick: bool,
) -> Result<Sample> {
    // A trial is for seeing numbers of a server that is not done yet.
    let complain = |error: Error| {
        if !quick {
            return Err(error);
        }
        eprintln!("bench: warning: {error:#}");
        Ok(())
    };
    contestant.check().or_else(complain)?;
    let before = ours.sandbox.hits()?;
    let sample = contestant.measure(lengths, folder)?;
    let asked = ours.sandbox.hits()?.saturating_sub(before);
    if asked > 0 {
        let name = contestant.name;
        complain(anyhow!(
            "the vendor was asked {asked} times while {name} was measured: the answers were not cached"
        ))?;
    }
    Ok(sample)
}

fn report(
    rounds: &Rounds,
    order: &[&'static str],
    contestants: &[Contestant],
    lengths: Lengths,
) -> Result<Report> {
    let row = |contestant: &Contestant| {
        let mut medians = rounds.medians(contestant.name);
        // What is left after the run, not what each part of it took.
        medians.insert(Metric::Memory, accounting::resident_mb(contestant.pid)?);
        Ok(Row { name: contestant.name, kind: contestant.kind, medians })
    };
    let rows = order.iter().filter_map(|name| contestants.iter().find(|it| it.name == *name));
    let rows = rows.map(row).collect::<Result<Vec<_>>>()?;
    let memory = rows.iter().find(|row| row.kind == Kind::Ours);
    let memory = memory.map_or(f64::NAN, |row| Metric::Memory.of(&row.medians));
    let mut figures: Vec<_> =
        questions::QUESTIONS.iter().filter_map(|it| rounds.figure(it)).collect();
    figures.push(Figure::plain(
        questions::MEMORY,
        (memory, "MB"),
        questions::MEMORY_TARGET,
        Some(questions::MEMORY_STRETCH),
    ));
    let mut report = Report {
        title: TITLE,
        conditions: conditions(rounds.len(), lengths),
        columns: &COLUMNS,
        bars: &COLUMNS[..2],
        rows,
        more: Vec::new(),
        figures,
    };
    report.sort(faster);
    Ok(report)
}

const TITLE: &str = "Cached enrich and the loader, beside floors and peers";

const COLUMNS: [Metric; 5] =
    [Metric::Throughput, Metric::Cpu, Metric::P50, Metric::P99, Metric::Memory];

fn faster(a: &Sample, b: &Sample) -> Ordering {
    Metric::Throughput.of(b).total_cmp(&Metric::Throughput.of(a))
}

fn conditions(rounds: usize, lengths: Lengths) -> Vec<String> {
    let (seconds, processor) = (lengths.window.as_secs(), accounting::processor());
    vec![
        format!("Up to {rounds} rounds, every server in turn, {seconds} s each, on {processor}."),
        "The server is alone on one core; the other puts load on it: wrk, 1 thread, 64 connections."
            .to_owned(),
        "Latency is taken open-loop at 20 % of that load.".to_owned(),
        "Every answer of ours is made for its visitor, from the caches: the vendor was asked nothing."
            .to_owned(),
    ]
}
