//! `cargo xtask bench blueprint`: mapping an event to what each destination takes, with and without writing what comes of
//! it, beside parsing the same event to a JSON value and writing it back.
//!
//! The work is done by `crates/blueprint/examples/cost.rs`, an optimised program with the server's allocator and nothing
//! of a server, which takes the contestants' turns when it is told to.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, ExitCode, Stdio};

use anyhow::{Context as _, Result};

use super::contestant::Kind;
use super::figure::Target;
use super::metric::{Metric, Sample};
use super::options::{Options, SERVER};
use super::report::{Report, Row};
use super::rounds::{Question, Rounds};
use super::{accounting, cores, tools};

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    options: Options,
}

/// What both sides call the contestants.
const FLOOR: &str = "parse and write back";
const MAPPING: [&str; 4] = [
    "retail, mapping",
    "ga4/retail, mapping",
    "meta_capi/retail, mapping",
    "tiktok/retail, mapping",
];
const WRITING: [&str; 4] = [
    "retail, mapping and writing",
    "ga4/retail, mapping and writing",
    "meta_capi/retail, mapping and writing",
    "tiktok/retail, mapping and writing",
];

/// As an event on its way to a destination is: its body outlives it.
const KEEPING: [&str; 4] = [
    "retail, mapping, keeping and writing",
    "ga4/retail, mapping, keeping and writing",
    "meta_capi/retail, mapping, keeping and writing",
    "tiktok/retail, mapping, keeping and writing",
];

/// What mapping may cost, with and without writing what comes of it.
const TARGET: Target = Target::AtMost(2.0);

const COLUMNS: [Metric; 1] = [Metric::Time];

/// The program that takes the turns.
struct Workbench {
    process: Child,
    orders: ChildStdin,
    results: BufReader<ChildStdout>,
}

/// Builds, measures, reports; 1 if a target was missed.
pub(crate) fn blueprint(root: &Path, args: &Args) -> Result<ExitCode> {
    cores::check()?;
    let mut workbench = Workbench::start(&tools::example(root, "datafly-blueprint", "cost")?)?;
    let questions: Vec<_> = questions().collect();
    let contestants: Vec<_> = contestants().collect();
    let rounds = Rounds::run(&contestants, &questions, args.options.count(), |_, name| {
        Ok(Sample::from([(Metric::Time, workbench.turn(name)?)]))
    })?;
    let row = |name: &'static str| Row {
        name,
        kind: if name == FLOOR { Kind::Floor } else { Kind::Ours },
        medians: rounds.medians(name),
    };
    let report = Report {
        title: "Mapping an event, beside parsing it and writing it back",
        conditions: vec![
            format!(
                "Up to {} rounds, everything in turn, on one core of {}.",
                rounds.len(),
                accounting::processor()
            ),
            "The same real-shaped Retail event each time, already parsed for mapping; the floor parses it to a JSON \
             value and writes that back. Writing takes a body as it is, borrowed from the event; keeping makes a map of \
             its own of it before, as a delivery does."
                .to_owned(),
        ],
        columns: &COLUMNS,
        bars: &COLUMNS,
        rows: contestants.iter().copied().map(row).collect(),
        more: Vec::new(),
        figures: questions.iter().filter_map(|it| rounds.figure(it)).collect(),
    };
    args.options.publish(root, SERVER, "blueprint", report)
}

fn contestants() -> impl Iterator<Item = &'static str> {
    [FLOOR].into_iter().chain(MAPPING).chain(WRITING).chain(KEEPING)
}

fn questions() -> impl Iterator<Item = Question> {
    let question = |of| Question::new(of, Metric::Time, of, FLOOR);
    let held = MAPPING.into_iter().chain(WRITING);
    let held = held.map(move |of| Question { target: Some(TARGET), ..question(of) });
    held.chain(KEEPING.map(question))
}

impl Workbench {
    fn start(program: &Path) -> Result<Self> {
        let mut command = cores::SERVER.command(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().context("the program cannot be started")?;
        let orders = process.stdin.take().context("it takes no orders")?;
        let results = process.stdout.take().context("it tells no results")?;
        Ok(Self { process, orders, results: BufReader::new(results) })
    }

    /// What a contestant's piece of work takes, in microseconds.
    fn turn(&mut self, name: &str) -> Result<f64> {
        writeln!(self.orders, "{name}").context("the program takes no more orders")?;
        let mut result = String::new();
        self.results.read_line(&mut result)?;
        result.trim().parse().with_context(|| format!("{name} took {result:?}"))
    }
}

impl Drop for Workbench {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
