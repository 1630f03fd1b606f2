//! `datafly serve`.

use std::path::PathBuf;

use datafly_server::config::Secrets;
use datafly_server::reload::Watch;
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
    /// Once listening, write `{"address","admin","enter"}` to this file, which only its owner can read. `enter` is
    /// a one-time URL for a person's browser at the admin listener.
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

/// Serves until it is told to stop.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&args.log)?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let secrets = Secrets::new(std::env::vars());
    let outside = Outside::system()?;
    let (watch, config) = Watch::start(args.config, secrets, outside.clone())?;

    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let stop = stop_signal()?;
        let app = wiring::build(config, &outside)?;
        let server = Server::bind(app, watch)?;
        let address = server.address()?;
        let admin = server.admin_address()?;
        tracing::info!(%address, "listening");
        if let Some(admin) = admin {
            tracing::info!(address = %admin, "listening for the owner");
        }
        if let Some(path) = &args.ready_file {
            let (address, admin) = (address.to_string(), admin.map(|admin| admin.to_string()));
            let enter = server.invitation()?;
            write_ready_file(path, &json!({ "address": address, "admin": admin, "enter": enter }))?;
        }
        server.run(stop).await?;
        tracing::info!("stopped");
        Ok(())
    })
}
