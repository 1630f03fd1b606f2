//! The client against the sandbox, over real sockets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use datafly_core::allowlist::Allowlist;
use datafly_core::context::{ContextMappings, ContextValues};
use datafly_core::id::Identifier;
use datafly_core::linking_key::{KeyValue, LinkingKeys};
use datafly_core::secret::{SecretError, SecretRef};
use datafly_sandbox::{self as sandbox, Fault, NamedCustomer, Sandbox, SandboxConfig};
use secrecy::SecretString;

use super::*;
use crate::http::Network;
use crate::profile::{ProfileId, ProfileProvider, ProviderError};

struct Vendor {
    sandbox: Sandbox,
    address: std::net::SocketAddr,
}

impl Vendor {
    async fn start() -> Self {
        let config = SandboxConfig { customers: 50, ..SandboxConfig::default() };
        let sandbox =
            Sandbox::new(config, Arc::new(|| jiff::Timestamp::constant(1_800_000_000, 0)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(sandbox.clone().serve(listener, std::future::pending()));
        Self { sandbox, address }
    }

    fn settings(&self) -> Settings {
        Settings {
            tenant_subdomain: "acme".to_owned(),
            tenant_id: sandbox::TENANT_ID.to_owned(),
            api_key: SecretRef::Env(sandbox::INGEST_TOKEN.to_owned()),
            event_stream_id: sandbox::STREAM_ID.to_owned(),
            source_value: sandbox::SOURCE.to_owned(),
            profile_api_key: Some(SecretRef::Env(sandbox::PROFILE_TOKEN.to_owned())),
            profile_collection_id: Some(sandbox::COLLECTION_ID.to_owned()),
            linking_keys: LinkingKeys::default(),
            browser_attribute_allowlist: Allowlist::default(),
            browser_attribute_caps: BTreeMap::new(),
            context_sensitive_personalisation: false,
            personalisation_context_mappings: ContextMappings::default(),
            base_url: format!("http://{}/amperity", self.address).parse().ok(),
        }
    }

    fn client_with(&self, change: impl FnOnce(&mut Settings)) -> AmperityProfiles {
        let mut settings = self.settings();
        change(&mut settings);
        let config = settings.resolve(&named_by_itself).unwrap();
        AmperityProfiles::new(Arc::new(Network::new().unwrap()), &config).unwrap().unwrap()
    }

    fn client(&self) -> AmperityProfiles {
        self.client_with(|_| {})
    }

    fn fault(&self, fault: Fault) {
        self.sandbox.fault("amperity.lookup.post", None, fault).unwrap();
    }
}

/// In these tests a secret's reference holds the secret, which the product never does.
#[expect(clippy::unnecessary_wraps, reason = "the shape that `resolve` takes")]
fn named_by_itself(reference: &SecretRef) -> Result<SecretString, SecretError> {
    match reference {
        SecretRef::Env(secret) | SecretRef::File(secret) => Ok(SecretString::from(secret.as_str())),
    }
}

fn email(value: &str) -> KeyValue {
    KeyValue { key: "email".into(), value: Identifier::new(value).unwrap() }
}

async fn error_under(fault: Fault) -> ProviderError {
    let vendor = Vendor::start().await;
    vendor.fault(fault);
    vendor.client().look_up(&email("vera@example.com")).await.unwrap_err()
}

#[tokio::test]
async fn a_look_up_finds_a_customer_with_one_post() {
    let vendor = Vendor::start().await;
    let profile = vendor.client().look_up(&email("vera@example.com")).await.unwrap().unwrap();
    assert_eq!(profile.id.expose(), NamedCustomer::Vera.profile_id());
    assert_eq!(profile.attributes["Persona"], "Value Hunter");
    assert_eq!(vendor.sandbox.hits("amperity.lookup.post"), 1);
    // The identifier is in the body, not in the path or the query.
    let sent = &vendor.sandbox.requests()[0];
    assert!(sent.query.is_empty() && !sent.path.contains("vera"));
    assert_eq!(sent.body["keys"]["email"], "vera@example.com");
}

#[tokio::test]
async fn a_known_profile_is_read_by_its_id() {
    let vendor = Vendor::start().await;
    let id = ProfileId::new(NamedCustomer::Vera.profile_id());
    let profile = vendor.client().profile(&id).await.unwrap().unwrap();
    assert_eq!(profile.attributes["Persona"], "Value Hunter");
    assert_eq!(vendor.sandbox.hits("amperity.profile"), 1);
    assert_eq!(vendor.client().profile(&ProfileId::new("gone/../x?y")).await, Ok(None));
}

#[tokio::test]
async fn nobody_is_no_error() {
    let vendor = Vendor::start().await;
    assert_eq!(vendor.client().look_up(&email("stranger@example.com")).await, Ok(None));
}

#[tokio::test]
async fn configuration_faults_name_the_key_to_mend() {
    let vendor = Vendor::start().await;
    let unknown = vendor.client_with(|s| {
        s.profile_api_key = Some(SecretRef::Env("no-such-token".to_owned()));
    });
    assert_eq!(
        unknown.look_up(&email("vera@example.com")).await,
        Err(ProviderError::CredentialRejected { key: "profile_api_key" })
    );
    let crossed = vendor.client_with(|s| {
        s.profile_api_key = Some(SecretRef::Env(sandbox::INGEST_TOKEN.to_owned()));
        s.api_key = SecretRef::Env(sandbox::PROFILE_TOKEN.to_owned());
    });
    assert_eq!(
        crossed.look_up(&email("vera@example.com")).await,
        Err(ProviderError::ScopeRefused { key: "profile_api_key", scope: "Profile Read Access" })
    );
    let key = KeyValue { key: "loyalty".into(), value: Identifier::new("1").unwrap() };
    assert_eq!(
        vendor.client().look_up(&key).await,
        Err(ProviderError::KeyRefused { key: "loyalty".into() })
    );
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
    let huge = error_under(Fault::huge_body(1 << 30)).await;
    assert_eq!(huge, ProviderError::BadAnswer { reason: "it is longer than a profile may be" });
}

#[tokio::test]
async fn a_vendor_that_hangs_is_left_at_the_deadline() {
    assert_eq!(error_under(Fault::delay(Duration::from_mins(1))).await, ProviderError::Deadline);
}

#[tokio::test]
async fn errors_hold_no_identifier_token_or_url() {
    let vendor = Vendor::start().await;
    vendor.fault(Fault::cut_body());
    let error = vendor.client().look_up(&email("vera@example.com")).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    for secret in ["vera", sandbox::PROFILE_TOKEN, "http://", "keychain"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let nobody_listens = vendor.client_with(|s| s.base_url = "http://127.0.0.1:1/x".parse().ok());
    let error = nobody_listens.look_up(&email("vera@example.com")).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unreachable { .. }));
    assert!(!format!("{error}").contains("127.0.0.1"), "{error}");
}

#[tokio::test]
async fn only_the_attribute_map_enters() {
    let vendor = Vendor::start().await;
    vendor.fault(Fault::body(
        r#"{"profile_id":"p","attributes":{"Persona":"x"},"links":{"email":["v@example.com"]}}"#,
    ));
    let profile = vendor.client().look_up(&email("vera@example.com")).await.unwrap().unwrap();
    assert_eq!(profile.attributes.keys().collect::<Vec<_>>(), ["Persona"]);
    assert!(!format!("{profile:?}").contains('x'), "{profile:?}");
}

#[tokio::test]
async fn settings_are_checked() {
    let vendor = Vendor::start().await;
    let refused = |change: &dyn Fn(&mut Settings)| {
        let mut settings = vendor.settings();
        change(&mut settings);
        settings.resolve(&named_by_itself).unwrap_err().to_string()
    };
    for (error, part) in [
        (refused(&|s| s.event_stream_id = "is-1".to_owned()), "batch ingest"),
        (refused(&|s| s.event_stream_id = "esm-".to_owned()), "starts with `esm-`"),
        (refused(&|s| s.profile_collection_id = Some("apc-a/b".to_owned())), "`apc-`"),
        (refused(&|s| s.profile_collection_id = None), "without `profile_collection_id`"),
        (refused(&|s| s.profile_api_key = None), "without `profile_api_key`"),
        (refused(&|s| s.profile_api_key = Some(s.api_key.clone())), "are the same"),
        (refused(&|s| s.tenant_id = " ".to_owned()), "`tenant_id` is empty"),
        (refused(&|s| s.source_value = String::new()), "`source_value` is empty"),
        (refused(&|s| s.base_url = "http://example.com".parse().ok()), "https URL"),
        (
            refused(&|s| {
                s.base_url = None;
                s.tenant_subdomain = "acme.amperity.com/".to_owned();
            }),
            "`tenant_subdomain` is",
        ),
        (
            refused(&|s| s.browser_attribute_caps = [("Persona".to_owned(), 1)].into()),
            "`browser_attribute_caps`: a cap is set for `Persona`",
        ),
    ] {
        assert!(error.contains(part), "{error}");
    }
    let mut settings = vendor.settings();
    settings.base_url = None;
    let config = settings.resolve(&named_by_itself).unwrap();
    assert_eq!(config.base_url.as_str(), "https://acme.amperity.com/");
    assert!(!format!("{config:?}").contains(sandbox::PROFILE_TOKEN));
}

#[tokio::test]
async fn context_goes_to_the_vendor_only_where_it_is_switched_on() {
    let vendor = Vendor::start().await;
    let context: ContextValues =
        serde_json::from_str(r#"{"pageCategory": "trail & road", "cartValue": 120.5}"#).unwrap();
    let vera = ProfileId::new(NamedCustomer::Vera.profile_id());
    let off = vendor.client().personalised(&vera, &context).await.unwrap().unwrap();
    assert!(off.is_empty());
    assert_eq!(vendor.sandbox.hits("amperity.profile"), 0);

    let client = vendor.client_with(|settings| {
        settings.context_sensitive_personalisation = true;
        settings.personalisation_context_mappings = serde_json::from_str(
            r#"[{"source": "properties.category", "target": "pageCategory"}]"#,
        )
        .unwrap();
    });
    let on = client.personalised(&vera, &context).await.unwrap().unwrap();
    assert_eq!(on["RecommendedCategory"], "trail & road");
    assert_eq!(on["Offer"], "free-delivery");
    assert_eq!(vendor.sandbox.hits("amperity.profile"), 1);
    let nobody = ProfileId::new("nobody");
    assert_eq!(client.personalised(&nobody, &context).await.unwrap(), None);
}

#[tokio::test]
async fn half_a_context_is_refused_with_the_missing_key() {
    let vendor = Vendor::start().await;
    let mappings = |target: &str| {
        serde_json::from_str(&format!(r#"[{{"source": "name", "target": "{target}"}}]"#)).unwrap()
    };
    let error = |change: &dyn Fn(&mut Settings)| {
        let mut settings = vendor.settings();
        change(&mut settings);
        settings.resolve(&named_by_itself).unwrap_err().to_string()
    };
    let switch = error(&|settings| settings.context_sensitive_personalisation = true);
    assert!(switch.contains("without `personalisation_context_mappings`"), "{switch}");
    let unused = error(&|settings| settings.personalisation_context_mappings = mappings("a"));
    assert!(unused.contains("without `context_sensitive_personalisation`"), "{unused}");
    let reserved = error(&|settings| {
        settings.context_sensitive_personalisation = true;
        settings.personalisation_context_mappings = mappings("enrich");
    });
    assert!(reserved.contains("`enrich`"), "{reserved}");
}

#[tokio::test]
async fn a_base_url_that_holds_more_than_the_place_is_refused_and_not_shown() {
    let vendor = Vendor::start().await;
    for url in ["https://u:hush@a.test/", "https://a.test/?token=hush", "https://a.test/#hush"] {
        let mut settings = vendor.settings();
        settings.base_url = url.parse().ok();
        let error = settings.resolve(&named_by_itself).unwrap_err().to_string();
        assert!(error.contains("`base_url`") && !error.contains("hush"), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_token_stays_here() {
    use std::sync::atomic::{AtomicU32, Ordering};

    let asked = Arc::new(AtomicU32::new(0));
    let elsewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/", elsewhere.local_addr().unwrap());
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        while elsewhere.accept().await.is_ok() {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    let redirect = move || async move { axum::response::Redirect::temporary(&target) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(redirect);
    tokio::spawn(async move { axum::serve(listener, router).await });

    let vendor = Vendor::start().await;
    let client = vendor.client_with(|settings| {
        settings.base_url = format!("http://{address}").parse().ok();
    });
    let error = client.look_up(&email("alice@example.com")).await.unwrap_err();
    assert_eq!(error, ProviderError::Unexpected { status: 307 });
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_compressed_answer_is_not_unpacked() {
    use std::io::Write;

    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 16 * 1024 * 1024]).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 64 * 1024, "small enough to pass the cap as it is");
    let answer = move || async move { ([("content-encoding", "gzip")], bomb) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });

    let vendor = Vendor::start().await;
    let client = vendor.client_with(|settings| {
        settings.base_url = format!("http://{address}").parse().ok();
    });
    let error = client.look_up(&email("alice@example.com")).await.unwrap_err();
    assert!(matches!(error, ProviderError::BadAnswer { reason } if reason.contains("compressed")));
}
