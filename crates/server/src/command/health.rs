//! `datafly health`: is the server at this address doing its work? For container health checks.

use std::sync::Arc;
use std::time::Duration;

use datafly_server::probe::{self, Health};

use super::Failure;

/// How long the server may take.
const DEADLINE: Duration = Duration::from_secs(2);

/// Arguments of `datafly health`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the admin listener is.
    #[arg(long, default_value = "http://127.0.0.1:9090")]
    url: String,
    /// Write what `/readyz` answers as JSON.
    #[arg(long)]
    json: bool,
}

/// Whether it is.
pub(crate) fn run(args: &Args) -> Result<bool, Failure> {
    let network = Arc::new(probe::network()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let Health { ready, answer } =
        runtime.block_on(probe::health(&*network, &args.url, DEADLINE))?;
    let text = if args.json {
        answer.to_string()
    } else {
        format!("{}: {}", args.url, if ready { "ready" } else { "not ready" })
    };
    super::say(&text);
    Ok(ready)
}
