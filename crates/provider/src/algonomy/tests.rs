//! The clients against the sandbox: over real sockets, and where time matters in virtual time.

mod config;
mod gdpr;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use datafly_core::context::ContextValues;
use datafly_core::id::Identifier;
use datafly_core::linking_key::KeyValue;
use datafly_sandbox::{self as sandbox, Fault, NamedCustomer, Sandbox, SandboxConfig};
use datafly_settings::Mistakes;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use super::*;
use crate::destination::tests::{InProcess, read, secret, text};
use crate::http::{Network, Transport};
use crate::profile::{ProfileId, ProfileProvider, ProviderConfig, ProviderError};
use crate::surroundings::Surroundings;
use crate::surroundings::testing::around;

/// When the tests begin.
const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

const LINKING_KEYS: &str =
    "[{ source = 'email', key = 'email_address' }, { source = 'user_id', key = 'gcrId' }]";

struct Vendor {
    sandbox: Sandbox,
    around: Surroundings,
    base_url: String,
}

impl Vendor {
    /// Behind a real socket.
    async fn start() -> Self {
        let sandbox = Sandbox::new(settings(), Arc::new(|| START));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(sandbox.clone().serve(listener, std::future::pending()));
        let around = around(Arc::new(Network::new().unwrap()));
        Self { sandbox, around, base_url: format!("http://{address}/algonomy") }
    }

    /// In this process, on a clock that goes with tokio's.
    fn in_virtual_time() -> Self {
        let began = Instant::now();
        let clock = Arc::new(move || START + SignedDuration::try_from(began.elapsed()).unwrap());
        let sandbox = Sandbox::new(settings(), clock.clone());
        let transport: Arc<dyn Transport> = Arc::new(InProcess(sandbox.router()));
        let around = Surroundings { clock, ..around(transport) };
        Self { sandbox, around, base_url: "http://localhost/algonomy".to_owned() }
    }

    /// The section that fits the sandbox, with some keys written otherwise, or not at all.
    fn config(&self, changes: &[(&'static str, &str)]) -> Result<Config, Mistakes> {
        let mut section = BTreeMap::from([
            ("profile_url", text(&self.base_url)),
            ("gdpr_url", text(&self.base_url)),
            ("tenant_hash", secret(sandbox::ALGONOMY_TENANT_HASH)),
            ("oauth_key_secret", secret(sandbox::ALGONOMY_OAUTH_KEY_SECRET)),
            ("linking_keys", LINKING_KEYS.to_owned()),
        ]);
        for (key, value) in changes {
            if value.is_empty() {
                section.remove(key);
            } else {
                section.insert(key, (*value).to_owned());
            }
        }
        let keys: Vec<_> = section.into_iter().collect();
        read(&keys, Config::read)
    }

    fn client_with(&self, changes: &[(&'static str, &str)]) -> AlgonomyProfiles {
        AlgonomyProfiles::new(&self.around, &self.config(changes).unwrap())
    }

    fn client(&self) -> AlgonomyProfiles {
        self.client_with(&[])
    }

    fn hits(&self) -> [u64; 3] {
        ["algonomy.token.create", "algonomy.token.update", "algonomy.profile"]
            .map(|route| self.sandbox.hits(route))
    }
}

fn settings() -> SandboxConfig {
    SandboxConfig { customers: 1, ..SandboxConfig::default() }
}

fn key(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.into(), value: Identifier::new(value).unwrap() }
}

fn email(value: &str) -> KeyValue {
    key("email_address", value)
}

async fn error_under(fault: Fault) -> ProviderError {
    let vendor = Vendor::start().await;
    vendor.sandbox.fault("algonomy.profile", None, fault).unwrap();
    vendor.client().look_up(&email("vera@example.com")).await.unwrap_err()
}

#[tokio::test]
async fn a_customer_is_found_by_each_documented_identifier_and_only_headers_name_them() {
    let vendor = Vendor::start().await;
    for (name, value) in [
        ("gcrId", NamedCustomer::Vera.profile_id()),
        ("mobile_number", NamedCustomer::Vera.phone().unwrap()),
        ("email_address", NamedCustomer::Vera.email().unwrap()),
        ("customer_code_external", NamedCustomer::Vera.customer_id()),
    ] {
        let profile = vendor.client().look_up(&key(name, value)).await.unwrap().unwrap();
        assert_eq!(profile.attributes["membershipType"], "Gold", "{name}");
        let sent = vendor.sandbox.requests().pop().unwrap();
        assert_eq!(sent.path, "/algonomy/api/v1/profile/b2b/basic");
        assert!(sent.query.is_empty() && sent.body_bytes == 0, "{sent:?}");
        assert!(sent.headers.contains(&name.to_lowercase()), "{:?}", sent.headers);
        let shown = format!("{profile:?} {:?}", profile.id);
        assert!(!shown.contains(value) && !shown.contains("Gold"), "{shown}");
        // The id is all that a refresh needs.
        assert_eq!(vendor.client().profile(&profile.id).await, Ok(Some(profile)));
    }
    assert_eq!(vendor.hits()[2], 8);
}

#[tokio::test]
async fn the_bytes_on_the_wire_are_the_documentation_s() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let vendor = tokio::spawn(async move {
        let mut requests = Vec::new();
        for answer in [
            r#"{"token":"t-1"}"#,
            r#"{"status":"OK","message":"","data":{"customerId":"1"}}"#,
            r#"{"message":"Token updated successfully","token":"t-2"}"#,
            r#"{"status":"OK","message":"","data":{"dataList":[]}}"#,
        ] {
            let (mut socket, _) = listener.accept().await.unwrap();
            let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
            while !String::from_utf8_lossy(&request).contains("\r\n\r\n") {
                let read = socket.read(&mut chunk).await.unwrap();
                request.extend_from_slice(&chunk[..read]);
            }
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
            let answer = format!("{head}content-length: {}\r\n\r\n{answer}", answer.len());
            socket.write_all(answer.as_bytes()).await.unwrap();
            requests.push(String::from_utf8(request).unwrap());
        }
        requests
    });
    let around = around(Arc::new(Network::new().unwrap()));
    let base_url = text(&format!("http://{address}/rcdpapi"));
    let here = Vendor {
        sandbox: Sandbox::new(settings(), Arc::new(|| START)),
        around,
        base_url: String::new(),
    };
    let config = here.config(&[
        ("profile_url", &base_url),
        ("gdpr_url", ""),
        ("resources", "['basic', 'segments']"),
        ("token_validity_minutes", "300"),
    ]);
    let client = AlgonomyProfiles::new(&here.around, &config.unwrap());
    let profile = client.look_up(&email("vera@example.com")).await.unwrap().unwrap();
    assert_eq!(profile.attributes["segments"], json!({"dataList": []}));

    let requests = vendor.await.unwrap();
    let tenant = format!("tenant_hash: {}", sandbox::ALGONOMY_TENANT_HASH);
    let oauth = format!("oauth_key_secret: {}", sandbox::ALGONOMY_OAUTH_KEY_SECRET);
    for (request, line, headers, body) in [
        (
            &requests[0],
            "POST /rcdpapi/secureApi/token/profile/create HTTP/1.1",
            [&*tenant, &oauth].as_slice(),
            r#"{"resource":["basic"],"validity":300}"#,
        ),
        (
            &requests[1],
            "POST /rcdpapi/api/v1/profile/b2b/basic HTTP/1.1",
            &[&tenant, "access_token: t-1", "email_address: vera@example.com"],
            "",
        ),
        (
            &requests[2],
            "POST /rcdpapi/secureApi/token/profile/update HTTP/1.1",
            &[&tenant, &oauth],
            r#"{"resource":["basic","segments"],"token":"t-1"}"#,
        ),
        (
            &requests[3],
            "POST /rcdpapi/api/v1/profile/b2b/segments HTTP/1.1",
            &[&tenant, "access_token: t-2", "email_address: vera@example.com"],
            "",
        ),
    ] {
        let (head, sent) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(head.lines().next(), Some(line));
        for header in headers {
            assert!(head.lines().any(|line| line == *header), "{header} in {head}");
        }
        assert_eq!(sent, body);
        assert!(!head.contains("authorization"), "{head}");
    }
}

#[tokio::test]
async fn nobody_is_no_error_however_it_is_said() {
    let vendor = Vendor::start().await;
    let client = vendor.client();
    assert_eq!(client.look_up(&email("stranger@example.com")).await, Ok(None));
    assert_eq!(client.profile(&ProfileId::new("email_address:gone@example.com")).await, Ok(None));
    assert_eq!(client.profile(&ProfileId::new("host:evil.test")).await, Ok(None));
    for answer in [
        Fault::status(404),
        Fault::body(r#"{"status":"ERROR","message":"Customer Not Found"}"#),
        Fault::body(r#"{"status":"CUSTOMER_NOT_FOUND"}"#),
        Fault::body(r#"{"status":"OK","message":"","data":{}}"#),
        Fault::body(r#"{"status":"ok"}"#),
    ] {
        vendor.sandbox.fault("algonomy.profile", Some(1), answer).unwrap();
        assert_eq!(client.look_up(&email("vera@example.com")).await, Ok(None));
    }
}

#[tokio::test]
async fn an_identifier_that_no_header_can_carry_is_no_match_and_is_not_sent() {
    let vendor = Vendor::start().await;
    let client = vendor.client();
    for value in ["jos\u{e9}@example.com", " vera@example.com", "vera@example.com ", "\u{1f600}"] {
        assert_eq!(client.look_up(&email(value)).await, Ok(None), "{value:?}");
    }
    // These are no identifiers in the first place; this is the second wall.
    for value in ["a\r\naccess_token: stolen", "a\nb", "a\rb", "a\u{0}b", "a\tb", "a\u{7f}", ""] {
        assert!(identifier_header(value).is_none(), "{value:?}");
        let id = ProfileId::new(format!("email_address:{value}"));
        assert_eq!(client.profile(&id).await, Ok(None), "{value:?}");
    }
    assert_eq!(vendor.hits(), [0, 0, 0]);
    assert!(identifier_header("AB 12").is_some_and(|value| value.is_sensitive()));
}

#[tokio::test]
async fn other_resources_are_under_their_names_and_one_that_is_too_long_is_left_out() {
    let vendor = Vendor::start().await;
    let client =
        vendor.client_with(&[("resources", "['segments', 'basic', 'userActivity', 'segments']")]);
    let profile = client.look_up(&email("vera@example.com")).await.unwrap().unwrap();
    assert_eq!(profile.attributes["segments"]["dataList"][0]["name"], "Value Hunter");
    assert_eq!(profile.attributes["userActivity"]["activity"][0]["date"], "10-05-2020");
    assert_eq!(profile.attributes["membershipType"], "Gold");
    assert_eq!(vendor.hits(), [1, 2, 3], "one token, widened as resources are first needed");

    let huge = || Fault::huge_body(1 << 20);
    vendor.sandbox.fault("algonomy.profile", Some(1), Fault::delay(Duration::ZERO)).unwrap();
    vendor.sandbox.fault("algonomy.profile", Some(1), huge()).unwrap();
    let cut = client.look_up(&email("vera@example.com")).await.unwrap().unwrap();
    assert!(
        !cut.attributes.contains_key("segments") && cut.attributes.contains_key("userActivity")
    );
    vendor.sandbox.fault("algonomy.profile", Some(1), huge()).unwrap();
    let error = client.look_up(&email("vera@example.com")).await.unwrap_err();
    assert!(matches!(error, ProviderError::BadAnswer { reason } if reason.contains("longer")));
    // A failure is not a resource that is not there.
    vendor.sandbox.fault("algonomy.profile", Some(1), Fault::delay(Duration::ZERO)).unwrap();
    vendor.sandbox.fault("algonomy.profile", None, Fault::status(503)).unwrap();
    let error = client.look_up(&email("vera@example.com")).await.unwrap_err();
    assert_eq!(error, ProviderError::Unavailable { status: 503 });
}

#[tokio::test]
async fn every_bad_answer_is_an_error_of_its_own() {
    let limited = error_under(Fault::status(429).retry_after("7")).await;
    assert_eq!(limited, ProviderError::RateLimited { retry_after: Some(Duration::from_secs(7)) });
    assert_eq!(error_under(Fault::status(503)).await, ProviderError::Unavailable { status: 503 });
    assert_eq!(error_under(Fault::status(302)).await, ProviderError::Unexpected { status: 302 });
    assert!(matches!(error_under(Fault::garbage()).await, ProviderError::BadAnswer { .. }));
    assert!(matches!(error_under(Fault::cut_body()).await, ProviderError::Unreachable { .. }));
    assert!(matches!(error_under(Fault::body("[]")).await, ProviderError::BadAnswer { .. }));
    assert!(matches!(error_under(Fault::body("{}")).await, ProviderError::BadAnswer { .. }));
    let odd = Fault::body(r#"{"status":"OK","data":["vera"]}"#);
    assert!(matches!(error_under(odd).await, ProviderError::BadAnswer { .. }));
    let failed = Fault::body(r#"{"status":"ERROR","message":"for vera@example.com"}"#);
    let failed = error_under(failed).await;
    assert_eq!(failed, ProviderError::Failed);
    assert!(!failed.to_string().contains("vera"), "{failed}");
    assert_eq!(
        error_under(Fault::status(401)).await,
        ProviderError::CredentialRejected { key: "tenant_hash" }
    );
    let scope = error_under(Fault::status(403)).await;
    assert!(matches!(scope, ProviderError::ScopeRefused { key: "resources", .. }), "{scope}");
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_hangs_is_left_at_the_deadline() {
    let vendor = Vendor::in_virtual_time();
    let slow = || Fault::delay(Duration::from_mins(1));
    vendor.sandbox.fault("algonomy.profile", Some(1), slow()).unwrap();
    let client = vendor.client();
    let began = Instant::now();
    let hung = client.look_up(&email("vera@example.com")).await;
    assert_eq!(hung, Err(ProviderError::Deadline));
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    // Each request in time, all of them together not.
    let late = Fault::delay(Duration::from_millis(900));
    for route in ["algonomy.token.create", "algonomy.token.update", "algonomy.profile"] {
        vendor.sandbox.fault(route, None, late.clone()).unwrap();
    }
    let client = vendor
        .client_with(&[("resources", "['basic', 'segments']"), ("token_validity_minutes", "30")]);
    let began = Instant::now();
    let late = client.look_up(&email("vera@example.com")).await;
    assert_eq!(late, Err(ProviderError::Deadline));
    assert_eq!(began.elapsed(), Duration::from_secs(3));
}

#[tokio::test]
async fn there_is_no_second_map() {
    let vendor = Vendor::start().await;
    let context: ContextValues = serde_json::from_str(r#"{"page": "x"}"#).unwrap();
    let id = ProfileId::new("email_address:vera@example.com");
    assert!(vendor.client().personalised(&id, &context).await.unwrap().unwrap().is_empty());
    assert_eq!(vendor.hits(), [0, 0, 0]);
}

#[tokio::test]
async fn errors_hold_no_identifier_token_or_url() {
    let vendor = Vendor::start().await;
    vendor.sandbox.fault("algonomy.profile", None, Fault::cut_body()).unwrap();
    let error = vendor.client().look_up(&email("vera@example.com")).await.unwrap_err();
    let nobody = vendor.client_with(&[("profile_url", "'http://127.0.0.1:1/x'")]);
    let unreachable = nobody.look_up(&email("vera@example.com")).await.unwrap_err();
    let wrong = vendor.client_with(&[("tenant_hash", &secret("wrong-tenant-hash"))]);
    let refused = wrong.look_up(&email("vera@example.com")).await.unwrap_err();
    let shown = format!("{error} {error:?} {unreachable} {unreachable:?} {refused} {refused:?}");
    for hidden in
        ["vera", "sandbox-algonomy", "http://", "127.0.0.1", "wrong-tenant", "sandboxtenant"]
    {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}
