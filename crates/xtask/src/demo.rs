//! `cargo xtask demo`: the server, a sandboxed vendor and a shop that uses them, on this machine.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::bundle;
use crate::setup::run;

const CONFIG: &str = include_str!("demo/datafly.toml");

/// The shop's public key for the server.
const PIPELINE_KEY: &str = "dk_test_demo";

/// How long a process may take to open its listener.
const START_TRIES: usize = 300;
const START_PAUSE: Duration = Duration::from_millis(50);

/// Builds, starts, says what to open, and stays until a process ends or Ctrl-C ends them all.
pub(crate) fn demo(root: &Path) -> Result<()> {
    let (interrupt, interrupted) = mpsc::channel();
    ctrlc::set_handler(move || {
        // The receiver is gone only when the demo has ended.
        let _ = interrupt.send(());
    })
    .context("cannot listen for Ctrl-C")?;
    bundle::run(root)?;
    run(Command::new("cargo").current_dir(root).args(["build", "--package", "datafly-server"]))?;

    let folder = root.join("target/demo");
    fs::create_dir_all(&folder).context("cannot make target/demo")?;
    let [shop, id, vendor, admin] = free_ports()?;
    let (shop_url, id_url) = (format!("http://localhost:{shop}"), format!("http://localhost:{id}"));

    let mut sandbox = Process::start(
        root,
        &folder.join("sandbox.ready"),
        &[
            "sandbox",
            "--vendor",
            &format!("127.0.0.1:{vendor}"),
            "--shop",
            &format!("127.0.0.1:{shop}"),
            "--www",
            "www",
            "--pipeline-key",
            PIPELINE_KEY,
            "--id-url",
            &id_url,
        ],
        &[],
    )?;
    let facts = |pointer: &str| {
        let fact = sandbox.ready.pointer(pointer).and_then(Value::as_str);
        fact.map(str::to_owned).with_context(|| format!("the sandbox did not tell {pointer}"))
    };
    let config = CONFIG
        .replace("LISTEN", &format!("127.0.0.1:{id}"))
        .replace("ADMIN", &format!("127.0.0.1:{admin}"))
        .replace("ID_URL", &id_url)
        .replace("SHOP_URL", &shop_url)
        .replace("DATA_DIR", &path_text(&folder.join("data"))?)
        .replace("BUNDLE_DIR", &path_text(&root.join("www/pkg"))?)
        .replace("PIPELINE_KEY", PIPELINE_KEY)
        .replace("IDENTITY_KID", &facts("/identity/kid")?)
        .replace("VENDOR_URL", &facts("/amperity/base_url")?);
    let config_file = folder.join("datafly.toml");
    fs::write(&config_file, config).context("cannot write the demo's configuration")?;
    let secrets = [
        ("DEMO_IDENTITY_SECRET", facts("/identity/secret")?),
        ("DEMO_INGEST_KEY", facts("/amperity/api_key")?),
        ("DEMO_PROFILE_KEY", facts("/amperity/profile_api_key")?),
    ];
    let mut server = Process::start(
        root,
        &folder.join("serve.ready"),
        &["serve", "--config", &path_text(&config_file)?],
        &secrets,
    )?;

    println!();
    println!("  Open   {shop_url}/?returning=vera");
    println!();
    println!("  a shop whose visitor the vendor knows: window.datafly.profile.amperity is filled,");
    println!("  and the page's hero is the one for her persona. {shop_url}/ is a stranger's view.");
    if let Some(enter) = server.ready["enter"].as_str() {
        println!("  The owner's side, once: {enter}");
    }
    println!("  Server {id_url}, vendor (sandbox) http://127.0.0.1:{vendor}, configuration");
    println!("  {}. Stop with Ctrl-C.", config_file.display());
    println!();
    loop {
        for (name, process) in [("the sandbox", &mut sandbox), ("the server", &mut server)] {
            if let Some(status) = process.child.try_wait()? {
                bail!("{name} ended with {status}");
            }
        }
        if interrupted.recv_timeout(Duration::from_millis(200)).is_ok() {
            return Ok(());
        }
    }
}

/// One of the demo's processes; it ends with this value.
struct Process {
    child: Child,
    ready: Value,
}

impl Process {
    fn start(
        root: &Path,
        ready_file: &Path,
        arguments: &[&str],
        secrets: &[(&str, String)],
    ) -> Result<Self> {
        let _ = fs::remove_file(ready_file);
        let mut command = Command::new(root.join("target/debug/datafly"));
        command.current_dir(root).args(arguments).arg("--ready-file").arg(ready_file);
        command.envs(secrets.iter().map(|(name, value)| (*name, value.as_str())));
        let mut child = command.spawn().context("`datafly` cannot be started")?;
        for _ in 0..START_TRIES {
            if let Ok(text) = fs::read_to_string(ready_file) {
                return Ok(Self { child, ready: serde_json::from_str(&text)? });
            }
            if let Some(status) = child.try_wait()? {
                bail!("`datafly {}` ended with {status}", arguments[0]);
            }
            sleep(START_PAUSE);
        }
        let _ = child.kill();
        bail!("`datafly {}` did not start", arguments[0])
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// 8080 to 8083 where they are free, else what the system gives.
fn free_ports() -> Result<[u16; 4]> {
    let mut held = Vec::new();
    for wanted in [8080, 8081, 8082, 8083] {
        let listener = TcpListener::bind(("127.0.0.1", wanted))
            .or_else(|_| TcpListener::bind(("127.0.0.1", 0)))
            .context("no free port on 127.0.0.1")?;
        // Held until all are chosen, so that no port is chosen twice.
        held.push(listener);
    }
    let ports = held.iter().map(|listener| Ok(listener.local_addr()?.port()));
    let ports = ports.collect::<Result<Vec<_>>>()?;
    ports.try_into().map_err(|_| anyhow::anyhow!("four ports were asked for"))
}

fn path_text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).context("the project's path is not UTF-8")
}
