//! `datafly serve`.

use std::fs;
use std::path::PathBuf;

use datafly_server::config::{Config, ConfigError, Secrets};
use datafly_server::serve::Server;
use datafly_server::wiring::{self, Outside};
use serde_json::json;
use tracing_subscriber::EnvFilter;

use super::{Failure, stop_signal, write_ready_file};

/// Arguments of `datafly serve`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The configuration file.
    #[arg(long, default_value = "datafly.toml")]
    config: PathBuf,
    /// What to log, as `tracing` filters write it, for example `info` or `datafly_server=debug`.
    #[arg(long, default_value = "info")]
    log: String,
    /// Once listening, write `{"address"}` to this file.
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

/// Serves until it is told to stop.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&args.log)?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let secrets = Secrets::new(std::env::vars());
    let text = fs::read_to_string(&args.config).map_err(|error| ConfigError::File {
        path: args.config.display().to_string(),
        reason: error.to_string(),
    })?;
    let config = Config::parse(&text, &secrets)?;
    let (listen, tls) = (config.server.listen, config.server.tls.clone());
    let base_path = config.server.base_path.clone();

    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let stop = stop_signal()?;
        let app = wiring::build(config, &secrets, &Outside::system()?)?;
        let server = Server::bind(app, listen, tls.as_ref(), base_path).await?;
        let address = server.address()?;
        tracing::info!(%address, "listening");
        if let Some(path) = &args.ready_file {
            write_ready_file(path, &json!({ "address": address.to_string() }))?;
        }
        server.run(stop).await?;
        tracing::info!("stopped");
        Ok(())
    })
}
