//! `datafly dead-letters`: what destinations refused for good.
//!
//! Exit code 0: done. 1: it cannot be done, a dry run says that the event would not be sent, or some letters were
//! left as they are. 2: nothing says which letters to remove or replay.

mod text;

use std::path::PathBuf;

use axum::http::Method;
use clap::ArgGroup;
use datafly_core::id::PipelineKey;
use datafly_server::outbox::LetterName;
use datafly_server::owner::{Owner, OwnerError};
use datafly_store::queue::DestinationName;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Failure, owner, say};

/// Of the admin listener.
const ROUTE: [&str; 2] = ["api", "dead-letters"];

/// Arguments of `datafly dead-letters`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    task: Task,
    /// The configuration file.
    #[arg(long, global = true, default_value = "datafly.toml")]
    config: PathBuf,
    /// Write the answer as JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Task {
    /// List them, without personal data.
    List(Filter),
    /// Show one whole: the event, its mapping, what was sent and answered. Personal data.
    Show {
        /// Its name, as the list has it.
        letter: LetterName,
    },
    /// Map one by the configuration as it is now, and send nothing. Shows personal data.
    DryRun {
        /// Its name, as the list has it.
        letter: LetterName,
    },
    /// Deliver them once more.
    Replay(Selection),
    /// Remove them for good.
    Purge(Selection),
}

/// Which ones: those for which everything that is given holds.
#[derive(clap::Args)]
struct Filter {
    /// Of this pipeline, by its key.
    #[arg(long)]
    pipeline: Option<PipelineKey>,
    /// Of destinations of this name.
    #[arg(long)]
    destination: Option<DestinationName>,
    /// With exactly this reason, for example `refused`.
    #[arg(long)]
    reason: Option<String>,
    /// Refused at this time or later, for example `2026-05-01T00:00:00Z`.
    #[arg(long)]
    since: Option<Timestamp>,
    /// Refused before this time.
    #[arg(long)]
    until: Option<Timestamp>,
}

/// One, or some, or all: but something must say so.
#[derive(clap::Args)]
#[command(group = ArgGroup::new("which").required(true).multiple(true).args(
    ["letter", "pipeline", "destination", "reason", "since", "until", "all"],
))]
struct Selection {
    /// The name of one, as the list has it.
    #[arg(conflicts_with_all = ["pipeline", "destination", "reason", "since", "until", "all"])]
    letter: Option<LetterName>,
    #[command(flatten)]
    filter: Filter,
    /// All of them.
    #[arg(long, conflicts_with_all = ["pipeline", "destination", "reason", "since", "until"])]
    all: bool,
}

/// Whether everything was done.
pub(crate) fn run(args: &Args) -> Result<bool, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (good, answer, text) = runtime.block_on(async {
        let owner = owner::reach(&args.config).await?;
        args.task.run(&owner).await
    })?;
    say(&if args.json { answer.to_string() } else { text });
    Ok(good)
}

impl Task {
    /// Whether everything was done, the answer, and the same for people.
    async fn run(&self, owner: &Owner) -> Result<(bool, Value, String), Failure> {
        Ok(match self {
            Self::List(filter) => {
                let pages = owner.ask_all(&Method::GET, &ROUTE, &filter.query()).await?;
                let letters = pages.iter().filter_map(|page| page["dead_letters"].as_array());
                let letters: Vec<_> = letters.flatten().collect();
                let text = text::list(&letters);
                (true, json!({ "dead_letters": letters }), text)
            }
            Self::Show { letter } => {
                let shown = owner.ask(&Method::GET, &path(letter), &[]).await?;
                let text = text::letter(&shown);
                (true, shown, text)
            }
            Self::DryRun { letter } => {
                let run = on_one(owner, letter, "dry-run").await?;
                let text = text::dry_run(&run);
                (run["outcome"] == "sent", run, text)
            }
            Self::Replay(selection) => {
                let done = selection.each(owner, "replay").await?;
                let text = text::replayed(&done, owner.is_served());
                (text::count(&done, "not_configured") == 0, done, text)
            }
            Self::Purge(selection) => {
                let done = selection.each(owner, "purge").await?;
                let text = text::purged(&done);
                (true, done, text)
            }
        })
    }
}

impl Selection {
    /// Does something to all of them; answers how many of which there were.
    async fn each(&self, owner: &Owner, what: &str) -> Result<Value, OwnerError> {
        if let Some(letter) = &self.letter {
            return on_one(owner, letter, what).await;
        }
        let mut query = self.filter.query();
        if self.all {
            query.push(("all", true.to_string()));
        }
        let [api, letters] = ROUTE;
        let mut counts = Map::new();
        for page in owner.ask_all(&Method::POST, &[api, letters, what], &query).await? {
            for (name, count) in page.as_object().into_iter().flatten() {
                if let Some(count) = count.as_u64() {
                    let sum = counts.get(name).and_then(Value::as_u64).unwrap_or(0) + count;
                    counts.insert(name.clone(), sum.into());
                }
            }
        }
        Ok(counts.into())
    }
}

impl Filter {
    fn query(&self) -> Vec<(&'static str, String)> {
        let Self { pipeline, destination, reason, since, until } = self;
        let parts = [
            ("pipeline", pipeline.as_ref().map(ToString::to_string)),
            ("destination", destination.as_ref().map(ToString::to_string)),
            ("reason", reason.clone()),
            ("since", since.map(|since| since.to_string())),
            ("until", until.map(|until| until.to_string())),
        ];
        parts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

async fn on_one(owner: &Owner, letter: &LetterName, what: &str) -> Result<Value, OwnerError> {
    let mut path = path(letter);
    path.push(what.to_owned());
    owner.ask(&Method::POST, &path, &[]).await
}

fn path(LetterName { consumer, position }: &LetterName) -> Vec<String> {
    let name = [consumer.pipeline.to_string(), consumer.destination.to_string()];
    let route = ROUTE.map(str::to_owned).into_iter();
    route.chain(name).chain([position.0.to_string()]).collect()
}
