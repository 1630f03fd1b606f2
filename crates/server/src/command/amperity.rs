//! `datafly amperity`: what happened in the tenant and what is set up there, by Amperity's control API.
//!
//! Needs `[pipelines.integrations.control]`, and no other secret of the file. Lists are printed page by page as they
//! come: as a table, or with `--json` one object a line, each as Amperity wrote it. Times of windows are RFC 3339, days
//! (`2026-05-01`, from midnight UTC), `now`, or so long ago: `7d`, `12h`, `30m`, `45s`, `2w`.
//!
//! Exit code 0: done. 1: it cannot be done, or Amperity refused it. 2: the request would be none, for example a window
//! that Amperity does not take; nothing was asked then.

mod question;
mod rows;
mod show;
mod table;
mod when;

use std::path::PathBuf;
use std::sync::Arc;

use datafly_core::id::PipelineKey;
use datafly_provider::amperity::NAME;
use datafly_provider::amperity::control::{AmperityControl, ControlConfig, Random};
use datafly_server::config;
use datafly_server::runtime::Entropy;
use datafly_server::wiring::Outside;

use self::question::Question;
use self::show::Show;
use self::when::When;
use super::{Failure, owner};

/// The part of the integration's section that is needed.
const PART: &str = "control";

/// Arguments of `datafly amperity`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
    /// The configuration file.
    #[arg(long, global = true, default_value = "datafly.toml")]
    config: PathBuf,
    /// Of this pipeline, by its key; not needed where only one has the section.
    #[arg(long, global = true)]
    pipeline: Option<PipelineKey>,
    /// Write one JSON object a line, as Amperity wrote it.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum What {
    /// List the segments.
    Segments(Cut),
    /// List the campaigns.
    Campaigns(Campaigns),
    /// List the campaigns that are not launched yet.
    CampaignDrafts(Campaigns),
    /// List who did what in the tenant.
    AuditEvents(AuditEvents),
    /// List the loads of data that were created in a window of at most seven days, or show one.
    IngestJobs(IngestJobs),
    /// List the runs of workflows, show one or stop one.
    WorkflowRuns(WorkflowRuns),
}

/// How much of a list.
#[derive(Clone, Copy, clap::Args)]
struct Cut {
    /// At most so many, from the top.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// So many a request; Amperity's own default if absent.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    page_size: Option<u32>,
    /// Tell how many there are in all.
    #[arg(long)]
    total: bool,
}

#[derive(clap::Args)]
struct Campaigns {
    /// Those that deliver by this template.
    #[arg(long)]
    destination_data_template_id: Option<String>,
    #[command(flatten)]
    cut: Cut,
}

#[derive(clap::Args)]
struct AuditEvents {
    /// That happened then or later.
    #[arg(long)]
    from: Option<When>,
    /// That happened before.
    #[arg(long)]
    to: Option<When>,
    #[command(flatten)]
    cut: Cut,
}

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
struct IngestJobs {
    #[command(subcommand)]
    task: Option<JobTask>,
    /// Created then or later, for example `7d`.
    #[arg(long)]
    from: Option<When>,
    /// Created before, for example `now`.
    #[arg(long)]
    to: Option<When>,
    /// At most so many, from the top.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Tell how many there are in all.
    #[arg(long)]
    total: bool,
}

#[derive(clap::Subcommand)]
enum JobTask {
    /// Show one.
    Show {
        /// Its id, `isj-…`.
        id: String,
    },
}

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
struct WorkflowRuns {
    #[command(subcommand)]
    task: Option<RunTask>,
    /// Created then or later.
    #[arg(long)]
    created_from: Option<When>,
    /// Created before.
    #[arg(long)]
    created_to: Option<When>,
    /// Ended then or later.
    #[arg(long)]
    ended_from: Option<When>,
    /// Ended before.
    #[arg(long)]
    ended_to: Option<When>,
    /// In this state, for example `failed`.
    #[arg(long)]
    state: Option<String>,
    /// Of this type.
    #[arg(long = "type")]
    kind: Option<String>,
    #[command(flatten)]
    cut: Cut,
}

#[derive(clap::Subcommand)]
enum RunTask {
    /// Show one.
    Show {
        /// Its id, `wf-…`.
        id: String,
        /// With all of its tasks.
        #[arg(long)]
        verbose: bool,
    },
    /// Stop one. It cannot be continued.
    Stop {
        /// Its id, `wf-…`.
        id: String,
        /// Yes, stop it.
        #[arg(long)]
        yes: bool,
    },
}

/// Whether everything was done.
pub(crate) fn run(args: &Args) -> Result<bool, Failure> {
    let outside = Outside::system()?;
    // First, so that what would be no request needs no secret either.
    let question = Question::of(&args.what, outside.runtime.clock.now())?;
    let part = (NAME, PART);
    let secrets = owner::secrets();
    let pipeline = args.pipeline.as_ref();
    let config = config::integration(&args.config, &secrets, part, pipeline, ControlConfig::read)?;
    let random = random(Arc::clone(&outside.runtime.entropy));
    let control = AmperityControl::new(
        &outside.surroundings(Arc::default(), Arc::default()),
        &config,
        random,
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(question.ask(&control, Show::to_stdout(args.json)))?;
    Ok(true)
}

/// For waits that differ; without randomness they do not, which harms nobody.
fn random(entropy: Arc<dyn Entropy>) -> Random {
    Arc::new(move || {
        let bytes = entropy.bytes().unwrap_or_default();
        bytes.into_iter().take(8).fold(0, |number, byte| number << 8 | u64::from(byte))
    })
}
