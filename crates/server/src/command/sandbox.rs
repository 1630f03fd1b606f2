//! `datafly sandbox`: the vendors' APIs with a page about them, and the demo shop's backend, on loopback.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use datafly_sandbox::{self as sandbox, Addresses, Bound, SandboxConfig};
use serde_json::{Value, json};

use super::{Failure, say, stop_signal, write_ready_file};

/// Arguments of `datafly sandbox`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the vendors' APIs listen.
    #[arg(long, default_value = "127.0.0.1:8082")]
    vendor: SocketAddr,
    /// Where the shop listens.
    #[arg(long, default_value = "127.0.0.1:8080")]
    shop: SocketAddr,
    /// Play the vendors alone: the shop needs the browser bundle, they need nothing.
    #[arg(long)]
    no_shop: bool,
    /// The shop's files; `pkg/` in it holds the browser bundle.
    #[arg(long, default_value = "www")]
    www: PathBuf,
    /// The pipeline key the shop's pages use.
    #[arg(long, default_value = sandbox::PIPELINE_KEY)]
    pipeline_key: String,
    /// URL of the datafly server, as the shop's pages reach it.
    #[arg(long, default_value = "http://localhost:8081")]
    id_url: String,
    /// URL the shop's pages fetch the bundle from; the same server unless given.
    #[arg(long)]
    collect_url: Option<String>,
    /// Once listening, write addresses and credentials to this file.
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

/// Plays until it is told to stop.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let collect_url = args.collect_url.unwrap_or_else(|| args.id_url.clone());
    let mut config = SandboxConfig::default();
    if !args.no_shop {
        config.shop.placeholders = placeholders(&args.www, &collect_url)?;
    }
    config.shop.static_dir = Some(args.www);
    config.shop.pipeline_key = args.pipeline_key;
    config.shop.id_url = args.id_url;
    config.shop.collect_url = collect_url;
    let identity = json!({
        "kid": config.shop.identity_kid, "secret": config.shop.identity_secret,
        "pipeline_key": config.shop.pipeline_key,
    });
    let addresses = Addresses { vendor: args.vendor, shop: (!args.no_shop).then_some(args.shop) };

    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let stop = stop_signal()?;
        let bound = sandbox::bind(config, sandbox::system_clock(), addresses).await?;
        if let Some(path) = &args.ready_file {
            let vendor = bound.vendor_addr();
            let facts = json!({
                "vendor": vendor.to_string(),
                "shop": bound.shop_addr().map(|address| address.to_string()),
                "identity": identity,
                "amperity": {
                    "base_url": format!("http://{vendor}/amperity"),
                    "tenant_id": sandbox::TENANT_ID,
                    "api_key": sandbox::INGEST_TOKEN,
                    "profile_api_key": sandbox::PROFILE_TOKEN,
                    "control_api_key": sandbox::CONTROL_TOKEN,
                    "profile_collection_id": sandbox::COLLECTION_ID,
                    "event_stream_id": sandbox::STREAM_ID,
                    "source_value": sandbox::SOURCE,
                },
                "algonomy": {
                    "profile_url": format!("http://{vendor}/algonomy"),
                    "gdpr_url": format!("http://{vendor}/algonomy"),
                    "tenant_hash": sandbox::ALGONOMY_TENANT_HASH,
                    "oauth_key_secret": sandbox::ALGONOMY_OAUTH_KEY_SECRET,
                },
            });
            write_ready_file(path, &facts)?;
        } else {
            tell(&bound);
        }
        bound.run(stop).await?;
        Ok(())
    })
}

/// Says where everything is to whoever has started it by hand.
fn tell(bound: &Bound) {
    let vendor = bound.vendor_addr();
    say(&format!(
        "the vendors, and a page with their tokens, profiles, requests and faults: http://{vendor}/"
    ));
    say(&format!(
        "`dk_test_…` pipelines go there with `sandbox_url = \"http://{vendor}\"` in [server]"
    ));
    if let Some(shop) = bound.shop_addr() {
        say(&format!("the shop: http://{shop}/"));
    }
}

/// What the shop's pages need of the browser bundle: the inline stub and the address of the module.
fn placeholders(www: &Path, collect_url: &str) -> Result<BTreeMap<String, String>, Failure> {
    let path = www.join("pkg/manifest.json");
    let manifest = fs::read(&path).map_err(|error| {
        format!("{} cannot be read ({error}): run `cargo xtask bundle`, or leave the shop out with `--no-shop`", path.display())
    })?;
    let manifest: Value = serde_json::from_slice(&manifest)?;
    let text = |name: &str| manifest[name].as_str().unwrap_or_default().to_owned();
    let module = format!("{collect_url}{}{}", datafly_core::v1::path::ASSETS, text("module"));
    Ok(BTreeMap::from([("STUB".to_owned(), text("stub")), ("MODULE_URL".to_owned(), module)]))
}
