//! Ansira's provider over the sandbox, with a clock that goes with the runtime's paused time.

use std::sync::{Arc, Mutex};

use datafly_core::secret::{SecretError, SecretRef};
use datafly_provider::http::Transport;
use datafly_provider::{ProfileProvider, ProviderConfig, Surroundings, Turns, ansira};
use datafly_sandbox::{self as sandbox, Sandbox, SandboxConfig};
use datafly_settings::Reader;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::time::Instant;

/// A clock that both sides read.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The provider, the vendor, and the file between them.
pub struct Ansira {
    /// What is tested.
    pub provider: Arc<dyn ProfileProvider>,
    /// The vendor.
    pub sandbox: Sandbox,
    /// What the assertion's file has in it; `None` for no file.
    pub file: Arc<Mutex<Option<String>>>,
}

/// A clock that goes with the paused time of the runtime.
pub fn paused_clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || Timestamp::constant(1_800_000_000, 0) + start.elapsed())
}

/// A sandbox with a few customers on that clock.
pub fn vendor(clock: &Clock) -> Sandbox {
    Sandbox::new(SandboxConfig { customers: 1, ..SandboxConfig::default() }, Arc::clone(clock))
}

impl Ansira {
    /// The provider over that transport, at `http://{host}/ansira`.
    pub fn over(
        sandbox: &Sandbox,
        transport: Arc<dyn Transport>,
        host: &str,
        clock: &Clock,
        turns: Turns,
        more: &str,
    ) -> Self {
        let file = Arc::new(Mutex::new(Some(sandbox.ansira_assertion())));
        let written = Arc::clone(&file);
        let around = Surroundings {
            transport,
            clock: Arc::clone(clock),
            secrets: Arc::new(move |_| {
                let missing = || SecretError::File {
                    path: "/run/secrets/ansira".to_owned(),
                    reason: "no such file".to_owned(),
                };
                written.lock().unwrap().clone().map(SecretString::from).ok_or_else(missing)
            }),
            tokens: Arc::default(),
            turns,
        };
        let text = SECTION.replace("HOST", host).replace("SECRET", sandbox::ANSIRA_CLIENT_SECRET);
        let text = format!("{text}{more}\n");
        let itself = |reference: &SecretRef| match reference {
            SecretRef::Env(text) | SecretRef::File(text) => Ok(SecretString::from(text.as_str())),
        };
        let reader = Reader::new(&text, &itself);
        let config = reader.finish(reader.root().and_then(ansira::Config::read));
        let provider = config.unwrap_or_else(|mistakes| panic!("{mistakes}")).build(&around);
        Self { provider, sandbox: sandbox.clone(), file }
    }
}

const SECTION: &str = r#"
client_id = "sandbox-client"
client_secret = { env = "SECRET" }
assertion_file = "/run/secrets/ansira"
scopes = ["contacts.read"]
records_path = "v1/contacts"
filter = "{key} eq {value}"
base_url = "http://HOST/ansira"
token_url = "http://HOST/ansira/oauth/v2/oauth-token"
"#;
