//! `datafly check`: is this configuration good to serve?
//!
//! Exit code 0: nothing to say. 1: it cannot be served, or there is advice and `--allow-advice` was not
//! given. Nothing is opened, made or asked.

use std::path::PathBuf;

use datafly_server::config::Secrets;
use datafly_server::wiring::Outside;
use datafly_server::{advice, wiring};
use serde_json::json;

use super::Failure;

/// Arguments of `datafly check`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The configuration file.
    #[arg(long, default_value = "datafly.toml")]
    config: PathBuf,
    /// Advice alone is no finding.
    #[arg(long)]
    allow_advice: bool,
    /// Write `{"error","advice"}` as JSON.
    #[arg(long)]
    json: bool,
}

/// Whether there is nothing to mend.
pub(crate) fn run(args: &Args) -> Result<bool, Failure> {
    let secrets = Secrets::new(std::env::vars());
    let checked = wiring::check(&args.config, &secrets, &Outside::system()?);
    let (error, all) = match &checked {
        Ok(configured) => (None, advice::of(configured)),
        Err(error) => (Some(error.to_string()), Vec::new()),
    };
    if args.json {
        let all: Vec<_> = all.iter().map(|it| json!({ "key": it.key, "text": it.text })).collect();
        super::say(&json!({ "error": error, "advice": all }).to_string());
    } else {
        for advice in &all {
            super::say(&format!("advice: {advice}"));
        }
        match &error {
            Some(error) => super::say(&format!("error: {error}")),
            None => super::say(&format!("{} can be served", args.config.display())),
        }
    }
    Ok(error.is_none() && (all.is_empty() || args.allow_advice))
}
