//! The server that is measured, and its sandboxed vendor.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::cores;
use super::http::{Connection, Request};
use super::process::{Process, free_port};

const CONFIG: &str = include_str!("datafly.toml");

const PIPELINE_KEY: &str = "dk_test_bench";
const ORIGIN: &str = "http://shop.localhost";

/// What every visitor's answer holds.
pub(super) const ATTRIBUTES: [&str; 9] = [
    "FirstName",
    "Persona",
    "FavoriteBrand",
    "FavoriteCategory",
    "RecentCategories",
    "LifetimeTier",
    "LifetimeValue",
    "ChurnRisk",
    "EmailOptIn",
];

/// The vendor is quiet when it was asked nothing for this long.
const QUIET: Duration = Duration::from_secs(2);
/// How often to look for that.
const QUIET_TRIES: usize = 60;

/// See the module's documentation.
pub(super) struct Ours {
    pub(super) server: Process,
    pub(super) port: u16,
    pub(super) sandbox: Arc<Sandbox>,
}

/// The vendor's two doors: its API, and what only a sandbox has.
pub(super) struct Sandbox {
    _process: Process,
    pub(super) port: u16,
    pub(super) facts: Facts,
}

/// What the sandbox says of itself in its ready file.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Facts {
    pub(super) base_url: String,
    pub(super) tenant_id: String,
    pub(super) api_key: String,
    pub(super) profile_api_key: String,
    pub(super) profile_collection_id: String,
    pub(super) event_stream_id: String,
    pub(super) source_value: String,
}

/// Where the server is, and where its files go.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) root: &'a Path,
    pub(super) binary: &'a Path,
    pub(super) folder: &'a Path,
}

impl Place<'_> {
    /// The server's data directory.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

impl Ours {
    /// Starts it with an empty data directory; `more` is appended to the configuration, in the section of the
    /// vendor.
    pub(super) fn start(place: &Place<'_>, sandbox: &Arc<Sandbox>, more: &str) -> Result<Self> {
        let Place { root, binary, folder } = *place;
        let data = place.data();
        if data.exists() {
            fs::remove_dir_all(&data).context("cannot empty the last run's data directory")?;
        }
        let port = free_port()?;
        let facts = &sandbox.facts;
        let config = (CONFIG.to_owned() + more)
            .replace("PORT", &port.to_string())
            .replace("DATA_DIR", &data.display().to_string())
            .replace("BUNDLE_DIR", &root.join("www/pkg").display().to_string())
            .replace("PIPELINE_KEY", PIPELINE_KEY)
            .replace("ORIGIN", ORIGIN)
            .replace("TENANT_ID", &facts.tenant_id)
            .replace("STREAM_ID", &facts.event_stream_id)
            .replace("SOURCE", &facts.source_value)
            .replace("COLLECTION_ID", &facts.profile_collection_id)
            .replace("VENDOR_URL", &facts.base_url)
            .replace("ALLOWLIST", &ATTRIBUTES.join(", "));
        let file = folder.join("datafly.toml");
        fs::write(&file, config).context("cannot write the benchmark's configuration")?;

        let ready = fresh(folder.join("serve.ready"))?;
        let mut command = cores::SERVER.command(binary);
        command.arg("serve").arg("--config").arg(&file).arg("--ready-file").arg(&ready);
        command
            .env("TOKIO_WORKER_THREADS", "1")
            .env("BENCH_INGEST_KEY", &facts.api_key)
            .env("BENCH_PROFILE_KEY", &facts.profile_api_key);
        let mut server = Process::start(command, folder, "serve")?;
        server.wait_for(|| Ok(fs::read_to_string(&ready)?))?;
        Ok(Self { server, port, sandbox: Arc::clone(sandbox) })
    }
}

impl Sandbox {
    pub(super) fn start(place: &Place<'_>) -> Result<Self> {
        let Place { root, binary, folder } = *place;
        let ready = fresh(folder.join("sandbox.ready"))?;
        // The load's core: the server's own is for the server alone.
        let mut command = cores::LOAD.command(binary);
        command.args(["sandbox", "--vendor", "127.0.0.1:0", "--shop", "127.0.0.1:0", "--www"]);
        command.arg(root.join("www")).arg("--ready-file").arg(&ready);
        let mut process = Process::start(command, folder, "sandbox")?;
        let told: Value =
            process.wait_for(|| Ok(serde_json::from_str(&fs::read_to_string(&ready)?)?))?;
        let port = told["vendor"].as_str().and_then(|address| address.rsplit_once(':'));
        let port = port.and_then(|(_, port)| port.parse().ok());
        let port = port.context("the sandbox does not tell where the vendor listens")?;
        let facts = serde_json::from_value(told["amperity"].clone())
            .context("the sandbox does not tell how to reach the vendor")?;
        Ok(Self { _process: process, port, facts })
    }

    /// How often the vendor was asked anything.
    pub(super) fn hits(&self) -> Result<u64> {
        let request = Request::get("/_control/hits").bytes(self.port);
        let body = Connection::open(self.port)?.ask(&request)?.accepted()?;
        let hits: BTreeMap<String, u64> =
            serde_json::from_str(&body).context("the sandbox's hits are no counters")?;
        Ok(hits.values().sum())
    }

    /// Waits until nothing is left that the server still has to ask or tell.
    pub(super) fn wait_until_quiet(&self) -> Result<()> {
        let mut before = self.hits()?;
        for _ in 0..QUIET_TRIES {
            sleep(QUIET);
            let now = self.hits()?;
            if now == before {
                return Ok(());
            }
            before = now;
        }
        bail!("the server goes on asking the vendor though nobody asks the server");
    }
}

/// What a page of the shop sends with every request.
fn from_the_shop(request: Request) -> Request {
    request
        .header("Origin", ORIGIN)
        .header("Sec-Fetch-Mode", "cors")
        .header("Sec-Fetch-Site", "same-site")
}

/// `GET /v1/enrich`, without the visitor.
pub(super) fn enrich() -> Request {
    from_the_shop(Request::get(format!("/v1/enrich?provider=amperity&key={PIPELINE_KEY}")))
}

/// `GET /v1/loader.js`, without the visitor.
pub(super) fn loader() -> Request {
    from_the_shop(Request::get(format!("/v1/loader.js?key={PIPELINE_KEY}")))
}

/// An event, or several, of the SDK, without the visitor: `route` is `p`, `t`, `b` …
pub(super) fn events(route: &str, body: impl Into<String>) -> Request {
    let path = format!("/v1/{route}?key={PIPELINE_KEY}");
    from_the_shop(Request::post(path, body)).header("Content-Type", "text/plain")
}

/// No file of the last run is there to be read.
pub(super) fn fresh(file: PathBuf) -> Result<PathBuf> {
    if file.exists() {
        fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    }
    Ok(file)
}
