//! What all benchmarks can be told, and how they end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::contestant::Lengths;
use super::figure::Figure;
use super::report::Report;
use super::rounds::Count;
use super::{chart, tools};

/// Where the tables and charts of the server's reports go.
pub(super) const SERVER: &str = "crates/server/bench";

/// Options of every benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Print one JSON array of the figures, and nothing else, on standard output.
    #[arg(long)]
    json: bool,
    /// Write the tables and the chart to the bench folder of the crate that is measured.
    #[arg(long, conflicts_with = "quick")]
    write: bool,
    /// Try it: three short rounds, which decide nothing and only warn of what would end a real run.
    #[arg(long)]
    pub(super) quick: bool,
}

/// Options of the benchmarks beside floors and peers.
#[derive(Debug, clap::Args)]
pub(crate) struct Beside {
    /// The folder of floors and peers [default: ../shared/perf beside this project].
    #[arg(long, value_name = "FOLDER")]
    perf: Option<PathBuf>,
    #[command(flatten)]
    measured: Measured,
}

/// Which server is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Measured {
    /// A release build of the server to measure instead of this tree's.
    #[arg(long, value_name = "BINARY")]
    server: Option<PathBuf>,
}

impl Options {
    /// How many rounds.
    pub(super) fn count(&self) -> Count {
        if self.quick { Count { least: 3, most: 3 } } else { Count { least: 9, most: 60 } }
    }

    /// How long each contestant's turn.
    pub(super) fn lengths(&self) -> Lengths {
        let second = Duration::from_secs(1);
        if self.quick {
            Lengths { warm_up: second, window: second, open_loop: second / 2 }
        } else {
            Lengths { warm_up: second, window: 3 * second, open_loop: second }
        }
    }

    /// Writes and prints the report; `name` is that of its files in the folder. 1 if a target was missed.
    pub(super) fn publish(
        &self,
        root: &Path,
        folder: &str,
        name: &str,
        mut report: Report,
    ) -> Result<ExitCode> {
        if self.quick {
            report.conditions.push(
                "A trial: too short to decide anything, and not checked like a real run."
                    .to_owned(),
            );
            report.figures = report.figures.into_iter().map(Figure::of_a_trial).collect();
        }
        if self.write {
            write(&root.join(folder), name, &report)?;
        }
        print(self.json, &report);
        let missed = report.figures.iter().filter(|figure| figure.is_missed());
        let missed: Vec<_> = missed.map(Figure::title).collect();
        if missed.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        eprintln!("bench: missed: {}", missed.join("; "));
        Ok(ExitCode::FAILURE)
    }
}

impl Beside {
    /// The folder of floors and peers.
    pub(super) fn perf(&self, root: &Path) -> Result<PathBuf> {
        tools::perf(self.perf.clone().unwrap_or_else(|| root.join("../shared/perf")))
    }

    /// The server that is measured.
    pub(super) fn server(&self, root: &Path) -> Result<PathBuf> {
        self.measured.server(root)
    }
}

impl Measured {
    /// The server that is measured.
    pub(super) fn server(&self, root: &Path) -> Result<PathBuf> {
        match &self.server {
            Some(binary) => binary.canonicalize().context("the server's binary cannot be found"),
            None => tools::server(root),
        }
    }
}

fn write(folder: &Path, name: &str, report: &Report) -> Result<()> {
    let chart = format!("{name}.svg");
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(folder.join(&chart), chart::svg(report)).context("cannot write the chart")?;
    let tables = folder.join(format!("{name}.md"));
    fs::write(tables, report.markdown(&chart)).context("cannot write the tables")
}

fn print(json: bool, report: &Report) {
    if json {
        println!("{}", report.json());
    } else {
        println!("{}", report.text());
    }
}
