use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::testing::{Answer, get, post, sandbox, send};
use crate::{ANSIRA_CLIENT_ID, ANSIRA_CLIENT_SECRET, NamedCustomer, Sandbox};

const GRANT: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";

async fn issue(sandbox: &Sandbox, secret: &str, scope: &str, assertion: &str) -> Answer {
    let client = BASE64.encode(format!("{ANSIRA_CLIENT_ID}:{secret}").as_bytes());
    let form = format!("grant_type={GRANT}&scope={scope}&assertion={assertion}");
    let request = Request::post("/ansira/oauth/v2/oauth-token")
        .header("authorization", format!("Basic {client}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("content-length", form.len())
        .header("accept", "application/json")
        .header("cache-control", "no-cache");
    send(sandbox.router(), request.body(form.into()).unwrap()).await
}

async fn token(sandbox: &Sandbox) -> String {
    let assertion = sandbox.ansira_assertion();
    let answer = issue(sandbox, ANSIRA_CLIENT_SECRET, "contacts.read", &assertion).await.json();
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn list(sandbox: &Sandbox, token: &str, query: &str) -> Answer {
    let request = Request::get(format!("/ansira/v1/contacts?{query}"))
        .header("authorization", format!("Bearer {token}"));
    send(sandbox.router(), request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_token_is_issued_for_the_assertion_and_lives_from_then() {
    let (sandbox, clock) = sandbox();
    let assertion = sandbox.ansira_assertion();
    let scopes = "contacts.read+accounts.read";
    let answer = issue(&sandbox, ANSIRA_CLIENT_SECRET, scopes, &assertion).await.json();
    assert_eq!(answer["token_type"], "bearer");
    assert_eq!(answer["scope"], "contacts.read,accounts.read");
    assert_eq!(answer["expires_in"], 300);
    let token = answer["access_token"].as_str().unwrap();
    clock.advance(Duration::from_millis(299_999));
    assert_eq!(list(&sandbox, token, "page_size=1").await.status, StatusCode::OK);
    clock.advance(Duration::from_millis(1));
    assert_eq!(list(&sandbox, token, "page_size=1").await.status, StatusCode::FORBIDDEN);
    assert_eq!(sandbox.ansira_counts().forbidden, 1);
}

#[tokio::test]
async fn each_refusal_of_the_token_endpoint_has_its_code() {
    let (sandbox, clock) = sandbox();
    let (assertion, secret) = (sandbox.ansira_assertion(), ANSIRA_CLIENT_SECRET);
    let refused = async |secret, scope, assertion: &str| {
        let answer = issue(&sandbox, secret, scope, assertion).await;
        (answer.status.as_u16(), answer.json()["error"].as_str().unwrap().to_owned())
    };
    for (secret, scope, assertion, status, code) in [
        ("other", "contacts.read", &*assertion, 401, "invalid_client"),
        (secret, "contacts.read", "a.b.c", 400, "invalid_grant"),
        (secret, "orders.read", &*assertion, 400, "invalid_scope"),
        (secret, "contacts.read,accounts.read", &*assertion, 400, "invalid_scope"),
    ] {
        assert_eq!(refused(secret, scope, assertion).await, (status, code.to_owned()));
    }
    clock.advance(Duration::from_hours(2 * 365 * 24));
    assert_eq!(refused(secret, "contacts.read", &assertion).await.1, "invalid_grant");
    assert_eq!(sandbox.ansira_counts().ungranted, 5);
}

#[tokio::test]
async fn a_new_assertion_and_other_scopes_end_every_token() {
    let (sandbox, _) = sandbox();
    let (before, old) = (token(&sandbox).await, sandbox.ansira_assertion());
    let new = post(sandbox.router(), "/_control/ansira/assertion", json!({})).await.json();
    assert_eq!(new["assertion"], sandbox.ansira_assertion());
    assert_eq!(list(&sandbox, &before, "").await.status, StatusCode::FORBIDDEN);
    let stale = issue(&sandbox, ANSIRA_CLIENT_SECRET, "contacts.read", &old).await;
    assert_eq!(stale.json()["error"], "invalid_grant");

    let before = token(&sandbox).await;
    post(sandbox.router(), "/_control/ansira", json!({"scopes": ["contacts.read"]})).await;
    assert_eq!(list(&sandbox, &before, "").await.status, StatusCode::FORBIDDEN);
    let shown = get(sandbox.router(), "/_control/ansira").await.json();
    assert_eq!((&shown["scopes"], &shown["ttl_seconds"]), (&json!(["contacts.read"]), &json!(300)));
    let after = token(&sandbox).await;
    assert_eq!(list(&sandbox, &after, "").await.status, StatusCode::OK);
    sandbox.reset();
    assert_eq!(list(&sandbox, &after, "").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn records_are_filtered_ordered_and_paged() {
    let (sandbox, _) = sandbox();
    sandbox.update_ansira(|client| client.requests_per_second = 100);
    let token = token(&sandbox).await;
    let ask = async |query: &str| list(&sandbox, &token, query).await.json();
    let vera = NamedCustomer::Vera.profile_id();
    for filter in [
        "email%20eq%20'vera@example.com'".to_owned(),
        format!("id%20eq%20'{vera}'"),
        "Persona%20eq%20'Value%20Hunter'%20and%20email%20eq%20'vera@example.com'".to_owned(),
    ] {
        let found = ask(&format!("filter={filter}")).await;
        assert_eq!((&found["total"], &found["data"][0]["id"]), (&json!(1), &json!(vera)));
    }
    assert_eq!(ask("filter=email%20eq%20'o''brien'").await["data"], json!([]));
    let gold = "filter=LifetimeTier%20eq%20'Gold'";
    let all = ask(&format!("{gold}&order_by=FirstName%20asc")).await;
    let back = ask(&format!("{gold}&order_by=FirstName%20desc&page_size=1&page=1")).await;
    let data = all["data"].as_array().unwrap();
    assert!(data.len() > 1);
    assert_eq!(back["data"][0], data[data.len() - 1]);
    let second: Value = ask(&format!("{gold}&order_by=FirstName&page_size=1&page=2")).await;
    assert_eq!(second["data"][0], data[1]);
    for query in ["filter=email", "filter=a%20eq%20'b", "page=0", "page_size=101", "limit=1"] {
        assert_eq!(list(&sandbox, &token, query).await.status, StatusCode::BAD_REQUEST, "{query}");
    }
    let none = Request::get("/ansira/v1/contacts").body(Body::empty()).unwrap();
    assert_eq!(send(sandbox.router(), none).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn each_endpoint_takes_so_many_requests_a_second() {
    let (sandbox, clock) = sandbox();
    sandbox.update_ansira(|client| client.requests_per_second = 5);
    let token = token(&sandbox).await;
    for _ in 0..5 {
        assert_eq!(list(&sandbox, &token, "").await.status, StatusCode::OK);
        clock.advance(Duration::from_millis(100));
    }
    let limited = list(&sandbox, &token, "").await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limited.header("retry-after"), "1");
    assert_eq!(sandbox.ansira_counts().limited, 1);
    clock.advance(Duration::from_secs(1));
    assert_eq!(list(&sandbox, &token, "").await.status, StatusCode::OK);
}
