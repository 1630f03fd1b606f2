//! `datafly doctor`: what keeps this configuration from doing its work?
//!
//! Exit code 0: nothing found. 1: findings, or it could not be examined. 2: it was asked for something that there is
//! not. Nothing is written but a file in `server.data_dir` that is removed again, and with `--canary` one event
//! at each vendor that can read it back. It works with and without a running server.

use std::path::PathBuf;

use datafly_core::id::{Identifier, PipelineKey};
use datafly_core::linking_key::Identifiers;
use datafly_server::config::{Config, ConfigError, Secrets};
use datafly_server::doctor::{self, Host, Report, Wishes};
use datafly_server::wiring::Outside;

use super::{Failure, Usage, say};

/// Arguments of `datafly doctor`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The configuration file.
    #[arg(long, default_value = "datafly.toml")]
    config: PathBuf,
    /// Examine the integrations of this pipeline only.
    #[arg(long)]
    pipeline: Option<String>,
    /// Post a marked event to each vendor that can read one back, and wait until it is there. This writes to the
    /// vendors: an event of the type `datafly_canary`, of a visitor who is in no other.
    #[arg(long)]
    canary: bool,
    /// Somebody whom the vendors know, best a customer made for tests: `email=…`, `phone=…`, `user_id=…`,
    /// `anonymous_id=…` or `canonical_id=…`. May be given again for another person.
    #[arg(long)]
    visitor: Vec<String>,
    /// Write `{"findings","checks"}` as JSON.
    #[arg(long)]
    json: bool,
}

/// Whether nothing was found.
pub(crate) fn run(args: &Args) -> Result<bool, Failure> {
    let people = args.visitor.iter().map(|visitor| person(visitor));
    let people = people.collect::<Result<Vec<_>, Usage>>()?;
    let report = match Config::load(&args.config, &Secrets::new(std::env::vars())) {
        Ok(config) => {
            let pipeline = args.pipeline.as_deref().map(|key| known(key, &config)).transpose()?;
            let wishes = Wishes { pipeline, canary: args.canary, people };
            examine(&config, &wishes)?
        }
        Err(ConfigError::Mistakes(mistakes)) => doctor::refused(&mistakes),
        Err(error @ ConfigError::File { .. }) => return Err(Usage(error.to_string()).into()),
    };
    say(&if args.json { report.to_json().to_string() } else { report.to_string() });
    Ok(report.findings().next().is_none())
}

fn examine(config: &Config, wishes: &Wishes) -> Result<Report, Failure> {
    let outside = Outside::system()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(doctor::examine(config, &outside, &Host::system(), wishes))?)
}

fn known(key: &str, config: &Config) -> Result<PipelineKey, Usage> {
    let found = config.pipelines.iter().find(|pipeline| pipeline.key.as_str() == key);
    let all = || {
        let keys: Vec<_> = config.pipelines.iter().map(|it| format!("`{}`", it.key)).collect();
        keys.join(", ")
    };
    let unknown = || format!("`--pipeline` is `{key}`: the configuration has {}", all());
    found.map(|pipeline| pipeline.key.clone()).ok_or_else(|| Usage(unknown()))
}

/// Reads `source=value`. What is refused is not shown: it may be somebody's address.
fn person(text: &str) -> Result<Identifiers, Usage> {
    let refused = || {
        let usage = "`--visitor` is none: write for example `--visitor email=test@example.com`, or one of phone, \
                     user_id, anonymous_id and canonical_id with its value";
        Usage(usage.to_owned())
    };
    let (source, value) = text.split_once('=').ok_or_else(refused)?;
    let identifier = Identifier::new(value).map_err(|_| refused())?;
    let mut person = Identifiers::default();
    match source {
        "email" => person.email = Some(identifier),
        "phone" => person.phone = Some(identifier),
        "user_id" => person.user_id = Some(identifier),
        "anonymous_id" => person.anonymous_id = Some(identifier),
        "canonical_id" => person.canonical_id = Some(value.parse().map_err(|_| refused())?),
        _ => return Err(refused()),
    }
    Ok(person)
}
