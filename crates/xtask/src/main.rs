//! The project's own commands: `cargo xtask <command>`.

#![expect(clippy::print_stdout, reason = "a command-line tool talks to whoever started it")]

mod bench;
mod bundle;
mod certs;
mod demo;
mod setup;
mod test;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;

/// Runs the project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Take the project's figures beside floors and peers.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Build the browser bundle into www/pkg and hold it to its size budgets.
    Bundle,
    /// Run the server, a sandboxed vendor and a demo shop on this machine.
    Demo,
    /// Run every test: lints, types, Rust, and end to end in a real Chromium and Firefox.
    Test {
        /// Use the full counts instead of the reduced ones.
        #[arg(long)]
        long: bool,
    },
}

fn main() -> Result<ExitCode> {
    let command = Command::parse();
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("no workspace root")?;
    match command {
        Command::Bench(what) => return bench::bench(root, &what),
        Command::Bundle => bundle::run(root)?,
        Command::Demo => demo::demo(root)?,
        Command::Test { long } => test::test(root, long)?,
    }
    Ok(ExitCode::SUCCESS)
}
