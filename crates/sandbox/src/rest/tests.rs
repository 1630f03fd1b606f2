use axum::body::Body;
use axum::http::{Request, StatusCode};
use data_encoding::BASE64;
use serde_json::json;

use crate::REST_TOKENS;
use crate::testing::{sandbox, send};

#[tokio::test]
async fn a_customer_is_found_by_path_and_by_body_whatever_the_credential_comes_in() {
    let (sandbox, _) = sandbox();
    let basic =
        format!("Basic {}", BASE64.encode(format!("datafly:{}", REST_TOKENS[0]).as_bytes()));
    for (name, value) in [
        ("authorization", format!("Bearer {}", REST_TOKENS[1])),
        ("authorization", basic),
        ("x-api-key", REST_TOKENS[0].to_owned()),
    ] {
        let path = "/rest/customers/vera%40example.com?by=email";
        let request = Request::get(path).header(name, &value).body(Body::empty()).unwrap();
        let found = send(sandbox.router(), request).await.json();
        assert_eq!(found["customer"]["Persona"], "Value Hunter");
        let body = json!({"by": "email", "value": "vera@example.com"}).to_string();
        let request = Request::post("/rest/search")
            .header(name, &value)
            .header("content-type", "application/json");
        let by_body = send(sandbox.router(), request.body(body.into()).unwrap()).await;
        assert_eq!(by_body.json(), found);
    }
    assert_eq!((sandbox.hits("rest.get"), sandbox.hits("rest.post")), (3, 3));
}

#[tokio::test]
async fn what_it_refuses() {
    let (sandbox, _) = sandbox();
    let ask = async |path: &str| {
        let request =
            Request::get(format!("/rest/customers/{path}")).header("x-api-key", REST_TOKENS[0]);
        send(sandbox.router(), request.body(Body::empty()).unwrap()).await.status
    };
    assert_eq!(ask("nobody?by=email").await, StatusCode::NOT_FOUND);
    assert_eq!(ask("9?by=shoe_size").await, StatusCode::BAD_REQUEST);
    sandbox.revoke_rest_token(REST_TOKENS[0]);
    assert_eq!(ask("vera%40example.com?by=email").await, StatusCode::UNAUTHORIZED);
    sandbox.reset();
    assert_eq!(ask("vera%40example.com?by=email").await, StatusCode::OK);
}
