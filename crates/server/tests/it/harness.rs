//! Starts the real binary, with a sandbox vendor beside it.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

use datafly_sandbox as sandbox;

pub(crate) const ORIGIN: &str = "http://localhost:8080";

pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) ready: serde_json::Value,
}

impl Process {
    /// Starts `datafly` and waits until it says where it listens.
    pub(crate) fn start(folder: &Path, name: &str, arguments: &[&str]) -> Self {
        let ready_file = folder.join(format!("{name}.ready"));
        let _ = fs::remove_file(&ready_file);
        let child = Command::new(env!("CARGO_BIN_EXE_datafly"))
            .args(arguments)
            .arg("--ready-file")
            .arg(&ready_file)
            .env("INGEST", sandbox::INGEST_TOKEN)
            .env("PROFILE", sandbox::PROFILE_TOKEN)
            .stderr(fs::File::create(folder.join(format!("{name}.log"))).unwrap())
            .spawn()
            .unwrap();
        for _ in 0..500 {
            if let Ok(text) = fs::read_to_string(&ready_file) {
                return Self { child, ready: serde_json::from_str(&text).unwrap() };
            }
            sleep(Duration::from_millis(20));
        }
        let mut child = child;
        let _ = child.kill();
        panic!("{name} did not start: {:?}", child.wait());
    }

    pub(crate) fn serve(folder: &Path) -> Self {
        let config = folder.join("datafly.toml").display().to_string();
        Self::start(folder, "serve", &["serve", "--config", &config])
    }

    /// What a server in that folder has logged.
    pub(crate) fn log(folder: &Path) -> String {
        fs::read_to_string(folder.join("serve.log")).unwrap()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        self.connect_to("address")
    }

    /// To one of the listeners it said it has.
    pub(crate) fn connect_to(&self, listener: &str) -> TcpStream {
        let stream = TcpStream::connect(self.ready[listener].as_str().unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// One request on a connection of its own; the answer as text.
    pub(crate) fn send(&self, method: &str, path: &str, cookie: &str, body: &str) -> String {
        let mut stream = self.connect();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\norigin: {ORIGIN}\r\n\
             sec-fetch-mode: cors\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\
             cookie: {cookie}\r\nconnection: close\r\n\r\n{body}"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// What the sandbox answers under `/_control/`.
    pub(crate) fn control(&self, method: &str, path: &str, body: &str) -> serde_json::Value {
        let mut stream = self.connect_to("vendor");
        let length = body.len();
        let head = format!(
            "{method} /_control/{path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until the answer fits: what is live "within a second" is live long before that, where the machine
/// has nothing else to do.
pub(crate) fn until(ask: impl Fn() -> String, fits: impl Fn(&str) -> bool) -> String {
    let mut answer = ask();
    for _ in 0..200 {
        if fits(&answer) {
            return answer;
        }
        sleep(Duration::from_millis(50));
        answer = ask();
    }
    panic!("still {answer}");
}

/// An address of this machine that nobody listens on.
pub(crate) fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// `dfk=…` as the browser would send it back.
pub(crate) fn cookie(answer: &str) -> String {
    let set = answer.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let mut pairs = set.filter_map(|cookie| cookie.split(';').next());
    let found: Option<&str> = pairs.find(|pair| pair.starts_with("dfk="));
    found.unwrap_or_else(|| panic!("no cookie in {answer}")).to_owned()
}

/// A server on plain http for localhost, with a sandbox vendor, in a folder of its own.
pub(crate) fn set_up() -> (tempfile::TempDir, Process) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    for (name, content) in [
        (
            "manifest.json",
            r#"{"stub":"","loader":"loader.js","module":"m.js","engine":"m.js","wasm":"m.wasm"}"#,
        ),
        ("loader.js", "boot(__DATAFLY_CONFIG__)"),
    ] {
        fs::create_dir_all(folder.path().join("pkg")).unwrap();
        fs::write(folder.path().join("pkg").join(name), content).unwrap();
    }
    for name in ["m.js", "m.js.br", "m.js.gz", "m.wasm", "m.wasm.br", "m.wasm.gz"] {
        fs::write(folder.path().join("pkg").join(name), "x").unwrap();
    }
    let any = "127.0.0.1:0";
    let arguments = ["sandbox", "--vendor", any, "--shop", any, "--www", &path];
    let vendor = Process::start(folder.path(), "sandbox", &arguments);
    let base_url = vendor.ready["amperity"]["base_url"].as_str().unwrap();
    let config = CONFIG.replace("FOLDER", &path).replace("BASE_URL", base_url);
    fs::write(folder.path().join("datafly.toml"), config).unwrap();
    (folder, vendor)
}

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
public_url = "http://localhost:8081"
data_dir = "FOLDER/data"
bundle_dir = "FOLDER/pkg"
# ADMIN

[[pipelines]]
key = "dk_test_process"
origins = ["http://localhost:8080"]
identity = { verification = "off" }

[[pipelines.integrations]]
vendor = "amperity"
tenant_subdomain = "acme"
tenant_id = "acme"
api_key = { env = "INGEST" }
event_stream_id = "esm-sandbox1"
source_value = "DATAFLY"
profile_api_key = { env = "PROFILE" }
profile_collection_id = "apc-sandbox1"
base_url = "BASE_URL"
browser_attribute_allowlist = "Persona"
enrich_events = false
linking_keys = [{ source = "email", key = "email_sha256", hash = "sha256" }]
"#;
