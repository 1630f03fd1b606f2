use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::testing::{Answer, get, look_up, sandbox, send, send_event};
use crate::{INGEST_TOKEN, NamedCustomer, Sandbox};

async fn ask(sandbox: &Sandbox, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(sandbox.router(), request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_page_is_served_whole_and_allows_nothing_from_elsewhere() {
    let (sandbox, _) = sandbox();
    let page = get(sandbox.router(), "/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.header("content-security-policy").starts_with("default-src 'none'; script-src 'self'")
    );
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    for part in ["/_control/page.js", "/_control/page.css"] {
        assert!(text.contains(part));
        assert_eq!(get(sandbox.router(), part).await.status, StatusCode::OK);
    }
    assert!(!text.contains("http") && !text.contains("style=") && !text.contains("<script>"));
}

#[tokio::test]
async fn accounts_and_credentials_are_told_as_a_configuration_needs_them() {
    let (sandbox, _) = sandbox();
    let told = get(sandbox.router(), "/_control/overview").await.json();
    assert_eq!(told["tenants"][0]["settings"]["event_stream_id"], crate::STREAM_ID);
    let ingest = json!({
        "vendor": "amperity", "name": "ingest", "kind": "ingest", "expires_at": null, "value": INGEST_TOKEN,
    });
    assert_eq!(told["tokens"][0], ingest);
}

#[tokio::test]
async fn customers_are_found_by_any_identifier_also_by_new_ones() {
    let (sandbox, _) = sandbox();
    let find = async |text: &str| {
        let found = get(sandbox.router(), &format!("/_control/customers?q={text}")).await.json();
        found["customers"].as_array().unwrap().clone()
    };
    assert_eq!(find("").await.len(), 25);
    assert!(find("nobody-at-all").await.is_empty());
    for text in ["VERA@", "user-vera", NamedCustomer::Vera.profile_id()] {
        let found = find(text).await;
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0]["profile_id"], NamedCustomer::Vera.profile_id());
        assert_eq!(found[0]["links"]["email"], json!(["vera@example.com"]));
    }
    sandbox.link("cookie-of-vera", "vera").unwrap();
    assert_eq!(find("cookie-of").await[0]["links"]["device_cookie"], json!(["cookie-of-vera"]));
    send_event(&sandbox, json!({"source": "DATAFLY", "cookieid": "cookie-of-nobody"})).await;
    sandbox.apply_pending();
    let nobody = find("of-nobody").await;
    assert_eq!(nobody[0]["links"], json!({"device_cookie": ["cookie-of-nobody"]}));
}

#[tokio::test]
async fn faults_are_listed_and_ended_by_route() {
    let (sandbox, _) = sandbox();
    let fault = json!({"status": 429, "retry_after": 5});
    for route in ["amperity.lookup.post", "amperity.profile"] {
        let body = json!({"route": route, "times": 2, "fault": fault});
        crate::testing::post(sandbox.router(), "/_control/faults", body).await;
    }
    let list = async || get(sandbox.router(), "/_control/faults").await.json();
    let first = json!({"route": "amperity.lookup.post", "times": 2, "fault": fault});
    assert_eq!(list().await["faults"][0], first);
    let one = ask(&sandbox, "DELETE", "/_control/faults?route=amperity.lookup.post", &[]).await;
    assert_eq!(one.status, StatusCode::OK);
    assert_eq!(list().await["faults"].as_array().unwrap().len(), 1);
    assert_eq!(look_up(&sandbox, json!({"customer_id": "user-vera"})).await.status, StatusCode::OK);
    let unknown = ask(&sandbox, "DELETE", "/_control/faults?route=nowhere", &[]).await;
    assert_eq!(unknown.json()["error"]["code"], "UNKNOWN_ROUTE");
}

#[tokio::test]
async fn other_people_s_pages_are_kept_out() {
    let (sandbox, _) = sandbox();
    let own = ("host", "127.0.0.1:8082");
    for (headers, allowed) in [
        (&[][..], true),
        (&[own], true),
        (&[("host", "localhost:8082")], true),
        (&[("host", "[::1]:8082")], true),
        (&[("host", "rebound.example:8082")], false),
        (&[("host", "127.0.0.1.example")], false),
        (&[("host", "localhost.example:8082")], false),
        (&[own, ("origin", "http://127.0.0.1:8082"), ("sec-fetch-site", "same-origin")], true),
        (&[own, ("origin", "http://127.0.0.1:8080")], false),
        (&[own, ("origin", "null")], false),
        (&[own, ("sec-fetch-site", "cross-site")], false),
    ] {
        for (method, path) in [("POST", "/_control/reset"), ("GET", "/_control/requests")] {
            let answer = ask(&sandbox, method, path, headers).await;
            assert_eq!(answer.status == StatusCode::OK, allowed, "{method} {path} {headers:?}");
        }
    }
    let rebound = ask(&sandbox, "GET", "/", &[("host", "rebound.example")]).await;
    assert_eq!(rebound.json()["error"]["code"], "NOT_FROM_HERE");
    // A link to the page is fine.
    let linked = ask(&sandbox, "GET", "/", &[own, ("sec-fetch-site", "cross-site")]).await;
    assert_eq!(linked.status, StatusCode::OK);
}
