use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::testing::{Answer, get, post, sandbox, send};
use crate::{INDEX_ID, INDEX_TOKENS, NamedCustomer, PROFILE_TOKEN, Sandbox, TENANT_ID};

fn request(path: &str) -> axum::http::request::Builder {
    Request::builder()
        .uri(format!("/amperity_index{path}"))
        .header("authorization", format!("Bearer {}", INDEX_TOKENS[0]))
        .header("x-amperity-tenant", TENANT_ID)
        .header("amperity-tenant", TENANT_ID)
        .header("api-version", "2025-07-31")
}

async fn ask(sandbox: &Sandbox, path: &str) -> Answer {
    send(sandbox.router(), request(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_value_is_found_by_one_exact_key() {
    let (sandbox, _) = sandbox();
    let index = format!("/attribute/v0/indexes/{INDEX_ID}");
    let found = ask(&sandbox, &format!("{index}?email=vera%40example.com")).await.json();
    assert_eq!(found["attributes"]["value"]["Persona"], "Value Hunter");
    assert_eq!(found["attributes"]["key"], "vera@example.com");
    assert_eq!(found["metadata"]["index-id"], INDEX_ID);
    let all = ask(&sandbox, &format!("{index}?email=vera%40example.com&all_matches=true")).await;
    assert!(all.json()["attributes"]["value"].is_array());

    let body = json!({"email": "vera@example.com"}).to_string();
    let by_body = request(&index).method("POST").header("content-type", "application/json");
    let by_body = send(sandbox.router(), by_body.body(body.into()).unwrap()).await.json();
    assert_eq!(by_body, found);

    for (query, status, says) in [
        ("?email=Vera%40example.com", StatusCode::NOT_FOUND, "No value found for key"),
        ("?email=vera%40example.com%20", StatusCode::NOT_FOUND, "No value found for key"),
        ("?shoe_size=9", StatusCode::NOT_FOUND, "No value found for key"),
        ("", StatusCode::BAD_REQUEST, "one lookup key is needed"),
    ] {
        let answer = ask(&sandbox, &format!("{index}{query}")).await;
        assert_eq!(
            (answer.status, &*answer.json()["message"].to_string()),
            (status, &*format!("{says:?}"))
        );
    }
    let slash = ask(&sandbox, &format!("{index}/?email=vera%40example.com")).await;
    assert_eq!(slash.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn profiles_are_filtered_and_read_by_id() {
    let (sandbox, _) = sandbox();
    let index = format!("/api/indexes/{INDEX_ID}");
    let vera = NamedCustomer::Vera.profile_id();
    let query = "filter%5Bemail%5D=vera%40example.com&limit=1&with_total=true";
    let found = ask(&sandbox, &format!("{index}/profiles?{query}")).await.json();
    assert_eq!((&found["data"][0]["id"], &found["total"]), (&json!(vera), &json!(1)));
    let read = ask(&sandbox, &format!("{index}/profiles/{vera}")).await.json();
    assert_eq!(read, found["data"][0]);
    let nobody = ask(&sandbox, &format!("{index}/profiles?filter%5Bemail%5D=x&limit=1")).await;
    assert_eq!(nobody.json()["data"], json!([]));
    for path in ["/profiles?filter%5Bshoe%5D=9", "/profiles?limit=0", "/profiles?page=1"] {
        let status = ask(&sandbox, &format!("{index}{path}")).await.status;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
    }
    assert_eq!(ask(&sandbox, &format!("{index}/profiles/x")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_may_read_is_told_by_token_and_tenant() {
    let (sandbox, _) = sandbox();
    let path = format!("/attribute/v0/indexes/{INDEX_ID}?email=vera%40example.com");
    for (header, value, status) in [
        ("authorization", "Bearer other".to_owned(), StatusCode::UNAUTHORIZED),
        ("authorization", format!("Bearer {PROFILE_TOKEN}"), StatusCode::FORBIDDEN),
        ("x-amperity-tenant", "other".to_owned(), StatusCode::UNAUTHORIZED),
    ] {
        let mut sent = request(&path).body(Body::empty()).unwrap();
        sent.headers_mut().insert(header, value.parse().unwrap());
        assert_eq!(send(sandbox.router(), sent).await.status, status);
    }
    sandbox.revoke_index_token(INDEX_TOKENS[0]);
    assert_eq!(ask(&sandbox, &path).await.status, StatusCode::UNAUTHORIZED);
    let seen = sandbox.requests().pop().unwrap().authorization.unwrap();
    assert_eq!(seen.label, "amperity_index-0");
}

#[tokio::test]
async fn an_index_shows_what_it_was_generated_with() {
    let (sandbox, _) = sandbox();
    let path = "/attribute/v0/indexes/ix-own?email=vera%40example.com";
    let control = async |path: &str, body| {
        post(sandbox.router(), &format!("/_control/indexes{path}"), body).await
    };
    let own = json!({"id": "ix-own", "name": "Own", "keys": ["email"], "attributes": ["Persona"]});
    assert_eq!(control("", own.clone()).await.status, StatusCode::OK);
    assert_eq!(ask(&sandbox, path).await.json()["message"], "No build found for index-id");
    assert_eq!(control("/ix-own/generate", json!({})).await.status, StatusCode::OK);
    let shown = ask(&sandbox, path).await.json();
    assert_eq!(shown["attributes"]["value"], json!({"Persona": "Value Hunter"}));

    let mut edited = own;
    edited["attributes"] = json!(["LifetimeTier"]);
    control("", edited).await;
    assert_eq!(ask(&sandbox, path).await.json(), shown, "not generated again yet");
    control("/ix-own/generate", json!({})).await;
    let value = ask(&sandbox, path).await.json()["attributes"]["value"].clone();
    assert_eq!(value, json!({"LifetimeTier": "Gold"}));
    let all = get(sandbox.router(), "/_control/indexes").await.json();
    assert_eq!(all["indexes"].as_array().unwrap().len(), 2);

    let delete = || Request::delete("/_control/indexes/ix-own").body(Body::empty()).unwrap();
    assert_eq!(send(sandbox.router(), delete()).await.status, StatusCode::OK);
    assert_eq!(send(sandbox.router(), delete()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ask(&sandbox, path).await.json()["message"], "No build found for index-id");
    sandbox.reset();
    assert_eq!(ask(&sandbox, "/attribute/v0/indexes").await.json()["indexes"][0]["id"], INDEX_ID);
    assert_eq!(ask(&sandbox, "/api/indexes").await.json()["data"][0]["id"], INDEX_ID);
    let name = ask(&sandbox, &format!("/api/indexes/{INDEX_ID}")).await.json()["name"].clone();
    assert_eq!(name, "Customers");
}
