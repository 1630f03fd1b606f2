//! The server under test.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use datafly_core::secret::SecretRef;
use datafly_provider::http::{Network, Transport};
use datafly_sandbox::{self as sandbox, Sandbox, SandboxConfig};
use datafly_server::admin;
use datafly_server::app::App;
use datafly_server::config::{Config, Secrets};
use datafly_server::edge::Edge;
use datafly_server::outbox::{self, Outbox};
use datafly_server::reload::Watch;
use datafly_server::runtime::{Clock, Entropy, Runtime};
use datafly_server::visitors::Visitors;
use datafly_server::wiring::{self, Outside};
use datafly_store::embedded::Embedded;
use jiff::SignedDuration;
use serde_json::{Map, Value};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::browser::{Answer, Browser, send};
use crate::in_process::InProcess;
use crate::surroundings::{Surroundings, while_the_disk_works};
use crate::timeless::Timeless;

/// The pipeline's key.
pub const PIPELINE: &str = "dk_test_shop";

/// The one origin whose pages may use it.
pub const SITE: &str = "https://www.shop.test";

/// What the site's own servers sign with, where a test configures it.
pub const SERVER_KEY: &str = "secret-of-the-site-s-own-servers-0123456789";

/// The owner's, where a test configures the admin listener.
pub const ADMIN_TOKEN: &str = "token-of-the-owner-0123456789abcdef0123";

/// What who has it sends.
pub const BEARER: &str = "Bearer token-of-the-owner-0123456789abcdef0123";

/// `[server.admin]` with it.
pub const ADMIN: &str =
    "[server.admin]\nlisten = \"127.0.0.1:0\"\ntoken = { env = \"ADMIN_TOKEN\" }\n";

/// What differs between tests.
pub struct TestConfig {
    /// `identity.verification`.
    pub verification: &'static str,
    /// `browser_attribute_allowlist`.
    pub allowlist: &'static str,
    /// Number of generated customers besides the named ones.
    pub customers: u32,
    /// Tables of `[server]`, such as `[server.limits]`.
    pub server: &'static str,
    /// Keys of the pipeline.
    pub pipeline: &'static str,
    /// Keys of the integration.
    pub integration: &'static str,
    /// Its keys that name credentials; `FOLDER` is the test's folder.
    pub credentials: &'static str,
    /// Files in that folder, by name.
    pub files: &'static [(&'static str, &'static str)],
    /// More integrations; `VENDOR` is where the sandbox listens.
    pub integrations: &'static str,
    /// The blueprint that `blueprint_file = "FOLDER/own.yaml"` names.
    pub blueprint: &'static str,
    /// `base_path`.
    pub base_path: &'static str,
    /// Entries of `trusted_proxies`.
    pub trusted_proxies: &'static str,
}

impl Default for TestConfig {
    fn default() -> Self {
        Self {
            verification: "required",
            allowlist: "Persona,FavoriteBrand,LifetimeTier",
            customers: 50,
            server: "",
            pipeline: "",
            integration: "",
            credentials: "api_key = { env = \"INGEST\" }\nprofile_api_key = { env = \"PROFILE\" }",
            files: &[],
            integrations: "",
            blueprint: "",
            base_path: "",
            trusted_proxies: "",
        }
    }
}

/// The server in process, and all it stands on.
pub struct TestApp {
    /// The public routes.
    pub edge: Edge,
    /// What the routes share.
    pub app: Arc<App>,
    /// The vendor; its hit counters are what tests assert.
    pub sandbox: Sandbox,
    /// Time and randomness.
    pub surroundings: Arc<Surroundings>,
    /// What looks for changes of the configuration file, when it is told to.
    pub watch: Watch,
    /// Who holds the vendors' guards while no call is under way.
    users_at_rest: usize,
    outside: Outside,
    vendor: String,
    folder: TempDir,
}

impl TestApp {
    /// Starts with the defaults.
    pub async fn start() -> Self {
        Self::start_with(TestConfig::default()).await
    }

    /// Starts with something changed.
    pub async fn start_with(wanted: TestConfig) -> Self {
        let surroundings = Arc::new(Surroundings::default());
        let sandbox = start_sandbox(wanted.customers, &surroundings);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let vendor = listener.local_addr().unwrap();
        tokio::spawn(sandbox.clone().serve(listener, std::future::pending()));
        let network = Arc::new(Network::new().unwrap());
        Self::over(&wanted, &vendor.to_string(), network, sandbox, surroundings)
    }

    /// Starts in a runtime whose time is paused: the vendor is in this process, and no socket is waited for.
    pub fn start_in_virtual_time(wanted: &TestConfig) -> Self {
        let surroundings = Arc::new(Surroundings::in_virtual_time());
        let sandbox = start_sandbox(wanted.customers, &surroundings);
        let transport = Arc::new(InProcess::new(sandbox.router()));
        Self::over(wanted, "127.0.0.1:1", transport, sandbox, surroundings)
    }

    /// As [`Self::start_in_virtual_time`], and the outbox's storage takes none of that time: what passes is what
    /// the product waits for, to the millisecond.
    pub fn start_in_exact_time(wanted: &TestConfig) -> Self {
        let surroundings = Arc::new(Surroundings::in_virtual_time());
        let sandbox = start_sandbox(wanted.customers, &surroundings);
        let transport = Arc::new(InProcess::new(sandbox.router()));
        Self::assemble(wanted, "127.0.0.1:1", transport, sandbox, surroundings, |app, folder| {
            let store = Arc::new(Embedded::open(&folder.join("timeless"), None).unwrap());
            let runtime = Runtime { clock: app.clock.clone(), entropy: app.entropy.clone() };
            app.visitors = Visitors::new(store.clone(), runtime);
            app.outbox = Outbox::new(Arc::new(Timeless(store)));
        })
    }

    /// Starts over a transport to a vendor.
    pub fn over(
        wanted: &TestConfig,
        vendor: &str,
        transport: Arc<dyn Transport>,
        sandbox: Sandbox,
        surroundings: Arc<Surroundings>,
    ) -> Self {
        Self::assemble(wanted, vendor, transport, sandbox, surroundings, |_, _| {})
    }

    /// The same, with a last change of the application before anybody has it.
    fn assemble(
        wanted: &TestConfig,
        vendor: &str,
        transport: Arc<dyn Transport>,
        sandbox: Sandbox,
        surroundings: Arc<Surroundings>,
        change: impl FnOnce(&mut App, &Path),
    ) -> Self {
        // In memory where there is such a place: what is durable is tested elsewhere.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        let folder = folder.unwrap();
        write_bundle(&folder);
        write_assertion(&folder, &sandbox.ansira_assertion());
        let runtime = Runtime {
            clock: Arc::clone(&surroundings) as Arc<dyn Clock>,
            entropy: Arc::clone(&surroundings) as Arc<dyn Entropy>,
        };
        let files = Secrets::new([]);
        let replaced = Arc::new(move |reference: &SecretRef| files.get(reference));
        let outside = Outside { runtime, transport, secrets: replaced };
        let config = config(wanted, vendor, &folder);
        let file = folder.path().join(FILE);
        let (watch, _) = Watch::start(file, secrets(), outside.clone()).unwrap();
        let mut app = wiring::build(config, &outside).unwrap();
        change(&mut app, folder.path());
        let app = Arc::new(app);
        surroundings.server_is_up();
        let edge = Edge::new(Arc::clone(&app));
        let vendor = vendor.to_owned();
        let users_at_rest = users_of_guards(&app);
        Self { edge, app, sandbox, surroundings, watch, users_at_rest, outside, vendor, folder }
    }

    /// Serves another configuration; answers which keys need a restart.
    pub fn reconfigure(&self, wanted: &TestConfig) -> Vec<&'static str> {
        let config = config(wanted, &self.vendor, &self.folder);
        wiring::reconfigure(&self.app, config, &self.outside).unwrap()
    }

    /// Replaces a file in the test's folder.
    pub fn write(&self, name: &str, content: &str) {
        fs::write(self.folder.path().join(name), content).unwrap();
    }

    /// Has Ansira's portal generate a new assertion, and puts it where the configuration says.
    pub fn replace_assertion(&self) {
        write_assertion(&self.folder, &self.sandbox.new_ansira_assertion());
    }

    /// A browser on the site, with an empty cookie jar.
    pub fn browser(&self) -> Browser {
        Browser::new(self.edge.clone(), SITE)
    }

    /// A browser with a page event behind it, whose id the vendor knows as one of its customers.
    pub async fn browser_of(&self, customer: &str) -> Browser {
        let mut browser = self.browser();
        browser.page().await;
        self.sandbox.link(&browser.visitor().unwrap(), customer).unwrap();
        browser
    }

    /// What the owner's listener answers to who has the token; `server` has to configure it.
    pub async fn admin(&self, path: &str) -> Answer {
        self.ask_admin("GET", path, &[("host", "localhost"), ("authorization", BEARER)]).await
    }

    /// What it does for them.
    pub async fn admin_does(&self, path: &str) -> Answer {
        let headers = [("host", "localhost"), ("authorization", BEARER), (admin::WRITES, "1")];
        self.ask_admin("POST", path, &headers).await
    }

    /// What it answers to a request with exactly these headers.
    pub async fn ask_admin(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = axum::http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(axum::body::Body::empty()).unwrap();
        send(admin::router(Arc::clone(&self.app)), request).await
    }

    /// Waits until a route of the vendor was asked so often, and the answers are back: for calls that no answer
    /// of ours waits for.
    pub async fn vendor_was_asked(&self, route: &str, times: u64) {
        for _ in 0..1_000 {
            let at_rest = users_of_guards(&self.app) == self.users_at_rest;
            if self.sandbox.hits(route) == times && at_rest {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(self.sandbox.hits(route), times, "{route}");
    }

    /// Enriches and delivers events from here on, until what this returns is dropped. Without it what is accepted
    /// waits, and no look-up is an event's.
    pub fn deliver(&self) -> watch::Sender<()> {
        let (stop, stopped) = watch::channel(());
        tokio::spawn(outbox::run(Arc::clone(&self.app), stopped));
        stop
    }

    /// The events that the vendor has taken, once there are so many.
    pub async fn taken(&self, count: usize) -> Vec<Map<String, Value>> {
        for _ in 0..1_000 {
            if self.sandbox.events().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
            while_the_disk_works().await;
            // The clock stands still otherwise, and with it the vendor's budget.
            self.surroundings.wait(SignedDuration::from_millis(5));
        }
        let events: Vec<_> = self.sandbox.events().into_iter().map(|event| event.body).collect();
        let usage = self.app.outbox.usage().await.unwrap();
        assert_eq!(events.len(), count, "{events:#?} {usage:#?}");
        events
    }

    /// Waits until every accepted event is with its destinations, or a dead letter.
    pub async fn nothing_waits(&self) {
        let mut usage = self.app.outbox.usage().await.unwrap();
        for _ in 0..6_000 {
            let of_all = usage.pipelines.iter();
            let waits = of_all.clone().any(|it| it.accepted.events > 0)
                || of_all
                    .flat_map(|it| &it.consumers)
                    .any(|it| it.lag.events + it.retries.events > 0);
            if !waits {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
            while_the_disk_works().await;
            self.surroundings.wait(SignedDuration::from_millis(100));
            usage = self.app.outbox.usage().await.unwrap();
        }
        unreachable!("still waiting: {usage:#?}");
    }

    /// How often the vendor was asked for anything.
    pub fn vendor_calls(&self) -> u64 {
        ["amperity.lookup.post", "amperity.lookup.get", "amperity.profile", "amperity.events"]
            .map(|route| self.sandbox.hits(route))
            .iter()
            .sum()
    }

    /// What the site's backend answers when a person logs in: `userId`, `traits` and `token`.
    pub async fn log_in(&self, user: &str) -> Value {
        let request = axum::http::Request::post("/api/login")
            .header("content-type", "application/json")
            .body(serde_json::json!({ "user": user }).to_string().into())
            .unwrap();
        send(self.sandbox.shop_router(), request).await.json()
    }
}

/// Of the configuration, in the test's folder.
const FILE: &str = "datafly.toml";

fn config(wanted: &TestConfig, vendor: &str, folder: &TempDir) -> Config {
    fs::write(folder.path().join("own.yaml"), wanted.blueprint).unwrap();
    for (name, content) in wanted.files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let text = CONFIG
        .replace("# CREDENTIALS", wanted.credentials)
        .replace("# INTEGRATION", wanted.integration)
        .replace("# MORE", wanted.integrations)
        .replace("FOLDER", &folder.path().display().to_string())
        .replace("VENDOR", vendor)
        .replace("VERIFICATION", wanted.verification)
        .replace("ALLOWLIST", wanted.allowlist)
        .replace("BASE_PATH", wanted.base_path)
        .replace("TRUSTED_PROXIES", wanted.trusted_proxies)
        .replace("# SERVER", wanted.server)
        .replace("# PIPELINE", wanted.pipeline);
    fs::write(folder.path().join(FILE), &text).unwrap();
    Config::parse(&text, &secrets()).unwrap_or_else(|error| panic!("{error}"))
}

fn secrets() -> Secrets {
    let secrets = [
        ("COOKIE_KEY", "cookie-key-of-the-tests-0123456789abcdef"),
        ("IDENTITY", sandbox::IDENTITY_SECRET),
        ("INGEST", sandbox::INGEST_TOKEN),
        ("PROFILE", sandbox::PROFILE_TOKEN),
        ("SERVER_KEY", SERVER_KEY),
        ("ADMIN_TOKEN", ADMIN_TOKEN),
        ("WEBHOOK", sandbox::WEBHOOK_SECRET),
        ("META", sandbox::META_ACCESS_TOKEN),
        ("INDEX", sandbox::INDEX_TOKENS[0]),
        ("ANSIRA", sandbox::ANSIRA_CLIENT_SECRET),
        ("REST", sandbox::REST_TOKENS[0]),
        ("ALGONOMY_TENANT", sandbox::ALGONOMY_TENANT_HASH),
        ("ALGONOMY_OAUTH", sandbox::ALGONOMY_OAUTH_KEY_SECRET),
    ];
    Secrets::new(secrets.map(|(name, value)| (name.to_owned(), value.to_owned())))
}

/// A call under way holds the guard of its account.
fn users_of_guards(app: &App) -> usize {
    app.guards.all().iter().map(Arc::strong_count).sum()
}

/// A sandbox vendor on the test's clock.
pub fn start_sandbox(customers: u32, surroundings: &Arc<Surroundings>) -> Sandbox {
    let mut config = SandboxConfig { customers, ..SandboxConfig::default() };
    PIPELINE.clone_into(&mut config.shop.pipeline_key);
    let clock = Arc::clone(surroundings);
    Sandbox::new(config, Arc::new(move || clock.now()))
}

/// Puts Ansira's assertion where `assertion_file = "FOLDER/ansira.assertion"` finds it.
fn write_assertion(folder: &TempDir, assertion: &str) {
    fs::write(folder.path().join("ansira.assertion"), assertion).unwrap();
}

/// The least the server takes for a bundle. The real one is tested in a real browser.
pub fn write_bundle(folder: &TempDir) {
    for (name, content) in [
        (
            "manifest.json",
            r#"{"loader":"loader.js","module":"sdk-1.js","engine":"engine-1.js","wasm":"sdk-1.wasm","chunks":{"debug":"debug-1.js"}}"#,
        ),
        ("loader.js", "boot(__DATAFLY_CONFIG__)"),
        ("sdk-1.js", "plain js"),
        ("sdk-1.js.br", "brotli js"),
        ("sdk-1.js.gz", "gzip js"),
        ("engine-1.js", "plain engine"),
        ("engine-1.js.br", "brotli engine"),
        ("engine-1.js.gz", "gzip engine"),
        ("debug-1.js", "plain debug"),
        ("debug-1.js.br", "brotli debug"),
        ("debug-1.js.gz", "gzip debug"),
        ("sdk-1.wasm", "plain wasm"),
        ("sdk-1.wasm.br", "brotli wasm"),
        ("sdk-1.wasm.gz", "gzip wasm"),
    ] {
        fs::write(folder.path().join(name), content).unwrap();
    }
}

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
public_url = "https://id.shop.test"
asset_url = "https://collect.shop.test"
data_dir = "FOLDER/data"
bundle_dir = "FOLDER"
base_path = "BASE_PATH"
trusted_proxies = [TRUSTED_PROXIES]

[[server.cookie_keys]]
id = "t"
secret = { env = "COOKIE_KEY" }

# SERVER

[[pipelines]]
key = "dk_test_shop"
origins = ["https://www.shop.test"]
cookie_domain = "shop.test"
# PIPELINE

[pipelines.identity]
verification = "VERIFICATION"

[[pipelines.identity.keys]]
id = "sandbox-1"
algorithm = "HS256"
secret = { env = "IDENTITY" }

[[pipelines.integrations]]
vendor = "amperity"
tenant_subdomain = "acme"
tenant_id = "acme"
# CREDENTIALS
event_stream_id = "esm-sandbox1"
source_value = "DATAFLY"
profile_collection_id = "apc-sandbox1"
base_url = "http://VENDOR/amperity"
browser_attribute_allowlist = "ALLOWLIST"
# INTEGRATION
linking_keys = '''[
  {"source": "email", "key": "email_sha256", "hash": "sha256"},
  {"source": "user_id", "key": "customer_id"},
  {"source": "canonical_id", "key": "device_cookie"}
]'''

# MORE

[[pipelines]]
key = "dk_test_other"
origins = ["https://www.other.test"]

# The same key of the same backend: what tells its tokens apart is whom they are for.
[[pipelines.identity.keys]]
id = "sandbox-1"
algorithm = "HS256"
secret = { env = "IDENTITY" }
"#;
