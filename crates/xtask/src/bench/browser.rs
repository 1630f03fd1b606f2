//! `cargo xtask bench browser`: what our SDK costs a page, and what it saves of a page's events in an outage, beside the
//! peers and a hand-written floor, in Chromium.
//!
//! Our server is the release build, with its own TLS; all others answer from a stub. Pages are loaded in turn, each in a
//! browser context of its own, over lines of two lengths. The browser is driven by `crates/browser/bench/drive`.

mod contestants;
mod driver;
mod loads;
mod outage;
mod questions;
mod server;
mod sizes;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use serde_json::json;

use self::contestants::{ALL, Contestant};
use self::driver::Driver;
use self::server::Server;
use super::accounting;
use super::contestant::Kind;
use super::options::{Beside, Options};
use super::ours::{Place, Sandbox};
use super::report::Report;
use crate::{certs, setup};

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    beside: Beside,
    /// Only this part of it.
    #[arg(long, value_name = "PART", conflicts_with = "write")]
    only: Option<Part>,
    /// Only these peers; all of them unless given.
    #[arg(long, value_name = "PEER", value_delimiter = ',', conflicts_with = "write")]
    peers: Option<Vec<String>>,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Bytes that a page fetches.
    Sizes,
    /// Time to a ready profile, script time and memory.
    Loads,
    /// What becomes of events while the server is away.
    Outage,
}

/// Sets up, measures, reports; 1 if a target was missed.
pub(crate) fn browser(root: &Path, args: &Args) -> Result<ExitCode> {
    let folder = root.join("target/bench/browser");
    std::fs::create_dir_all(&folder)?;
    let perf = args.beside.perf(root)?;
    let chromium = setup::chromium()?;
    let drive = root.join("crates/browser/bench/drive");
    setup::npm_ci(&drive)?;
    let certificates = folder.join("certificates");
    certs::write(&certificates)?;
    let binary = args.beside.server(root)?;
    let place = Place { root, binary: &binary, folder: &folder };
    let sandbox = Sandbox::start(&place)?;
    let server = Server::start(&place, &sandbox, &certificates)?;
    let mut driver = Driver::start(
        &drive,
        &json!({
            "perf": perf,
            "www": root.join("www"),
            "out": folder.join("bundles"),
            "certificates": certificates,
            "server": server.port,
            "vendor": format!("127.0.0.1:{}", sandbox.port),
            "chromium": chromium,
        }),
    )?;
    let report = measure(args, &mut driver)?;
    args.options.publish(root, "crates/browser/bench", "browser", report)
}

fn measure(args: &Args, driver: &mut Driver) -> Result<Report> {
    let contestants = contestants(args.peers.as_deref())?;
    let wants = |part| args.only.is_none_or(|only| only == part);
    let mut report = Report {
        title: TITLE,
        conditions: vec![format!("Chromium, headless, on {}.", accounting::processor())],
        columns: &loads::COLUMNS,
        bars: &loads::BARS,
        rows: Vec::new(),
        more: Vec::new(),
        figures: Vec::new(),
    };
    if wants(Part::Loads) {
        loads::measure(driver, &contestants, args.options.count(), &mut report)?;
    }
    if wants(Part::Sizes) {
        sizes::measure(driver, &contestants, &mut report)?;
    }
    if wants(Part::Outage) {
        outage::measure(driver, args.peers.as_deref(), args.options.quick, &mut report)?;
    }
    Ok(report)
}

/// Ours, the floors, and the peers that are asked for.
fn contestants(peers: Option<&[String]>) -> Result<Vec<&'static Contestant>> {
    let Some(peers) = peers else { return Ok(ALL.iter().collect()) };
    for peer in peers {
        let is_known =
            outage::is_peer(peer) || ALL.iter().any(|it| it.is_peer() && it.page == peer);
        ensure!(is_known, "there is no peer called {peer}");
    }
    let is_wanted =
        |it: &&Contestant| it.kind != Kind::Peer || peers.iter().any(|peer| peer == it.page);
    Ok(ALL.iter().filter(is_wanted).collect())
}

const TITLE: &str = "The browser SDK, beside peers and a hand-written floor";
