//! `cargo xtask bench enrich`: cached enrich and the loader beside the floors and peers of `perf/server`.
//!
//! The server is alone on one core, the load on the other. All servers stay up for the whole run and take
//! turns. What ours serves comes from its caches: a vendor call during a measurement is a failure.

mod names;
mod others;
mod ours;
mod questions;
mod trouble;
mod visitors;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Error, Result, anyhow};

use self::others::{Others, Parts};
use self::ours::Ours;
use self::visitors::Visitor;
use super::contestant::{Contestant, Kind, Lengths};
use super::figure::Figure;
use super::report::{Report, Server};
use super::rounds::{Count, Rounds, Sample};
use super::{accounting, chart, cores, tools};

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of floors and peers [default: ../shared/perf beside this project].
    #[arg(long, value_name = "FOLDER")]
    perf: Option<PathBuf>,
    /// A release build of the server to measure instead of this tree's.
    #[arg(long, value_name = "BINARY")]
    server: Option<PathBuf>,
    /// unleash-edge, a peer that is measured where there is one.
    #[arg(long, value_name = "BINARY", env = "EDGE")]
    edge: Option<PathBuf>,
    /// Print one JSON array of the figures, and nothing else, on standard output.
    #[arg(long)]
    json: bool,
    /// Write the tables and the chart to crates/server/bench.
    #[arg(long, conflicts_with = "quick")]
    write: bool,
    /// Try it: three short rounds, which decide nothing and only warn of what would end a real run.
    #[arg(long)]
    quick: bool,
}

/// A peer whose build takes too long to be part of a set-up.
const EDGE: &str = "unleash-edge";

/// Sets up, measures, reports; 1 if a target was missed.
pub(crate) fn enrich(root: &Path, args: &Args) -> Result<ExitCode> {
    cores::check()?;
    let folder = root.join("target/bench");
    let perf = args.perf.clone().unwrap_or_else(|| root.join("../shared/perf"));
    let perf = tools::perf(perf)?;
    tools::programs()?;
    tools::npm(&folder.join("npm"))?;
    let parts = Parts {
        peers: perf.join("server/peers"),
        floor: tools::floor(&perf, &folder.join("floor"))?,
        npm: folder.join("npm"),
        edge: args.edge.clone().or_else(|| tools::is_there(EDGE).then(|| EDGE.into())),
    };
    let server = match &args.server {
        Some(binary) => binary.canonicalize().context("the server's binary cannot be found")?,
        None => tools::server(root)?,
    };
    if parts.edge.is_none() {
        eprintln!("bench: {EDGE} is left out: it is not on the PATH, nor named by EDGE or --edge");
    }

    let report = measure(root, args, &parts, &server, &folder)?;
    if args.write {
        write(&root.join("crates/server/bench"), &report)?;
    }
    print(args, &report);
    let missed = report.figures.iter().filter(|figure| figure.is_missed());
    let missed: Vec<_> = missed.map(Figure::title).collect();
    if missed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("bench: missed: {}", missed.join("; "));
    Ok(ExitCode::FAILURE)
}

fn measure(
    root: &Path,
    args: &Args,
    parts: &Parts,
    server: &Path,
    folder: &Path,
) -> Result<Report> {
    cores::LOAD.take_this_thread()?;
    let ours = Ours::start(root, server, folder)?;
    eprintln!("bench: making {} visitors", visitors::COUNT);
    let visitors = visitors::make(&ours)?;
    ours.sandbox.wait_until_quiet()?;
    let first = visitors.first().context("there are no visitors")?;
    let mut contestants = of_ours(&ours, &visitors)?;
    let others = Others::start(parts, folder, |request| {
        let ours = ours::enrich().header("Cookie", &first.cookie);
        ours.headers.into_iter().fold(request, |all, (name, value)| all.header(name, value))
    })?;
    contestants.extend(others.contestants);
    let present = |name: &&str| contestants.iter().any(|it| it.name == *name);
    let order: Vec<_> = names::ORDER.into_iter().filter(present).collect();

    let (count, lengths) = schedule(args.quick);
    let rounds = Rounds::run(&order, &questions::QUESTIONS, count, |round, name| {
        let contestant = contestants.iter().find(|it| it.name == name);
        let contestant = contestant.context("nobody is called that")?;
        let sample = one(contestant, &ours, lengths, folder, args.quick)?;
        eprintln!(
            "bench: round {round}: {name}: {:.0} req/s, {:.1} µs CPU/request, busy {:.0} %, \
             p99 {:.0} µs at 20 %",
            sample.per_second,
            sample.cpu_us,
            // Much less than all of its core: the load, or a neighbour, was the limit, not the server.
            sample.per_second * sample.cpu_us / 1e4,
            sample.p99_us
        );
        Ok(sample)
    })?;
    let mut report = report(&rounds, &order, &contestants, lengths, args.quick)?;
    eprintln!("bench: the vendor gets into trouble");
    report.figures.extend(trouble::measure(&ours, &visitors)?);
    Ok(report)
}

/// How much to measure.
fn schedule(quick: bool) -> (Count, Lengths) {
    let second = Duration::from_secs(1);
    if quick {
        let lengths = Lengths { warm_up: second, window: second, open_loop: second / 2 };
        (Count { least: 3, most: 3 }, lengths)
    } else {
        let lengths = Lengths { warm_up: second, window: 3 * second, open_loop: second };
        (Count { least: 9, most: 60 }, lengths)
    }
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
    quick: bool,
) -> Result<Report> {
    let find = |name| contestants.iter().find(move |it| it.name == name);
    let server = |contestant: &Contestant| {
        let median = |of: fn(&Sample) -> f64| rounds.median(contestant.name, of);
        Ok(Server {
            name: contestant.name,
            kind: contestant.kind,
            per_second: median(|sample| sample.per_second),
            cpu_us: median(|sample| sample.cpu_us),
            p50_us: median(|sample| sample.p50_us),
            p99_us: median(|sample| sample.p99_us),
            resident_mb: accounting::resident_mb(contestant.pid)?,
        })
    };
    let servers = order.iter().filter_map(|name| find(*name)).map(server);
    let mut servers = servers.collect::<Result<Vec<_>>>()?;
    // Ours first, then the others, the fastest first.
    servers.sort_by(|a, b| {
        let key = |server: &Server| server.kind != Kind::Ours;
        key(a).cmp(&key(b)).then(b.per_second.total_cmp(&a.per_second))
    });
    let memory = servers.first().map_or(f64::NAN, |ours| ours.resident_mb);
    let mut figures: Vec<_> =
        questions::QUESTIONS.iter().filter_map(|it| rounds.figure(it)).collect();
    figures.push(Figure::plain(
        questions::MEMORY,
        (memory, "MB"),
        questions::MEMORY_TARGET,
        Some(questions::MEMORY_STRETCH),
    ));
    if quick {
        figures = figures.into_iter().map(Figure::of_a_trial).collect();
    }
    Ok(Report {
        title: TITLE,
        conditions: conditions(rounds.len(), lengths, quick),
        servers,
        figures,
    })
}

const TITLE: &str = "Cached enrich and the loader, beside floors and peers";

fn conditions(rounds: usize, lengths: Lengths, quick: bool) -> Vec<String> {
    let (seconds, processor) = (lengths.window.as_secs(), accounting::processor());
    let checked = "Every answer of ours is made for its visitor, from the caches: the vendor was asked \
                   nothing.";
    let trial = "A trial: too short to decide anything, and not checked like a real run.";
    vec![
        format!("Up to {rounds} rounds, every server in turn, {seconds} s each, on {processor}."),
        "The server is alone on one core; the other puts load on it: wrk, 1 thread, 64 connections."
            .to_owned(),
        "Latency is taken open-loop at 20 % of that load.".to_owned(),
        if quick { trial } else { checked }.to_owned(),
    ]
}

fn write(folder: &Path, report: &Report) -> Result<()> {
    fs::create_dir_all(folder).context("cannot make crates/server/bench")?;
    fs::write(folder.join("enrich.svg"), chart::svg(report)).context("cannot write the chart")?;
    let markdown = report.markdown("enrich.svg");
    fs::write(folder.join("enrich.md"), markdown).context("cannot write the tables")
}

fn print(args: &Args, report: &Report) {
    if args.json {
        println!("{}", report.json());
    } else {
        println!("{}", report.text());
    }
}
