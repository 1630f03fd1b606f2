//! The client against the sandbox, over real sockets.

mod config;
mod control;
mod hostile;
mod ingest;
mod token;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use datafly_core::context::ContextValues;
use datafly_core::id::Identifier;
use datafly_core::linking_key::KeyValue;
use datafly_core::secret::{SecretError, SecretRef};
use datafly_sandbox::{self as sandbox, Fault, NamedCustomer, Sandbox, SandboxConfig};
use datafly_settings::{Mistakes, Reader};
use secrecy::SecretString;

use super::*;
use crate::http::Network;
use crate::profile::{ProfileId, ProfileProvider, ProviderError};
use crate::surroundings::testing::around;

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

    /// The section that fits the sandbox, with some keys written otherwise, or not at all.
    fn config(&self, changes: &[(&'static str, &str)]) -> Result<Config, Mistakes> {
        let text = |text: &str| format!("'{text}'");
        let mut section = BTreeMap::from([
            ("tenant_subdomain", text("acme")),
            ("tenant_id", text(sandbox::TENANT_ID)),
            ("api_key", secret(sandbox::INGEST_TOKEN)),
            ("event_stream_id", text(sandbox::STREAM_ID)),
            ("source_value", text(sandbox::SOURCE)),
            ("profile_api_key", secret(sandbox::PROFILE_TOKEN)),
            ("profile_collection_id", text(sandbox::COLLECTION_ID)),
            ("base_url", format!("'http://{}/amperity'", self.address)),
        ]);
        for (key, value) in changes {
            if value.is_empty() {
                section.remove(key);
            } else {
                section.insert(key, (*value).to_owned());
            }
        }
        let lines: Vec<_> = section.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let text = lines.join("\n");
        let reader = Reader::new(&text, &named_by_itself);
        reader.finish(reader.root().and_then(Config::read))
    }

    fn client_with(&self, changes: &[(&'static str, &str)]) -> AmperityProfiles {
        let config = self.config(changes).unwrap();
        AmperityProfiles::new(&around(Arc::new(Network::new().unwrap())), &config).unwrap()
    }

    fn client(&self) -> AmperityProfiles {
        self.client_with(&[])
    }

    fn fault(&self, fault: Fault) {
        self.sandbox.fault("amperity.lookup.post", None, fault).unwrap();
    }
}

/// In these tests a secret's reference holds the secret, which the product never does.
fn secret(secret: &str) -> String {
    format!("{{ env = '{secret}' }}")
}

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
    let unknown = vendor.client_with(&[("profile_api_key", &secret("no-such-token"))]);
    assert_eq!(
        unknown.look_up(&email("vera@example.com")).await,
        Err(ProviderError::CredentialRejected { key: "profile_api_key" })
    );
    let crossed = vendor.client_with(&[
        ("profile_api_key", &secret(sandbox::INGEST_TOKEN)),
        ("api_key", &secret(sandbox::PROFILE_TOKEN)),
    ]);
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
    let nobody_listens = vendor.client_with(&[("base_url", "'http://127.0.0.1:1/x'")]);
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
async fn context_goes_to_the_vendor_only_where_it_is_switched_on() {
    let vendor = Vendor::start().await;
    let context: ContextValues =
        serde_json::from_str(r#"{"pageCategory": "trail & road", "cartValue": 120.5}"#).unwrap();
    let vera = ProfileId::new(NamedCustomer::Vera.profile_id());
    let off = vendor.client().personalised(&vera, &context).await.unwrap().unwrap();
    assert!(off.is_empty());
    assert_eq!(vendor.sandbox.hits("amperity.profile"), 0);

    let client = vendor.client_with(&[
        ("context_sensitive_personalisation", "true"),
        (
            "personalisation_context_mappings",
            "[{ source = 'properties.category', target = 'pageCategory' }]",
        ),
    ]);
    let on = client.personalised(&vera, &context).await.unwrap().unwrap();
    assert_eq!(on["RecommendedCategory"], "trail & road");
    assert_eq!(on["Offer"], "free-delivery");
    assert_eq!(vendor.sandbox.hits("amperity.profile"), 1);
    let nobody = ProfileId::new("nobody");
    assert_eq!(client.personalised(&nobody, &context).await.unwrap(), None);
}
