//! Our server, as pages reach it: with its own TLS, and not held to a core.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::super::ours::{Place, Sandbox, fresh};
use super::super::process::Process;

const CONFIG: &str = include_str!("datafly.toml");

/// Of a server that nobody but this benchmark reaches.
const COOKIE_KEY: &str = "cookie-key-of-the-benchmark-0123456789";

/// See the module's documentation.
pub(super) struct Server {
    _process: Process,
    pub(super) port: u16,
}

impl Server {
    /// Starts it with an empty data directory.
    pub(super) fn start(place: &Place<'_>, sandbox: &Sandbox, certificates: &Path) -> Result<Self> {
        let Place { root, binary, folder } = *place;
        let data = place.data();
        if data.exists() {
            fs::remove_dir_all(&data).context("cannot empty the last run's data directory")?;
        }
        let facts = &sandbox.facts;
        let config = CONFIG
            .replace("DATA_DIR", &data.display().to_string())
            .replace("BUNDLE_DIR", &root.join("www/pkg").display().to_string())
            .replace("CERTIFICATES", &certificates.display().to_string())
            .replace("TENANT_ID", &facts.tenant_id)
            .replace("STREAM_ID", &facts.event_stream_id)
            .replace("SOURCE", &facts.source_value)
            .replace("COLLECTION_ID", &facts.profile_collection_id)
            .replace("VENDOR_URL", &facts.base_url);
        let file = folder.join("datafly.toml");
        fs::write(&file, config).context("cannot write the benchmark's configuration")?;
        let ready = fresh(folder.join("serve.ready"))?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(binary);
        command.arg("serve").arg("--config").arg(&file).arg("--ready-file").arg(&ready);
        command
            .env("BENCH_COOKIE_KEY", COOKIE_KEY)
            .env("BENCH_INGEST_KEY", &facts.api_key)
            .env("BENCH_PROFILE_KEY", &facts.profile_api_key);
        let mut process = Process::start(command, folder, "serve")?;
        let told: Value =
            process.wait_for(|| Ok(serde_json::from_str(&fs::read_to_string(&ready)?)?))?;
        let port = told["address"].as_str().and_then(|address| address.rsplit_once(':'));
        let port = port.and_then(|(_, port)| port.parse().ok());
        let port = port.context("the server does not tell where it listens")?;
        Ok(Self { _process: process, port })
    }
}
