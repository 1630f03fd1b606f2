//! `datafly check`: is this configuration good to serve?
//!
//! Exit code 0: nothing to say. 1: it cannot be served, or there is advice and `--allow-advice` was not
//! given. Nothing is opened, made or asked.

use std::fmt;
use std::path::PathBuf;

use datafly_server::config::{ConfigError, Secrets};
use datafly_server::wiring::{Outside, StartError};
use datafly_server::{advice, wiring};
use datafly_settings::Mistake;
use serde_json::{Value, json};

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
    /// Write `{"errors","advice"}` as JSON.
    #[arg(long)]
    json: bool,
}

/// Whether there is nothing to mend.
pub(crate) fn run(args: &Args) -> Result<bool, Failure> {
    let secrets = Secrets::new(std::env::vars());
    let checked = wiring::check(&args.config, &secrets, &Outside::system()?);
    let (errors, advice) = match &checked {
        Ok(configured) => (Vec::new(), advice::of(configured)),
        Err(error) => (findings(error), Vec::new()),
    };
    let good = errors.is_empty() && (advice.is_empty() || args.allow_advice);
    if args.json {
        let errors: Vec<_> = errors.iter().map(Finding::to_json).collect();
        let advice: Vec<_> =
            advice.iter().map(|it| json!({ "key": it.key, "text": it.text })).collect();
        super::say(&json!({ "errors": errors, "advice": advice }).to_string());
        return Ok(good);
    }
    for advice in &advice {
        super::say(&format!("advice: {advice}"));
    }
    for error in &errors {
        super::say(&format!("error: {error}"));
    }
    if errors.is_empty() {
        super::say(&format!("{} can be served", args.config.display()));
    }
    Ok(good)
}

/// A mistake in the file, or something else that keeps it from being served.
enum Finding<'a> {
    Mistake(&'a Mistake),
    Other(&'a StartError),
}

fn findings(error: &StartError) -> Vec<Finding<'_>> {
    match error {
        StartError::Config(ConfigError::Mistakes(all)) => {
            all.iter().map(Finding::Mistake).collect()
        }
        other => vec![Finding::Other(other)],
    }
}

impl Finding<'_> {
    fn to_json(&self) -> Value {
        match self {
            Self::Mistake(Mistake { line, key, value, text }) => {
                json!({ "line": line, "key": key, "value": value, "text": text })
            }
            Self::Other(error) => json!({ "text": error.to_string() }),
        }
    }
}

impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mistake(mistake) => mistake.fmt(f),
            Self::Other(error) => error.fmt(f),
        }
    }
}
