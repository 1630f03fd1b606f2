use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::testing::{Answer, get, sandbox, sandbox_with, send};
use crate::{ALGONOMY_OAUTH_KEY_SECRET, ALGONOMY_TENANT_HASH, NamedCustomer, Sandbox};

const PROFILE: &str = "api/v1/profile/b2b";
const GDPR: &str = "api/v1/gdpr/b2b";

/// A request of the tenant's, with more headers.
async fn ask(sandbox: &Sandbox, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut request =
        Request::post(format!("/algonomy/{path}")).header("tenant_hash", ALGONOMY_TENANT_HASH);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() { Body::empty() } else { body.to_string().into() };
    send(sandbox.router(), request.body(body).unwrap()).await
}

async fn ask_issuer(sandbox: &Sandbox, path: &str, body: &Value) -> Answer {
    let secret = [("oauth_key_secret", ALGONOMY_OAUTH_KEY_SECRET)];
    ask(sandbox, &format!("secureApi/token/{path}"), &secret, body).await
}

async fn token(sandbox: &Sandbox, api: &str, resources: &[&str]) -> String {
    let body = json!({"resource": resources});
    let answer = ask_issuer(sandbox, &format!("{api}/create"), &body).await;
    answer.json()["token"].as_str().unwrap().to_owned()
}

async fn basic(sandbox: &Sandbox, token: &str, name: &str, value: &str) -> Answer {
    let headers = [("access_token", token), (name, value)];
    ask(sandbox, &format!("{PROFILE}/basic"), &headers, &Value::Null).await
}

fn state(answer: &Answer) -> (StatusCode, String) {
    (answer.status, answer.json()["status"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_token_is_good_for_its_resources_and_its_minutes() {
    let (sandbox, clock) = sandbox();
    let token = token(&sandbox, "profile", &["basic"]).await;
    let found = basic(&sandbox, &token, "email_address", "vera@example.com").await.json();
    assert_eq!(
        (&found["status"], &found["data"]["fullName"]),
        (&json!("OK"), &json!("Vera Hunter"))
    );
    let headers = [("access_token", &*token), ("gcrId", NamedCustomer::Vera.profile_id())];
    let segments = format!("{PROFILE}/segments");
    let lacks = ask(&sandbox, &segments, &headers, &Value::Null).await;
    assert_eq!(lacks.status, StatusCode::FORBIDDEN);

    clock.advance(Duration::from_mins(14));
    let body = json!({"resource": ["segments"], "token": token});
    let wider = ask_issuer(&sandbox, "profile/update", &body).await.json();
    assert_eq!(wider, json!({"message": "Token updated successfully", "token": token}));
    assert_eq!(ask(&sandbox, &segments, &headers, &Value::Null).await.status, StatusCode::OK);
    let narrowed = basic(&sandbox, &token, "email_address", "vera@example.com").await;
    assert_eq!(narrowed.status, StatusCode::FORBIDDEN, "an update says all that is wanted");

    clock.advance(Duration::from_mins(1));
    let dead = ask(&sandbox, &segments, &headers, &Value::Null).await;
    assert_eq!(state(&dead), (StatusCode::UNAUTHORIZED, "UNAUTHORIZED".to_owned()));
    let late = ask_issuer(&sandbox, "profile/update", &body).await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED);
    assert_eq!(sandbox.dead_algonomy_tokens(), 1);
    assert_eq!(sandbox.hits("algonomy.token.update"), 2);
    let requests = format!("{:?}", sandbox.requests());
    assert!(!requests.contains(&token), "{requests}");
}

#[tokio::test]
async fn an_issuer_looks_at_tenant_secret_and_body() {
    let (sandbox, _) = sandbox();
    let good = json!({"resource": ["basic"], "validity": 1});
    let create = "secureApi/token/profile/create";
    let none = ask(&sandbox, create, &[], &good).await;
    assert_eq!(none.status, StatusCode::UNAUTHORIZED);
    let wrong = ask(&sandbox, create, &[("oauth_key_secret", "wrong")], &good).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let request = Request::post(format!("/algonomy/{create}"))
        .header("tenant_hash", "wrong")
        .header("oauth_key_secret", ALGONOMY_OAUTH_KEY_SECRET);
    let stranger = send(sandbox.router(), request.body(good.to_string().into()).unwrap()).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    for bad in [
        json!({}),
        json!({"resource": []}),
        json!({"resource": ["registerGdprRequest"]}),
        json!({"resource": ["basic"], "validity": 0}),
    ] {
        let answer = ask_issuer(&sandbox, "profile/create", &bad).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    assert_eq!(ask_issuer(&sandbox, "other/create", &good).await.status, StatusCode::NOT_FOUND);

    let (off, _) = sandbox_with(|config| config.algonomy.oauth_key_secret = None);
    assert_eq!(ask(&off, create, &[], &good).await.status, StatusCode::OK);
}

#[tokio::test]
async fn whom_identifiers_lead_to() {
    let (sandbox, _) = sandbox();
    let token = token(&sandbox, "profile", &["basic", "isCustomerInSegment"]).await;
    for (name, value) in [
        ("gcrId", NamedCustomer::Pia.profile_id()),
        ("mobile_number", "+447700900105"),
        ("customer_code_external", "user-pia"),
    ] {
        let found = basic(&sandbox, &token, name, value).await.json();
        assert_eq!(found["data"]["customerId"], "user-pia", "{name}");
    }
    let nobody = (StatusCode::OK, "NOT_FOUND".to_owned());
    assert_eq!(state(&basic(&sandbox, &token, "email_address", "x@example.com").await), nobody);
    let two = [
        ("access_token", &*token),
        ("email_address", "vera@example.com"),
        ("customer_code_external", "user-bob"),
    ];
    let two = ask(&sandbox, &format!("{PROFILE}/basic"), &two, &Value::Null).await;
    assert_eq!(state(&two), nobody);
    let none = basic(&sandbox, &token, "x-other", "vera@example.com").await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
    let question = [("access_token", &*token), ("email_address", "vera@example.com")];
    let path = format!("{PROFILE}/isCustomerInSegment");
    let question = ask(&sandbox, &path, &question, &Value::Null).await;
    assert_eq!(question.status, StatusCode::NOT_FOUND);
}

async fn act(sandbox: &Sandbox, token: &str, what: &str, kind: &str, value: &str) -> Answer {
    let body = json!({"reqType": kind, "reqParam": "email", "reqSource": "test"});
    let headers = [("access_token", token), ("reqParamValue", value)];
    ask(sandbox, &format!("{GDPR}/{what}"), &headers, &body).await
}

#[tokio::test]
async fn a_request_is_pending_until_the_second_midnight() {
    // The clock starts at midnight.
    let (sandbox, clock) = sandbox();
    let all = ["registerGdprRequest", "gdprRequestStatus", "revokeGdprActions"];
    let issue = async || token(&sandbox, "gdpr", &all).await;
    let (first, profile) = (issue().await, token(&sandbox, "profile", &["basic"]).await);
    let registered =
        act(&sandbox, &first, "registerGdprRequest", "forget", "bob@example.com").await;
    assert_eq!(registered.json()["data"]["trackingId"], "496");
    let other_api =
        act(&sandbox, &profile, "registerGdprRequest", "forget", "bob@example.com").await;
    assert_eq!(other_api.status, StatusCode::UNAUTHORIZED);
    for (after, state) in [(0, "registered"), (47, "registered"), (1, "done")] {
        clock.advance(Duration::from_hours(after));
        let token = issue().await;
        let path = format!("{GDPR}/gdprRequestStatus?trackingId=496");
        let answer = ask(&sandbox, &path, &[("access_token", &token)], &Value::Null).await.json();
        assert_eq!(answer["data"]["reqStatus"], state);
        assert_eq!(answer["data"]["requestDate"], "01-Mar-2026 12:00:00 AM");
    }
    let token_now = token(&sandbox, "profile", &["basic"]).await;
    let gone = basic(&sandbox, &token_now, "email_address", "bob@example.com").await;
    assert_eq!(state(&gone).1, "NOT_FOUND");
}

#[tokio::test]
async fn only_what_is_pending_is_taken_back() {
    let (sandbox, clock) = sandbox();
    let all = ["registerGdprRequest", "revokeGdprActions"];
    let first = token(&sandbox, "gdpr", &all).await;
    for (what, kind, status) in [
        ("revokeGdprActions", "access", "ERROR"),
        ("registerGdprRequest", "access", "OK"),
        ("revokeGdprActions", "forget", "ERROR"),
        ("revokeGdprActions", "access", "OK"),
        ("revokeGdprActions", "access", "ERROR"),
        ("registerGdprRequest", "access", "OK"),
    ] {
        let answer = act(&sandbox, &first, what, kind, "vera@example.com").await;
        assert_eq!(state(&answer), (StatusCode::OK, status.to_owned()), "{what} {kind}");
    }
    clock.advance(Duration::from_hours(48));
    let second = token(&sandbox, "gdpr", &all).await;
    let late = act(&sandbox, &second, "revokeGdprActions", "access", "vera@example.com").await;
    assert_eq!(state(&late).1, "ERROR");
    let stranger = act(&sandbox, &second, "registerGdprRequest", "forget", "x@example.com").await;
    assert_eq!(state(&stranger).1, "NOT_FOUND");
    let malformed =
        act(&sandbox, &second, "registerGdprRequest", "correct", "vera@example.com").await;
    assert_eq!(malformed.status, StatusCode::BAD_REQUEST);
    assert_eq!(sandbox.gdpr_requests().len(), 2);
}

#[tokio::test]
async fn control_shows_neither_tokens_nor_people_and_drops_all_tokens() {
    let (sandbox, _) = sandbox();
    let token = token(&sandbox, "gdpr", &["registerGdprRequest"]).await;
    act(&sandbox, &token, "registerGdprRequest", "forget", "vera@example.com").await;
    let shown = get(sandbox.router(), "/_control/algonomy").await.json();
    assert_eq!(shown["tokens"][0]["resources"], json!(["registerGdprRequest"]));
    assert_eq!(shown["gdpr_requests"][0]["state"], "registered");
    assert!(!shown.to_string().contains(&token) && !shown.to_string().contains("vera"));
    let drop = Request::delete("/_control/algonomy/tokens").body(Body::empty()).unwrap();
    assert_eq!(send(sandbox.router(), drop).await.json(), json!({"dropped": 1}));
    let dead = act(&sandbox, &token, "registerGdprRequest", "forget", "vera@example.com").await;
    assert_eq!(dead.status, StatusCode::UNAUTHORIZED);
    sandbox.reset();
    assert!(sandbox.gdpr_requests().is_empty());
}
