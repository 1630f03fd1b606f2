//! Bad input gets the error envelope, the right status, and a message that says what to do.

use datafly_tests::{Answer, PIPELINE, SITE, TestApp};
use serde_json::Value;

async fn refusal(method: &str, path: &str, body: &str) -> Answer {
    let app = TestApp::start().await;
    let path = path.replace("KEY", PIPELINE);
    let answer = app.browser().fetch(method, &path, body).await;
    assert_eq!(app.vendor_calls(), 0);
    answer
}

async fn assert_refused(method: &str, path: &str, body: &str, status: u16, code: &str) {
    let answer = refusal(method, path, body).await;
    let shown = body.get(..60).unwrap_or(body);
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{path} {shown}");
    let envelope = answer.json();
    assert_eq!(envelope.as_object().unwrap().len(), 1);
    assert!(!envelope["error"]["message"].as_str().unwrap().is_empty());
    // The site's page can read why.
    assert_eq!(answer.header("access-control-allow-origin"), SITE);
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert!(answer.set_cookies().is_empty());
}

#[tokio::test]
async fn keys_and_providers() {
    let enrich = "/v1/enrich?provider=amperity";
    assert_refused("GET", enrich, "", 401, "INVALID_PIPELINE_KEY").await;
    for key in ["", "dk_test_unknown", "%00", "dk_test_shop%20", "DK_TEST_SHOP"] {
        let path = format!("{enrich}&key={key}");
        assert_refused("GET", &path, "", 401, "INVALID_PIPELINE_KEY").await;
    }
    for provider in ["", "Amperity", "amperity%00", "../x", "algonomy"] {
        let path = format!("/v1/enrich?provider={provider}&key=KEY");
        assert_refused("GET", &path, "", 404, "UNKNOWN_PROVIDER").await;
    }
    assert_refused("GET", "/v1/enrich?key=KEY", "", 400, "MISSING_PARAMETER").await;
    assert_refused("GET", "/v1/loader.js", "", 401, "INVALID_PIPELINE_KEY").await;
    assert_refused("POST", "/v1/reset", "", 401, "INVALID_PIPELINE_KEY").await;
}

#[tokio::test]
async fn a_doubled_parameter_is_refused_not_guessed() {
    let path = "/v1/enrich?provider=amperity&provider=other&key=KEY";
    assert_refused("GET", path, "", 400, "DOUBLED_PARAMETER").await;
    let path = "/v1/enrich?provider=amperity&key=KEY&key=dk_test_other";
    assert_refused("GET", path, "", 400, "DOUBLED_PARAMETER").await;
}

#[tokio::test]
async fn bodies() {
    let event = "/v1/t?key=KEY";
    for body in
        ["", "{", "[]", "7", "null", "{\"event\":7}", "{}", "{\"event\":\"e\",\"properties\":1}"]
    {
        assert_refused("POST", event, body, 400, "INVALID_EVENT").await;
    }
    let nested = "[".repeat(100_000);
    let deep = format!(r#"{{"event":"e","properties":{{"a":{}}}}}"#, &nested[..200]);
    assert_refused("POST", event, &deep, 400, "INVALID_EVENT").await;
    assert_refused("POST", event, &nested, 413, "BODY_TOO_LARGE").await;
    let of_bytes = |bytes: usize| {
        let frame = r#"{"event":"e","properties":{"a":""}}"#;
        frame.replace(r#""""#, &format!("\"{}\"", "x".repeat(bytes - frame.len())))
    };
    assert_eq!(refusal("POST", event, &of_bytes(65_536)).await.status, 200);
    let over = of_bytes(65_537);
    assert_refused("POST", event, &over, 413, "BODY_TOO_LARGE").await;
    assert_refused("POST", "/v1/i?key=KEY", "{}", 400, "INVALID_EVENT").await;
    assert_refused("POST", "/v1/p?key=KEY", r#"{"type":"track"}"#, 400, "INVALID_EVENT").await;
}

#[tokio::test]
async fn content_types() {
    let app = TestApp::start().await;
    let path = format!("/v1/p?key={PIPELINE}");
    for content_type in
        ["application/x-www-form-urlencoded", "multipart/form-data", "text/html", ""]
    {
        let headers = [("origin", SITE), ("content-type", content_type)];
        let answer = app.browser().send("POST", &path, &headers, "{}").await;
        let refusal = (answer.status.as_u16(), answer.code());
        assert_eq!(refusal, (415, "UNSUPPORTED_MEDIA_TYPE".to_owned()), "{content_type}");
    }
    for content_type in ["application/json", "Text/Plain; charset=utf-8", "application/JSON;x=y"] {
        let headers = [("origin", SITE), ("content-type", content_type)];
        let answer = app.browser().send("POST", &path, &headers, "{}").await;
        assert_eq!(answer.status, 200, "{content_type}");
    }
}

#[tokio::test]
async fn routes_and_methods() {
    assert_refused("GET", "/v1/nothing?key=KEY", "", 404, "NOT_FOUND").await;
    assert_refused("GET", "/", "", 404, "NOT_FOUND").await;
    assert_refused("GET", "/v1/p?key=KEY", "", 405, "METHOD_NOT_ALLOWED").await;
    assert_refused("POST", "/v1/enrich?provider=amperity&key=KEY", "", 405, "METHOD_NOT_ALLOWED")
        .await;
    // Only the very path is a route.
    for path in
        ["/v1/enrich/", "/v1//enrich", "/V1/enrich", "/v1/enric", "/x/v1/enrich", "//v1/enrich"]
    {
        let path = format!("{path}?provider=amperity&key=KEY");
        assert_refused("GET", &path, "", 404, "NOT_FOUND").await;
    }
    for (method, path, allowed) in [
        ("GET", "/v1/p?key=KEY", "POST"),
        ("POST", "/v1/loader.js?key=KEY", "GET, HEAD"),
        ("POST", "/v1/assets/nothing.js", "GET, HEAD"),
    ] {
        let answer = refusal(method, path, "").await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, allowed), "{path}");
    }
    let answer = refusal("HEAD", "/v1/enrich?provider=amperity&key=KEY", "").await;
    assert_eq!(answer.status, 200);
    let answer = refusal("GET", "/v1/assets/nothing.js", "").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn the_key_may_come_as_bearer_or_basic() {
    let app = TestApp::start().await;
    // printf 'dk_test_shop:' | base64
    for value in ["Bearer dk_test_shop", "bearer dk_test_shop", "Basic ZGtfdGVzdF9zaG9wOg=="] {
        let headers =
            [("origin", SITE), ("authorization", value), ("content-type", "application/json")];
        let answer = app.browser().send("POST", "/v1/p", &headers, "{}").await;
        assert_eq!(answer.json()["success"], true, "{value}");
    }
    for value in ["Bearer", "Basic !!!", "Digest x", "Basic "] {
        let headers =
            [("origin", SITE), ("authorization", value), ("content-type", "application/json")];
        let answer = app.browser().send("POST", "/v1/p", &headers, "{}").await;
        assert_eq!(answer.status, 401, "{value}");
    }
}

#[tokio::test]
async fn a_refusal_tells_nothing_of_the_inside() {
    let answer = refusal("POST", "/v1/t?key=KEY", "{\"event\":").await;
    let message = answer.json()["error"]["message"].clone();
    assert_eq!(message, Value::from("the body is not JSON: send one event as a JSON object"));
}
