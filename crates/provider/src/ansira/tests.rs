//! What is Ansira's own: how tokens are issued, how a record is asked for, and what its errors mean.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use bytes::Bytes;
use data_encoding::BASE64;
use datafly_core::id::Identifier;
use datafly_core::linking_key::KeyValue;
use datafly_core::secret::SecretError;
use datafly_sandbox::{self as sandbox, Fault, Sandbox};
use futures_util::future::join_all;
use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Config;
use crate::destination::tests::{InProcess, NOW, read};
use crate::http::{Answer, HttpError, Transport};
use crate::profile::tests::{ANSIRA, email, vendor, vera};
use crate::profile::{ProfileProvider, ProviderConfig, ProviderError};
use crate::surroundings::Surroundings;
use crate::surroundings::testing::around;
use crate::token::{TokenError, TokenKind};

const TOKEN: &str = "ansira.token";
const RECORDS: &str = "ansira.records";

/// Notes what is sent.
struct Wire(InProcess, Mutex<Vec<Request<Bytes>>>);

impl Wire {
    fn to(sandbox: &Sandbox) -> Arc<Self> {
        Arc::new(Self(InProcess(sandbox.router()), Mutex::default()))
    }

    fn sent(&self) -> Vec<Request<Bytes>> {
        self.1.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError> {
        self.1.lock().unwrap().push(request.clone());
        self.0.send(request, max_bytes).await
    }
}

#[tokio::test]
async fn a_token_is_asked_for_as_the_seed_says() {
    let sandbox = vendor();
    let wire = Wire::to(&sandbox);
    let scopes = ("scopes", "['contacts.read', 'accounts.read']");
    let provider = ANSIRA.over(wire.clone(), &sandbox, &[scopes]).unwrap().provider;
    assert!(provider.look_up(&vera()).await.unwrap().is_some());
    let sent = wire.sent();
    let token = &sent[0];
    assert_eq!(token.method(), "POST");
    assert_eq!(token.uri(), "https://vendor.test/ansira/oauth/v2/oauth-token");
    let client = format!("{}:{}", sandbox::ANSIRA_CLIENT_ID, sandbox::ANSIRA_CLIENT_SECRET);
    let headers = token.headers();
    assert_eq!(headers["authorization"], format!("Basic {}", BASE64.encode(client.as_bytes())));
    assert!(headers["authorization"].is_sensitive());
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(headers["accept"], "application/json");
    assert_eq!(headers["cache-control"], "no-cache");
    assert_eq!(headers["content-length"], token.body().len().to_string());
    let expected = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer\
         &scope=contacts.read+accounts.read&assertion={}",
        sandbox.ansira_assertion()
    );
    assert_eq!(token.body(), expected.as_bytes());

    let record = &sent[1];
    assert_eq!(
        record.uri(),
        "https://vendor.test/ansira/v1/contacts?filter=email%20eq%20%27vera%40example.com%27\
         &order_by=FirstName%20desc&page=1&page_size=1"
    );
    assert_eq!(record.headers()["authorization"], "Bearer sandbox-ansira-token-000001");
    assert_eq!(record.headers()["cache-control"], "no-cache");
    assert_eq!(sent.len(), 2);
}

#[tokio::test]
async fn scopes_are_separated_as_the_owner_says() {
    let wire = Wire::to(&vendor());
    let changes = [("scopes", "['contacts.read', 'accounts.read']"), ("scope_separator", "','")];
    let provider = ANSIRA.over(wire.clone(), &vendor(), &changes).unwrap().provider;
    let refused = provider.look_up(&vera()).await.unwrap_err();
    let form = String::from_utf8(wire.sent()[0].body().to_vec()).unwrap();
    assert!(form.contains("&scope=contacts.read%2Caccounts.read&"), "{form}");
    // The sandbox keeps to the standard's space.
    assert!(refused.to_string().contains("`scopes` was refused"), "{refused}");
}

#[tokio::test]
async fn of_several_records_the_first_counts() {
    let sandbox = vendor();
    let gold = KeyValue { key: "LifetimeTier".into(), value: Identifier::new("Platinum").unwrap() };
    let first = async |order: &str| {
        let provider = ANSIRA.set_up(&sandbox, &[("order_by", order)]).unwrap().provider;
        provider.look_up(&gold).await.unwrap().unwrap()
    };
    let (up, down) = (first("'FirstName asc'").await, first("'FirstName desc'").await);
    assert!(up.attributes["FirstName"].as_str() <= down.attributes["FirstName"].as_str());
    assert_eq!(
        sandbox.requests().last().unwrap().query,
        ["filter", "order_by", "page", "page_size"]
    );
}

#[tokio::test]
async fn the_shape_of_an_answer_is_the_owner_s_to_say() {
    let sandbox = vendor();
    let body = json!({"result": {"rows": [
        {"ref": 7, "fields": {"Tier": "gold"}},
        {"ref": 8, "fields": {"Tier": "tin"}},
    ]}});
    sandbox.fault(RECORDS, Some(1), Fault::body(body.to_string())).unwrap();
    let wire = Wire::to(&sandbox);
    let changes = [
        ("records", "'/result/rows'"),
        ("id_field", "'ref'"),
        ("attributes", "'/fields'"),
        ("first_page", "0"),
        ("order_by", ""),
    ];
    let provider = ANSIRA.over(wire.clone(), &sandbox, &changes).unwrap().provider;
    let found = provider.look_up(&vera()).await.unwrap().unwrap();
    assert_eq!((found.id.expose(), found.attributes.len()), ("7", 1));
    assert_eq!(found.attributes["Tier"], "gold");
    sandbox.fault(RECORDS, Some(1), Fault::body(r#"{"result":{"rows":[]}}"#)).unwrap();
    assert_eq!(provider.profile(&found.id).await, Ok(None));
    let read = wire.sent().pop().unwrap();
    assert!(read.uri().to_string().ends_with("?filter=ref%20eq%20%277%27&page=0&page_size=1"));
}

#[tokio::test]
async fn an_identifier_that_cannot_be_quoted_is_not_sent() {
    let sandbox = vendor();
    let provider = ANSIRA.provider(&sandbox);
    let hostile = "x' or id eq 'y";
    assert_eq!(provider.look_up(&email(hostile)).await, Ok(None));
    assert!(sandbox.requests().is_empty());
    let doubled = ANSIRA.set_up(&sandbox, &[("filter_escape", "'doubled'")]).unwrap().provider;
    assert_eq!(doubled.look_up(&email(hostile)).await, Ok(None));
    assert_eq!(sandbox.hits(RECORDS), 1);
}

#[tokio::test]
async fn a_hundred_first_uses_ask_for_one_token() {
    let sandbox = vendor();
    let set_up = ANSIRA.set_up(&sandbox, &[]).unwrap();
    let key = vera();
    let found = join_all((0..100).map(|_| set_up.provider.look_up(&key))).await;
    assert!(found.iter().all(|found| matches!(found, Ok(Some(_)))));
    assert_eq!((sandbox.hits(TOKEN), sandbox.hits(RECORDS)), (1, 100));
}

/// Two providers of one API client over one registry, as two pipelines have them.
#[tokio::test]
async fn integrations_of_one_client_share_its_tokens() {
    let sandbox = vendor();
    let portal = sandbox.clone();
    let surroundings = Surroundings {
        secrets: Arc::new(move |_| Ok(portal.ansira_assertion().into())),
        ..around(Arc::new(InProcess(sandbox.router())))
    };
    let build = |scopes: &str| {
        let keys = ANSIRA.keys(&[("scopes", scopes)]);
        read(&keys, |section| Some(Config::read(section)?.build(&surroundings))).unwrap()
    };
    let providers = [build("['contacts.read']"), build("['contacts.read']")];
    for provider in &providers {
        assert!(provider.look_up(&vera()).await.unwrap().is_some());
    }
    assert_eq!(sandbox.hits(TOKEN), 1);
    let wider = build("['contacts.read', 'accounts.read']");
    assert!(wider.look_up(&vera()).await.unwrap().is_some());
    assert_eq!(sandbox.hits(TOKEN), 2, "other scopes are another token");
}

/// The provider over a file that the test writes.
fn over_file(sandbox: &Sandbox) -> (Arc<dyn ProfileProvider>, Arc<Mutex<Option<String>>>) {
    let file = Arc::new(Mutex::new(Some(sandbox.ansira_assertion())));
    let read_file = Arc::clone(&file);
    let surroundings = Surroundings {
        secrets: Arc::new(move |_| {
            let text = read_file.lock().unwrap().clone();
            let missing = || SecretError::File {
                path: "/run/secrets/ansira".to_owned(),
                reason: "no such file".to_owned(),
            };
            text.map(Into::into).ok_or_else(missing)
        }),
        ..around(Arc::new(InProcess(sandbox.router())))
    };
    let keys = ANSIRA.keys(&[]);
    let provider = read(&keys, |section| Some(Config::read(section)?.build(&surroundings)));
    (provider.unwrap(), file)
}

#[tokio::test]
async fn each_refusal_of_the_issuer_names_what_to_mend() {
    let refused_key = async |changes: &[(&'static str, &str)], prepare: fn(&Sandbox)| {
        let sandbox = vendor();
        prepare(&sandbox);
        let provider = ANSIRA.set_up(&sandbox, changes).unwrap().provider;
        match provider.look_up(&vera()).await.unwrap_err() {
            ProviderError::Token(error) => error.to_mend(),
            other => panic!("{other:?}"),
        }
    };
    let expired =
        |sandbox: &Sandbox| sandbox.update_ansira(|client| client.assertion_expires_at = NOW);
    assert_eq!(refused_key(&[], expired).await, Some("assertion_file"));
    let other = ("client_secret", "{ env = 'other' }");
    assert_eq!(refused_key(&[other], |_| {}).await, Some("client_secret"));
    let wide = ("scopes", "['orders.read']");
    assert_eq!(refused_key(&[wide], |_| {}).await, Some("scopes"));
    let down = |sandbox: &Sandbox| sandbox.fault(TOKEN, None, Fault::status(503)).unwrap();
    assert_eq!(refused_key(&[], down).await, None);
    let nonsense = |sandbox: &Sandbox| sandbox.fault(TOKEN, None, Fault::garbage()).unwrap();
    assert_eq!(refused_key(&[], nonsense).await, None);
    let odd = |sandbox: &Sandbox| sandbox.fault(TOKEN, None, Fault::status(400)).unwrap();
    assert_eq!(refused_key(&[], odd).await, None);
}

#[tokio::test]
async fn a_token_that_comes_without_a_scope_is_not_used() {
    let sandbox = vendor();
    let narrow = r#"{"access_token":"t","expires_in":300,"scope":"accounts.read"}"#;
    sandbox.fault(TOKEN, None, Fault::body(narrow)).unwrap();
    let error = ANSIRA.provider(&sandbox).look_up(&vera()).await.unwrap_err();
    assert!(error.to_string().contains("is not good for `contacts.read`"), "{error}");
    assert_eq!(sandbox.hits(RECORDS), 0);
}

#[tokio::test]
async fn the_assertion_s_end_is_known_and_its_text_is_not() {
    let sandbox = vendor();
    let (provider, file) = over_file(&sandbox);
    let ends = NOW + SignedDuration::from_hours(24 * 9);
    sandbox.update_ansira(|client| client.assertion_expires_at = ends);
    *file.lock().unwrap() = Some(sandbox.ansira_assertion());
    assert!(provider.look_up(&vera()).await.unwrap().is_some());
    let status = provider.tokens();
    assert_eq!((status[0].kind, status[0].issued), (TokenKind::Issued, 1));
    // Ansira says how long the token lives; the clock is the one before it was asked for.
    let token_ends = around(Arc::new(InProcess(Router::new()))).clock.as_ref()()
        + SignedDuration::from_secs(300);
    assert_eq!(status[0].expires_at, Some(token_ends));
    assert_eq!((status[1].kind, &*status[1].key), (TokenKind::Issuing, "assertion_file"));
    assert_eq!(status[1].expires_at.map(Timestamp::as_second), Some(ends.as_second()));
    assert!(!format!("{status:?}").contains(&sandbox.ansira_assertion()));
    *file.lock().unwrap() = None;
    assert_eq!(provider.tokens()[1].expires_at, None);
}

#[tokio::test(start_paused = true)]
async fn a_replaced_assertion_is_picked_up_and_a_missing_one_is_said() {
    let sandbox = vendor();
    let (provider, file) = over_file(&sandbox);
    assert!(provider.look_up(&vera()).await.unwrap().is_some());
    // Somebody downloads a new one and puts it there: one failed attempt for each that is under way.
    *file.lock().unwrap() = Some(sandbox.new_ansira_assertion());
    let key = vera();
    let before = sandbox.ansira_counts();
    let found = join_all((0..20).map(|_| provider.look_up(&key))).await;
    assert!(found.iter().all(|found| matches!(found, Ok(Some(_)))));
    let counts = sandbox.ansira_counts();
    assert!((1..=20).contains(&(counts.forbidden - before.forbidden)), "{counts:?}");
    assert_eq!(counts.issued - before.issued, 1);

    // They forget to put it there.
    sandbox.new_ansira_assertion();
    let error = provider.look_up(&vera()).await.unwrap_err();
    assert!(matches!(
        error,
        ProviderError::Token(TokenError::Refused { key: "assertion_file", .. })
    ));
    *file.lock().unwrap() = None;
    tokio::time::sleep(Duration::from_mins(1)).await;
    let missing = provider.look_up(&vera()).await.unwrap_err().to_string();
    assert!(missing.contains("`assertion_file`"), "{missing}");
}

#[test]
fn the_section_is_checked() {
    for (key, value, says) in [
        ("environment", "'test'", "write `production` or `stage`"),
        ("records_path", "'../admin'", "without a query"),
        ("records_path", "'https://other.test/x'", "without a query"),
        ("records_path", "'//other.test/x'", "without a query"),
        ("records_path", "'v1/contacts?all=1'", "without a query"),
        ("filter", "'email eq x'", "it has no `{value}`"),
        ("filter", "\"email eq '{value}'\"", "gets its quotes by itself"),
        ("filter_quote", "'none'", "write `single` or `double`"),
        ("filter_escape", "'html'", "write `doubled`"),
        ("client_id", "'a:b'", "a colon cannot be in it"),
        ("scopes", "[]", "write each scope"),
        ("scopes", "['a b']", "write each scope"),
        ("scopes", "['a,b']", "write each scope"),
        ("scope_separator", "';'", "write a space or a comma"),
        ("first_page", "2", "write 0 to 1"),
        ("records", "'data'", "write a JSON pointer"),
        ("token_url", "'http://example.com/token'", "`token_url` is `http://example.com/token`"),
        ("token_url", "'https://u:hush@example.com/token'", "it has a user name"),
    ] {
        let said = ANSIRA.mistakes(&[(key, value)]);
        assert!(said.len() == 1 && said[0].contains(says), "{key} = {value}: {said:?}");
        assert!(!said[0].contains("hush"));
    }
}

#[test]
fn the_environment_is_hosts_and_a_limit() {
    for (environment, host, rate) in [("production", "api", 10), ("stage", "api-stage", 5)] {
        let written = format!("'{environment}'");
        let changes = [("environment", &*written), ("base_url", ""), ("token_url", "")];
        let provider = ANSIRA.set_up(&vendor(), &changes).unwrap().provider;
        let place = format!("https://{host}.sproutloud.com/v1/contacts");
        assert!(provider.identity().contains(&place), "{}", provider.identity());
        assert_eq!(provider.quota().requests_per_second, rate);
        assert!(provider.quota().account.contains(&place));
    }
}
