//! `datafly doctor`: every trouble of the seed's table, and of the machine, is planted alone, and found as what it
//! is, with its key and what helps; where none is planted nothing is found.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::http::Request;
use axum::http::uri::Uri;
use bytes::Bytes;
use datafly_core::id::Identifier;
use datafly_core::linking_key::Identifiers;
use datafly_provider::http::{Answer, HttpError, Transport};
use datafly_sandbox::{self as sandbox, Fault, Sandbox, SandboxConfig, Scope, StreamMode, Token};
use datafly_server::config::{Config, ConfigError, Secrets};
use datafly_server::doctor::{self, Disk, Host, Report, Resolved, Resolver, Wishes};
use datafly_server::runtime::{Clock, Runtime};
use datafly_server::wiring::Outside;
use datafly_tests::{InProcess, Surroundings, write_bundle};
use jiff::SignedDuration;
use tempfile::TempDir;

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
public_url = "https://id.shop.test"
data_dir = "FOLDER/data"
bundle_dir = "FOLDER"
outbox = { max_mb = 8 }
tls = { certificate = "FOLDER/certificate.pem", key = "FOLDER/key.pem" }

[[pipelines]]
key = "dk_live_shop"
origins = ["https://www.shop.test"]

[[pipelines.integrations]]
vendor = "amperity"
tenant_subdomain = "acme"
tenant_id = "acme"
api_key = { env = "INGEST" }
event_stream_id = "esm-sandbox1"
source_value = "DATAFLY"
profile_api_key = { env = "PROFILE" }
profile_collection_id = "apc-sandbox1"
browser_attribute_allowlist = "Persona, LifetimeTier"
linking_keys = [
  { source = "email", key = "email_sha256", hash = "sha256" },
  { source = "canonical_id", key = "device_cookie" },
]
"#;

/// Everything that is examined, in order until something is planted.
struct Patient {
    text: String,
    secrets: BTreeMap<&'static str, String>,
    sandbox: Sandbox,
    /// How far the vendor's clock is ahead, in seconds.
    ahead: Arc<AtomicI64>,
    names: BTreeMap<&'static str, Resolved>,
    disk: FakeDisk,
    wishes: Wishes,
    surroundings: Arc<Surroundings>,
    folder: TempDir,
    asked: Arc<Mutex<Vec<String>>>,
}

/// When the doctor comes.
const NOW: i64 = 1_800_000_000;

const DAY: i64 = 24 * 60 * 60;

/// Tokens that the vendor takes and that expire then.
fn jwt(scope: &str, expires_at: i64) -> String {
    let encode = |json: String| data_encoding::BASE64URL_NOPAD.encode(json.as_bytes());
    let claims = encode(format!(r#"{{"scope":"{scope}","exp":{expires_at}}}"#));
    format!("{}.{claims}.{}", encode(r#"{"alg":"HS256"}"#.to_owned()), encode("signed".to_owned()))
}

impl Patient {
    fn new() -> Self {
        let surroundings = Arc::new(Surroundings::in_virtual_time());
        let ahead = Arc::<AtomicI64>::default();
        let mut config = SandboxConfig { customers: 5, ..SandboxConfig::default() };
        config.tokens.push(Token::new("soon", Scope::Ingest, jwt("ingest", NOW + 3 * DAY)));
        let (clock, offset) = (Arc::clone(&surroundings), Arc::clone(&ahead));
        let now = move || clock.now() + SignedDuration::from_secs(offset.load(Ordering::SeqCst));
        let folder = TempDir::new().unwrap();
        write_bundle(&folder);
        let patient = Self {
            text: CONFIG.to_owned(),
            secrets: BTreeMap::from([
                ("INGEST", sandbox::INGEST_TOKEN.to_owned()),
                ("PROFILE", sandbox::PROFILE_TOKEN.to_owned()),
            ]),
            sandbox: Sandbox::new(config, Arc::new(now)),
            ahead,
            names: BTreeMap::from([
                ("id.shop.test", at(&["203.0.113.5", "2001:db8:1:2::5"])),
                ("www.shop.test", at(&["203.0.77.9", "2001:db8:1:2::9"])),
            ]),
            disk: FakeDisk::default(),
            wishes: Wishes::default(),
            surroundings,
            folder,
            asked: Arc::default(),
        };
        patient.certify("id.shop.test", 2040);
        patient
    }

    /// A certificate for a host, until the end of the first of January of a year.
    fn certify(&self, host: &str, until: i32) {
        let mut wanted = rcgen::CertificateParams::new([host.to_owned()]).unwrap();
        wanted.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = wanted.self_signed(&key).unwrap().pem();
        std::fs::write(self.folder.path().join("certificate.pem"), certificate).unwrap();
        std::fs::write(self.folder.path().join("key.pem"), key.serialize_pem()).unwrap();
    }

    fn set(&mut self, from: &str, to: &str) {
        assert!(self.text.contains(from), "{from}");
        self.text = self.text.replace(from, to);
    }

    fn knows(&mut self, email: &str) {
        let email = Some(Identifier::new(email).unwrap());
        self.wishes.people.push(Identifiers { email, ..Identifiers::default() });
    }

    async fn examined(&self) -> Report {
        let text = self.text.replace("FOLDER", &self.folder.path().display().to_string());
        let secrets = self.secrets.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let config = match Config::parse(&text, &Secrets::new(secrets)) {
            Ok(config) => config,
            Err(ConfigError::Mistakes(mistakes)) => return doctor::refused(&mistakes),
            Err(error) => unreachable!("{error}"),
        };
        let vendor = InProcess::new(self.sandbox.router());
        let outside = Outside {
            runtime: Runtime {
                clock: self.surroundings.clone(),
                entropy: self.surroundings.clone(),
            },
            transport: Arc::new(Internet { vendor, asked: Arc::clone(&self.asked) }),
            secrets: Arc::new(|_| unreachable!("no credential of these tests is a file")),
        };
        let host = Host {
            resolver: Arc::new(Names(self.names.clone())),
            disk: Arc::new(self.disk.clone()),
        };
        doctor::examine(&config, &outside, &host, &self.wishes).await.unwrap()
    }
}

fn at(addresses: &[&str]) -> Resolved {
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    Resolved { canonical_name: None, addresses }
}

/// The one tenant's host, and the sandbox's own; no other name leads anywhere.
struct Internet {
    vendor: InProcess,
    asked: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Transport for Internet {
    async fn send(&self, mut request: Request<Bytes>, max: usize) -> Result<Answer, HttpError> {
        let uri = request.uri().clone();
        let host = uri.host().unwrap().to_owned();
        self.asked.lock().unwrap().push(host.clone());
        let path = uri.path_and_query().unwrap();
        let within = match host.as_str() {
            "acme.amperity.com" => format!("http://sandbox/amperity{path}"),
            "127.0.0.1" => format!("http://sandbox{path}"),
            _ => return Err(HttpError::Connection("no such host".to_owned())),
        };
        *request.uri_mut() = within.parse::<Uri>().unwrap();
        self.vendor.send(request, max).await
    }
}

struct Names(BTreeMap<&'static str, Resolved>);

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, host: &str) -> io::Result<Resolved> {
        self.0.get(host).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

#[derive(Clone)]
struct FakeDisk {
    is_broken: bool,
    free: u64,
}

impl Default for FakeDisk {
    fn default() -> Self {
        Self { is_broken: false, free: 1 << 40 }
    }
}

impl Disk for FakeDisk {
    fn try_out(&self, _: &Path) -> io::Result<()> {
        if self.is_broken { Err(io::ErrorKind::ReadOnlyFilesystem.into()) } else { Ok(()) }
    }

    fn free(&self, _: &Path) -> io::Result<u64> {
        Ok(self.free)
    }
}

/// What is planted, and what has to be found: code, key within the integration's or the whole one, part of the fix.
type Row = (&'static str, fn(&mut Patient), &'static [(&'static str, &'static str, &'static str)]);

const OF_VENDOR: &str = "pipelines[dk_live_shop].amperity.";

const ROWS: &[Row] = &[
    // The seed's table.
    (
        "events are answered 202 and do not appear: wrong source_value, if only in case",
        |it| {
            it.set("\"DATAFLY\"", "\"Datafly\"");
            it.wishes.canary = true;
        },
        &[("EVENTS_NOT_ROUTED", "source_value", "routing expression")],
    ),
    (
        "no such host: wrong tenant_subdomain",
        |it| it.set("tenant_subdomain = \"acme\"", "tenant_subdomain = \"acme2\""),
        &[("VENDOR_UNREACHABLE", "tenant_subdomain", "subdomain of your dashboard's URL")],
    ),
    (
        "401 on everything: wrong tenant_id",
        |it| it.set("tenant_id = \"acme\"", "tenant_id = \"acme2\""),
        &[("TENANT_REFUSED", "tenant_id", "Copy the tenant id")],
    ),
    (
        "401 on event POST: the JWT was revoked",
        |it| drop(it.secrets.insert("INGEST", "token-that-was-revoked".to_owned())),
        &[("INGEST_TOKEN_REFUSED", "api_key", "with Streaming Ingest Write Access")],
    ),
    (
        "the Streaming Ingest JWT has expired",
        |it| drop(it.secrets.insert("INGEST", jwt("ingest", NOW - 1))),
        &[("TOKEN_EXPIRED", "api_key", "Generate a new one")],
    ),
    (
        "the Streaming Ingest JWT expires soon",
        |it| drop(it.secrets.insert("INGEST", jwt("ingest", NOW + 3 * DAY))),
        &[("TOKEN_EXPIRES_SOON", "api_key", "beside the old one")],
    ),
    (
        "403 on event POST: wrong scope",
        |it| {
            it.set("profile_api_key = { env = \"PROFILE\" }\n", "");
            it.set("profile_collection_id = \"apc-sandbox1\"\n", "");
            it.set("browser_attribute_allowlist", "# ");
            it.set("linking_keys = [", "linking_keys = [] # [");
            it.set("  { source = \"email\", key = \"email_sha256\", hash = \"sha256\" },\n", "");
            it.set("  { source = \"canonical_id\", key = \"device_cookie\" },\n]\n", "");
            it.secrets.insert("INGEST", sandbox::PROFILE_TOKEN.to_owned());
        },
        &[("INGEST_TOKEN_SCOPE", "api_key", "with Streaming Ingest Write Access")],
    ),
    (
        "403 on the Profile API: a Streaming Ingest JWT in its place",
        |it| drop(it.secrets.insert("PROFILE", jwt("ingest", NOW + 3 * DAY))),
        &[
            ("PROFILE_TOKEN_SCOPE", "profile_api_key", "with Profile Read Access"),
            ("TOKEN_EXPIRES_SOON", "profile_api_key", ""),
        ],
    ),
    (
        "403 on both: the keys are swapped",
        |it| {
            it.secrets.insert("INGEST", sandbox::PROFILE_TOKEN.to_owned());
            it.secrets.insert("PROFILE", sandbox::INGEST_TOKEN.to_owned());
        },
        &[("KEYS_SWAPPED", "api_key", "Exchange the two")],
    ),
    (
        "both keys are the same",
        |it| drop(it.secrets.insert("PROFILE", sandbox::INGEST_TOKEN.to_owned())),
        &[("CONFIGURATION_REFUSED", "pipelines[0].integrations[0].profile_api_key", "")],
    ),
    (
        "401 on the Profile API: the JWT was revoked",
        |it| drop(it.secrets.insert("PROFILE", "token-that-was-revoked".to_owned())),
        &[("PROFILE_TOKEN_REFUSED", "profile_api_key", "with Profile Read Access")],
    ),
    (
        "look-ups are always 404: the collection lists no key",
        |it| it.sandbox.set_linking_keys([""; 0]),
        &[("COLLECTION_WITHOUT_LINKING_KEYS", "linking_keys", "Ask your Amperity admin")],
    ),
    (
        "look-ups are always 404: wrong collection",
        |it| it.set("apc-sandbox1", "apc-sandbox2"),
        &[("COLLECTION_UNKNOWN", "profile_collection_id", "`apc-…`")],
    ),
    (
        "a key that the collection does not list",
        |it| it.set("\"email_sha256\"", "\"loyalty\""),
        &[("LINKING_KEY_NOT_IN_COLLECTION", "linking_keys[0].key", "Ask your Amperity admin")],
    ),
    (
        "partner_attrs never appears: no credentials",
        |it| {
            it.set("profile_api_key = { env = \"PROFILE\" }\n", "");
            it.set("profile_collection_id = \"apc-sandbox1\"\n", "");
        },
        &[("PROFILE_CREDENTIALS_MISSING", "profile_api_key", "profile_collection_id")],
    ),
    (
        "partner_attrs never appears: no linking keys",
        |it| {
            let at = it.text.find("linking_keys").unwrap();
            it.text.truncate(at);
        },
        &[("LINKING_KEYS_EMPTY", "linking_keys", "Write `linking_keys`")],
    ),
    (
        "partner_attrs never appears: the visitor is not resolved",
        |it| it.knows("stranger@example.com"),
        &[("VISITOR_NOT_RESOLVED", "linking_keys", "Compare `source`, `key` and `hash`")],
    ),
    (
        "the profile is empty in the browser: no allowlist",
        |it| it.set("browser_attribute_allowlist = \"Persona, LifetimeTier\"\n", ""),
        &[("ALLOWLIST_EMPTY", "browser_attribute_allowlist", "separated by commas")],
    ),
    // What belongs beside it.
    (
        "an allowed name that is spelled otherwise",
        |it| {
            it.set("LifetimeTier", "Lifetimetier");
            it.knows("vera@example.com");
        },
        &[("ALLOWLIST_NAME_NOT_SENT", "browser_attribute_allowlist", "case counts")],
    ),
    (
        "wrong stream",
        |it| it.set("esm-sandbox1", "esm-sandbox2"),
        &[("STREAM_UNKNOWN", "event_stream_id", "Sources > Streams")],
    ),
    (
        "a stream of batch ingest",
        |it| it.set("esm-sandbox1", "is-sandbox1"),
        &[("CONFIGURATION_REFUSED", "pipelines[0].integrations[0].event_stream_id", "")],
    ),
    (
        "the stream drops",
        |it| {
            it.sandbox.set_stream_mode(StreamMode::Drop);
            it.wishes.canary = true;
        },
        &[("STREAM_DROPS", "event_stream_id", "mode to Active")],
    ),
    (
        "the stream rejects",
        |it| {
            it.sandbox.set_stream_mode(StreamMode::Reject);
            it.wishes.canary = true;
        },
        &[("STREAM_REJECTS", "event_stream_id", "mode to Active")],
    ),
    (
        "the vendor has a bad day",
        |it| it.sandbox.fault("amperity.events", None, Fault::status(503)).unwrap(),
        &[("VENDOR_IN_TROUBLE", "api_key", "later")],
    ),
    // The machine.
    (
        "the clock is behind",
        |it| it.ahead.store(90, Ordering::SeqCst),
        &[("CLOCK_SKEWED", "the machine's clock", "Synchronise")],
    ),
    (
        "the data folder cannot be written",
        |it| it.disk.is_broken = true,
        &[("DATA_DIR_UNUSABLE", "server.data_dir", "that the server's user owns")],
    ),
    (
        "the disk is smaller than the outbox",
        |it| it.disk.free = 1 << 20,
        &[("DISK_BELOW_OUTBOX", "server.outbox.max_mb", "make room")],
    ),
    (
        "the certificate has expired",
        |it| it.certify("id.shop.test", 2026),
        &[("CERTIFICATE_EXPIRED", "server.tls.certificate", "Renew it")],
    ),
    (
        "the certificate expires soon",
        |it| {
            it.certify("id.shop.test", 2028);
            // Nine days before its end.
            it.surroundings.wait(SignedDuration::from_hours(24 * 342));
        },
        &[("CERTIFICATE_EXPIRES_SOON", "server.tls.certificate", "Look at why")],
    ),
    (
        "the certificate is another host's",
        |it| it.certify("www.shop.test", 2040),
        &[("CERTIFICATE_FOR_ANOTHER_HOST", "server.tls.certificate", "names the host")],
    ),
    (
        "the certificate is not the key's",
        |it| {
            let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
            std::fs::write(it.folder.path().join("key.pem"), key).unwrap();
        },
        &[("CONFIGURATION_REFUSED", "server.tls.key", "")],
    ),
    (
        "the host is another name of a cloud's",
        |it| {
            let host = it.names.get_mut("id.shop.test").unwrap();
            host.canonical_name = Some("shop.cloud.test2".to_owned());
        },
        &[("COOKIES_CUT_BY_CNAME", "pipelines[dk_live_shop].origins", "records")],
    ),
    (
        "the host is in another network",
        |it| drop(it.names.insert("id.shop.test", at(&["198.51.100.5"]))),
        &[("COOKIES_CUT_BY_ADDRESS", "pipelines[dk_live_shop].origins", "the same /16")],
    ),
    (
        "the host is in another network for some",
        |it| drop(it.names.insert("id.shop.test", at(&["203.0.113.5", "2001:db8:1:3::5"]))),
        &[("COOKIES_CUT_BY_ADDRESS", "pipelines[dk_live_shop].origins", "the same /16")],
    ),
];

#[tokio::test(start_paused = true)]
async fn each_trouble_is_found_as_what_it_is() {
    for (planted, plant, expected) in ROWS {
        let mut patient = Patient::new();
        plant(&mut patient);
        let started = tokio::time::Instant::now();
        let report = patient.examined().await;
        assert!(started.elapsed().as_secs() <= 60, "{planted}: {:?}", started.elapsed());
        let found: Vec<_> = report.findings().collect();
        let seen: Vec<_> = found
            .iter()
            .map(|(key, finding)| (finding.ailment.code, key.trim_start_matches(OF_VENDOR)))
            .collect();
        let wanted: Vec<_> = expected.iter().map(|(code, key, _)| (*code, *key)).collect();
        assert_eq!(seen, wanted, "{planted}\n{report}");
        for ((_, finding), (_, _, fix)) in found.iter().zip(*expected) {
            assert!(finding.ailment.fix.contains(fix), "{planted}: {}", finding.ailment.fix);
        }
        says_no_secret(&patient, &report);
    }
}

/// Neither for people nor for programs.
fn says_no_secret(patient: &Patient, report: &Report) {
    let said = format!("{report}{}", report.to_json());
    let secrets = patient.secrets.values().map(String::as_str);
    for secret in secrets.chain(["vera@example.com", "stranger@example.com", "Value Hunter"]) {
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_planted_nothing_is_found() {
    let mut patient = Patient::new();
    patient.wishes.canary = true;
    patient.knows("vera@example.com");
    let report = patient.examined().await;
    assert_eq!(report.findings().count(), 0, "{report}");
    // Nothing was left out but what nobody can tell of these tokens.
    let told = report.to_string();
    let skipped: Vec<_> = told.lines().filter(|line| line.starts_with("  skipped")).collect();
    assert!(skipped.iter().all(|line| line.contains("does not say when it expires")), "{told}");
    assert!(told.contains("  ok       an event that is posted reaches its profile"), "{told}");
    says_no_secret(&patient, &report);
}

/// It is the owner's vendor that would get the event.
#[tokio::test(start_paused = true)]
async fn nothing_is_written_to_a_vendor_unless_it_is_asked_for() {
    let mut patient = Patient::new();
    patient.examined().await;
    assert_eq!(patient.sandbox.accepted_events(), 0);
    assert!(patient.sandbox.hits("amperity.events") > 0);
    patient.wishes.canary = true;
    patient.examined().await;
    assert_eq!(patient.sandbox.accepted_events(), 1);
    let event = &patient.sandbox.events()[0].body;
    assert_eq!((&event["type"], &event["source"]), (&"datafly_canary".into(), &"DATAFLY".into()));
    // Each examination's marker is its own.
    patient.examined().await;
    assert_ne!(patient.sandbox.events()[1].body["cookieid"], event["cookieid"]);
}

#[tokio::test(start_paused = true)]
async fn one_pipeline_is_examined_alone() {
    let mut patient = Patient::new();
    let pipeline = &CONFIG[CONFIG.find("[[pipelines]]").unwrap()..];
    let other = pipeline.replace("dk_live_shop", "dk_live_other").replace("esm-sandbox1", "esm-no");
    patient.text = format!("{CONFIG}{other}");
    assert_eq!(patient.examined().await.findings().count(), 1);
    patient.wishes.pipeline = Some("dk_live_shop".parse().unwrap());
    assert_eq!(patient.examined().await.findings().count(), 0);
}

/// A test key's pipeline, which says nothing of where its vendor is.
#[tokio::test(start_paused = true)]
async fn a_test_pipeline_goes_to_the_sandbox_and_to_no_vendor() {
    let mut patient = Patient::new();
    patient.set("dk_live_shop", "dk_test_shop");
    let refused = patient.examined().await;
    let keys: Vec<_> = refused.findings().map(|(key, _)| key).collect();
    assert_eq!(keys, ["pipelines[0].integrations[0].base_url"], "{refused}");
    assert!(patient.asked.lock().unwrap().is_empty());
    patient.set("outbox =", "sandbox_url = \"http://127.0.0.1:8082\"\noutbox =");
    patient.wishes.canary = true;
    let report = patient.examined().await;
    assert_eq!(report.findings().count(), 0, "{report}");
    let asked = patient.asked.lock().unwrap();
    assert!(!asked.is_empty() && asked.iter().all(|host| host == "127.0.0.1"), "{asked:?}");
}
