use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::testing::{START_SECOND, sandbox, send};
use crate::{Sandbox, TIKTOK_ACCESS_TOKEN, TIKTOK_PIXEL_CODE};

fn event() -> Value {
    json!({
        "event": "ViewContent",
        "event_time": START_SECOND,
        "event_id": "m-1",
        "user": {"email": "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"},
        "page": {"url": "https://shop.test/"},
    })
}

/// The code of an answer, which is 200 whatever it is.
async fn code(sandbox: &Sandbox, token: &str, body: &Value) -> i64 {
    let request = Request::post("/tiktok/open_api/v1.3/event/track/")
        .header("access-token", token)
        .body(body.to_string().into());
    let answer = send(sandbox.router(), request.unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()["code"].as_i64().unwrap()
}

fn request(events: &[Value]) -> Value {
    json!({"event_source": "web", "event_source_id": TIKTOK_PIXEL_CODE, "data": events})
}

#[tokio::test]
async fn the_code_says_how_many_were_taken() {
    let mut unhashed = event();
    unhashed["user"]["phone"] = json!("+16505551212");
    let (good, bad) = (event(), unhashed);
    for (events, expected, taken) in [
        (vec![good.clone(), good.clone()], 0, 2),
        (vec![good.clone(), bad.clone()], 20_001, 1),
        (vec![bad.clone()], 40_002, 0),
        (vec![], 40_002, 0),
        (vec![good; 1_001], 40_002, 0),
    ] {
        let (sandbox, _) = sandbox();
        assert_eq!(code(&sandbox, TIKTOK_ACCESS_TOKEN, &request(&events)).await, expected);
        assert_eq!(sandbox.delivered("tiktok").len(), taken);
    }
}

#[tokio::test]
async fn an_event_that_breaks_a_rule_is_bad() {
    for (path, value) in [
        ("/event", json!("")),
        ("/event_time", json!(START_SECOND * 1_000)),
        ("/event_time", json!("now")),
        ("/event_id", json!(7)),
        ("/user", Value::Null),
        ("/user/email", json!(["vera@example.com"])),
        ("/page/url", Value::Null),
    ] {
        let (sandbox, _) = sandbox();
        let mut bad = event();
        *bad.pointer_mut(path).unwrap() = value;
        assert_eq!(code(&sandbox, TIKTOK_ACCESS_TOKEN, &request(&[bad])).await, 40_002, "{path}");
    }
}

#[tokio::test]
async fn the_account_has_to_be_right() {
    let (sandbox, _) = sandbox();
    assert_eq!(code(&sandbox, "stolen", &request(&[event()])).await, 40_105);
    let mut other = request(&[event()]);
    other["event_source_id"] = json!("OTHER");
    assert_eq!(code(&sandbox, TIKTOK_ACCESS_TOKEN, &other).await, 40_001);
    other["event_source"] = json!("app");
    assert_eq!(code(&sandbox, TIKTOK_ACCESS_TOKEN, &other).await, 40_002);
    assert!(sandbox.delivered("tiktok").is_empty());
}
