//! `datafly types`: TypeScript types of `datafly.profile`, for the pages of one pipeline.
//!
//! The names are those of the pipeline's allowlists. What each attribute is, is asked of the running server, which knows
//! what browsers were shown since it was started; what it has not seen may be anything that JSON has. Without a server,
//! or with `--offline`, that goes for all of them: then no secret and no other part of the file is needed.
//!
//! Exit code 0: written. 1: it cannot be. 2: nothing says which pipeline is meant.

mod typescript;

use std::fs;
use std::path::PathBuf;

use axum::http::Method;
use datafly_core::id::PipelineKey;
use datafly_server::config::{self, Secrets};
use datafly_server::owner::Owner;

use self::typescript::{Provider, Shape};
use super::{Failure, Usage, owner, say};

/// Arguments of `datafly types`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The configuration file.
    #[arg(long, default_value = "datafly.toml")]
    config: PathBuf,
    /// Of this pipeline, by its key; not needed where there is only one.
    #[arg(long)]
    pipeline: Option<PipelineKey>,
    /// Ask no server.
    #[arg(long)]
    offline: bool,
    /// Write this file, for example `datafly-profile.d.ts`; standard output if absent.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Writes them.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let key = chosen(&config::pipeline_keys(&args.config)?, args.pipeline.as_ref())?;
    let server = if args.offline { None } else { asked(args, &key)? };
    let providers = match server {
        Some(providers) => providers,
        None => allowed(args, &key)?,
    };
    let text = typescript::declarations(&key, &providers);
    match &args.out {
        Some(file) => fs::write(file, text + "\n")
            .map_err(|error| format!("{} cannot be written: {error}", file.display()))?,
        None => say(&text),
    }
    Ok(())
}

/// The pipeline that is meant.
fn chosen(keys: &[PipelineKey], asked: Option<&PipelineKey>) -> Result<PipelineKey, Usage> {
    let listed = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    match (asked, keys) {
        (None, [only]) => Ok(only.clone()),
        (Some(asked), keys) if keys.contains(asked) => Ok(asked.clone()),
        _ => Err(Usage(format!("which pipeline: write `--pipeline` and one of {listed}"))),
    }
}

/// What the running server knows, where one runs.
fn asked(args: &Args, key: &PipelineKey) -> Result<Option<Vec<Provider>>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let Some(owner) = owner::of_server(&args.config).await? else {
            eprintln!(
                "datafly: no server answers at `server.admin.listen`, so nothing is known of what the attributes are"
            );
            return Ok(None);
        };
        observed(&owner, key).await.map(Some)
    })
}

async fn observed(owner: &Owner, key: &PipelineKey) -> Result<Vec<Provider>, Failure> {
    let path = ["api", "pipelines", key.as_str(), "attributes"];
    let answer = owner.ask(&Method::GET, &path, &[]).await?;
    Ok(typescript::providers(&answer))
}

/// What the file allows, of which nothing else is known.
fn allowed(args: &Args, key: &PipelineKey) -> Result<Vec<Provider>, Failure> {
    let integrations = config::integrations(&args.config, &Secrets::stand_ins(), key)?;
    let providers = integrations.iter().filter_map(|integration| {
        let names = integration.allowlist()?.names();
        let attributes = names.map(|name| (name.to_owned(), Shape::default())).collect();
        Some(Provider { name: integration.name().to_owned(), attributes })
    });
    Ok(providers.collect())
}
