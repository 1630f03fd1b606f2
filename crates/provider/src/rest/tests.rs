//! What a declaration may say, and what is made of it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use bytes::Bytes;
use data_encoding::BASE64;
use datafly_sandbox::{self as sandbox, Fault};
use http::Request;

use crate::destination::tests::InProcess;
use crate::http::{Answer, HttpError, Reach, Transport};
use crate::profile::ProviderError;
use crate::profile::tests::{REST, REST_POST, Subject, email, vendor, vera};

/// Notes what is sent.
#[derive(Default)]
struct Wire(Mutex<Vec<Request<Bytes>>>);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError> {
        self.0.lock().unwrap().push(request.clone());
        InProcess(Router::new()).send(request, max_bytes).await
    }
}

async fn sent(
    subject: &Subject,
    changes: &[(&'static str, &str)],
    value: &str,
) -> Vec<Request<Bytes>> {
    let wire = Arc::new(Wire::default());
    let provider = subject.over(wire.clone(), &vendor(), changes).unwrap().provider;
    let _ = provider.look_up(&email(value)).await;
    let mut sent = wire.0.lock().unwrap();
    std::mem::take(&mut *sent)
}

#[tokio::test]
async fn the_request_is_the_declared_one() {
    let headers = ("headers", "{ 'x-api-version' = '3', accept = 'text/json' }");
    let get = &sent(&REST, &[headers], "a+b/c@example.com").await[0];
    let url = "https://vendor.test/rest/customers/a%2Bb%2Fc%40example.com?by=email";
    assert_eq!((get.method().as_str(), get.uri().to_string()), ("GET", url.to_owned()));
    assert_eq!(get.headers()["x-api-version"], "3");
    assert_eq!(get.headers()["accept"], "text/json");
    assert_eq!(get.headers()["authorization"], format!("Bearer {}", sandbox::REST_TOKENS[0]));
    assert_eq!(get.extensions().get(), Some(&Reach::Public));

    let post = &sent(&REST_POST, &[], r#"x","admin":"y"#).await[0];
    assert_eq!(post.uri(), "https://vendor.test/rest/search");
    let body: serde_json::Value = serde_json::from_slice(post.body()).unwrap();
    assert_eq!(body, serde_json::json!({"by": "email", "value": r#"x","admin":"y"#}));
    assert_eq!(post.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn a_credential_goes_where_it_is_declared() {
    let token = sandbox::REST_TOKENS[0];
    let basic = format!("Basic {}", BASE64.encode(format!("datafly:{token}").as_bytes()));
    for (changes, name, value) in [
        (vec![("auth", "'basic'"), ("auth_user", "'datafly'")], "authorization", &*basic),
        (vec![("auth", "'header'"), ("auth_header", "'X-Api-Key'")], "x-api-key", token),
    ] {
        let request = &sent(&REST, &changes, "v").await[0];
        assert_eq!(request.headers()[name], value);
        assert!(request.headers()[name].is_sensitive());
        let vendor = vendor();
        let provider = REST.set_up(&vendor, &changes).unwrap().provider;
        assert!(provider.look_up(&vera()).await.unwrap().is_some(), "{name}");
    }
    let open = [("auth", "'none'"), ("auth_secret", "")];
    assert!(!sent(&REST, &open, "v").await[0].headers().contains_key("authorization"));
    let provider = REST.set_up(&vendor(), &open).unwrap().provider;
    let refused = ProviderError::CredentialRejected { key: "auth" };
    assert_eq!(provider.look_up(&vera()).await, Err(refused));
    assert!(provider.tokens().is_empty());
}

#[tokio::test]
async fn a_value_that_would_lead_elsewhere_is_not_sent() {
    for steps in [".", ".."] {
        assert!(sent(&REST, &[], steps).await.is_empty(), "{steps}");
        assert_eq!(sent(&REST_POST, &[], steps).await.len(), 1);
    }
    let hostile = &sent(&REST, &[], "@evil.test/../..?x#y").await[0];
    assert_eq!(hostile.uri().host(), Some("vendor.test"));
    assert!(hostile.uri().path().starts_with("/rest/customers/%40evil.test%2F"));
}

#[tokio::test]
async fn a_host_inside_is_reached_where_its_name_is_written() {
    let inside =
        [("url", "'http://crm.internal:8080/c/{value}'"), ("private_host", "'crm.internal'")];
    assert_eq!(sent(&REST, &inside, "v").await[0].extensions().get(), Some(&Reach::Anywhere));
}

#[tokio::test]
async fn who_is_nobody_is_declared() {
    let declared = [("not_found", "[204, 410]")];
    let answer = async |fault: Fault| {
        let vendor = vendor();
        vendor.fault(REST.route, None, fault).unwrap();
        REST.set_up(&vendor, &declared).unwrap().provider.look_up(&vera()).await
    };
    for status in [204, 410] {
        assert_eq!(answer(Fault::status(status)).await, Ok(None), "{status}");
    }
    let other = Err(ProviderError::Unexpected { status: 404 });
    assert_eq!(answer(Fault::status(404)).await, other);
    assert_eq!(answer(Fault::body(r#"{"customer":null}"#)).await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn it_is_left_at_the_declared_deadline() {
    let vendor = vendor();
    let second = std::time::Duration::from_secs(1);
    vendor.fault(REST.route, None, Fault::delay(2 * second)).unwrap();
    let ask = async |deadline: &str| {
        let changes = [("deadline_ms", deadline)];
        REST.set_up(&vendor, &changes).unwrap().provider.look_up(&vera()).await
    };
    assert_eq!(ask("1900").await, Err(ProviderError::Deadline));
    assert!(ask("2100").await.unwrap().is_some());
}

/// Which customers these are may depend on the credential, so that another's must not be found in a cache.
#[test]
fn the_identity_is_the_declaration_and_the_credential() {
    let identity = |changes: &[(&'static str, &str)]| {
        REST.set_up(&vendor(), changes).unwrap().provider.identity()
    };
    let own = identity(&[]);
    for change in [
        ("attributes", "'/other'"),
        ("auth_secret", "{ env = 'other' }"),
        ("headers", "{ tenant = 'b' }"),
        ("url", "'https://vendor.test/rest/customers/{value}?by={key}&x=1'"),
    ] {
        assert_ne!(identity(&[change]), own, "{change:?}");
    }
    assert_eq!(identity(&[("name", "'other'")]), own);
}

#[test]
fn a_declaration_is_checked_and_shows_no_secret() {
    for (key, value, says) in [
        ("name", "'a-b'", "write a letter and then letters, digits and `_`"),
        ("name", "'__proto__'", "write a letter"),
        ("name", "'constructor'", "choose another"),
        ("name", "'amperity'", "choose another"),
        ("name", "'x_personalized'", "choose another"),
        ("url", "'vendor.test/{value}'", "it is no URL"),
        ("url", "'http://vendor.test/{value}?hush'", "write an https URL"),
        ("url", "'https://u:hush@vendor.test/{value}'", "`auth_user` and `auth_secret`"),
        ("url", "'https://vendor.test/{value}#hush'", "fragment"),
        ("url", "'https://{value}.vendor.test/'", "its host cannot depend on an identifier"),
        ("url", "'https://vendor.test/{id}/{value}'", "braces"),
        ("url", "'https://vendor.test/all'", "everybody would have the same profile"),
        ("private_host", "'other.test'", "it is another host than the one of `url`"),
        ("method", "'PUT'", "write `GET` or `POST`"),
        ("body", "'{}'", "a GET has none"),
        ("auth", "'digest'", "write `bearer`, `header`, `basic` or `none`"),
        ("auth", "'none'", "sends no secret"),
        ("auth_header", "'x-api-key'", "it goes with `auth = \"header\"`"),
        ("auth_user", "'datafly'", "it goes with `auth = \"basic\"`"),
        ("headers", "{ authorization = 'hush' }", "cannot be set here"),
        ("headers", "{ host = 'hush' }", "cannot be set here"),
        ("headers", "{ x = \"hush\\n\" }", "no HTTP header can carry"),
        ("attributes", "'customer'", "write a JSON pointer"),
        ("not_found", "[403]", "write the statuses that mean nobody"),
        ("not_found", "[200]", "write the statuses that mean nobody"),
        ("not_found", "[7]", "write the statuses that mean nobody"),
        ("deadline_ms", "1", "write 50 to 10000 milliseconds"),
    ] {
        let said = REST.mistakes(&[(key, value)]);
        assert!(said.len() == 1 && said[0].contains(says), "{key} = {value}: {said:?}");
        assert!(!said[0].contains("hush"), "{said:?}");
    }
    let said = REST_POST.mistakes(&[("body", "'{value}'")]);
    assert!(said.len() == 1 && said[0].contains("it is not JSON"), "{said:?}");
    let shown = REST.set_up(
        &vendor(),
        &[
            ("url", "'https://vendor.test/canary/{value}?token=canary'"),
            ("headers", "{ x = 'canary' }"),
        ],
    );
    let shown = shown.unwrap();
    assert!(shown.shown.contains("https://vendor.test"), "{}", shown.shown);
    let all = format!("{} {} {:?}", shown.shown, shown.provider.identity(), shown.provider.quota());
    assert!(!all.contains("canary"), "{all}");
}
