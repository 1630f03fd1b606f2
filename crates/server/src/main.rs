//! The `datafly` command.

mod command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Twice as fast as the system's on the small texts of a request, and gives memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What clap itself exits with on bad usage.
const BAD_USAGE: u8 = 2;

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
    /// Tell whether a configuration is good to serve.
    Check(command::check::Args),
    /// Try a configuration out: find what keeps it from doing its work, with cause and fix.
    Doctor(command::doctor::Args),
    /// Try a blueprint out: its cases, what it maps, where a field comes from.
    Blueprint(command::blueprint::Args),
    /// List, show, try, replay or remove what destinations refused for good.
    DeadLetters(command::dead_letters::Args),
    /// Ask Amperity's control API: segments, campaigns, audit events, ingest jobs, workflow runs.
    Amperity(command::amperity::Args),
    /// Register at a vendor what a person asks for by law, see how far it is, take it back.
    Gdpr(command::gdpr::Args),
    /// Copy everything the server keeps.
    Backup(command::backup::Args),
    /// Tell whether a running server does its work.
    Health(command::health::Args),
    /// Write TypeScript types of a pipeline's profiles.
    Types(command::types::Args),
    /// List the vendors' tokens: which they are and when they expire.
    Token(command::token::Args),
    /// Play the vendors and a shop's backend, for demos and tests.
    Sandbox(command::sandbox::Args),
}

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let result = match command {
        Command::Serve(args) => command::serve::run(args).map(|()| true),
        Command::Check(args) => command::check::run(&args),
        Command::Doctor(args) => command::doctor::run(&args),
        Command::Blueprint(args) => command::blueprint::run(&args),
        Command::DeadLetters(args) => command::dead_letters::run(&args),
        Command::Amperity(args) => command::amperity::run(&args),
        Command::Gdpr(args) => command::gdpr::run(&args),
        Command::Backup(args) => command::backup::run(&args).map(|()| true),
        Command::Health(args) => command::health::run(&args),
        Command::Types(args) => command::types::run(&args).map(|()| true),
        Command::Token(args) => command::token::run(&args),
        Command::Sandbox(args) => command::sandbox::run(args).map(|()| true),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        // The command has said what it found.
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("datafly: {error}");
            let is_usage = error.is::<command::Usage>();
            if is_usage { ExitCode::from(BAD_USAGE) } else { ExitCode::FAILURE }
        }
    }
}
