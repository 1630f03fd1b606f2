//! The `datafly` command.

mod command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// First-party personalisation server.
#[derive(Parser)]
#[command(name = "datafly", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer pages: loader, enrich, events.
    Serve(command::serve::Args),
    /// Play the vendors and a shop's backend, for demos and tests.
    Sandbox(command::sandbox::Args),
}

fn main() -> ExitCode {
    // Clap itself exits with 2 on bad usage.
    let Cli { command } = Cli::parse();
    let result = match command {
        Command::Serve(args) => command::serve::run(&args),
        Command::Sandbox(args) => command::sandbox::run(args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("datafly: {error}");
            ExitCode::FAILURE
        }
    }
}
