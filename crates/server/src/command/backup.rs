//! `datafly backup`: a copy of everything the server keeps, while it runs or while it does not.
//!
//! Exit code 0: it is there, whole and on disk. 1: it is not. The copy put in place of `server.data_dir` is a restore.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use axum::http::Method;
use datafly_server::backup;
use serde_json::json;

use super::{Failure, owner, say};

/// Arguments of `datafly backup`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The configuration file.
    #[arg(long, default_value = "datafly.toml")]
    config: PathBuf,
    /// Where the copy is to be, a folder that does not exist yet. It is made in `backups/` of `server.data_dir`,
    /// and stays there without this.
    #[arg(long)]
    to: Option<PathBuf>,
    /// Write `{"folder"}` as JSON.
    #[arg(long)]
    json: bool,
}

/// Makes the copy.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    if let Some(to) = &args.to {
        look(to)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let made = runtime.block_on(async {
        let owner = owner::reach(&args.config).await?;
        Ok::<_, Failure>(owner.ask(&Method::POST, &["api", "backup"], &[]).await?)
    })?;
    let mut folder = PathBuf::from(made["folder"].as_str().unwrap_or_default());
    if let Some(to) = &args.to {
        backup::move_to(&folder, to).map_err(|error| not_moved(&folder, to, &error))?;
        folder = std::path::absolute(to)?;
    }
    let folder = folder.display().to_string();
    say(&if args.json {
        json!({ "folder": folder }).to_string()
    } else {
        format!("the copy is in {folder}: with personal data and the keys, for nobody else's eyes")
    });
    Ok(())
}

/// Whether a copy can be put there: better said before it is made.
fn look(to: &Path) -> Result<(), Failure> {
    let shown = to.display();
    if to.symlink_metadata().is_ok() {
        return Err(
            format!("`--to`: there is a `{shown}` already, and nothing is overwritten").into()
        );
    }
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    if !parent.unwrap_or(Path::new(".")).is_dir() {
        return Err(format!("`--to`: the folder that `{shown}` is to be in does not exist").into());
    }
    Ok(())
}

fn not_moved(folder: &Path, to: &Path, error: &std::io::Error) -> Failure {
    let (folder, to) = (folder.display(), to.display());
    if error.kind() == ErrorKind::NotFound {
        return format!(
            "the copy is in {folder} of the server's machine, and cannot be moved from here"
        )
        .into();
    }
    format!("the copy is in {folder}, and cannot be moved to {to}: {error}").into()
}
