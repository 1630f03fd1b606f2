use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::testing::{Answer, START_SECOND, sandbox, send};
use crate::{META_ACCESS_TOKEN, META_PIXEL_ID, Sandbox};

const HASH: &str = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";

fn event() -> Value {
    json!({
        "event_name": "Purchase",
        "event_time": START_SECOND - 60,
        "event_id": "m-1",
        "action_source": "website",
        "event_source_url": "https://shop.test/",
        "user_data": {"em": [HASH], "client_user_agent": "x"},
        "custom_data": {"currency": "EUR", "value": 1.5},
    })
}

async fn post(sandbox: &Sandbox, path: &str, token: Option<&str>, body: &Value) -> Answer {
    let mut request = Request::post(format!("/meta_capi/{path}/events"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    send(sandbox.router(), request.body(body.to_string().into()).unwrap()).await
}

async fn send_events(sandbox: &Sandbox, events: &[Value]) -> Answer {
    let path = format!("v24.0/{META_PIXEL_ID}");
    post(sandbox, &path, Some(META_ACCESS_TOKEN), &json!({"data": events})).await
}

#[tokio::test]
async fn good_events_are_taken_and_copies_are_known_by_id_and_name() {
    let (sandbox, _) = sandbox();
    let mut other_name = event();
    other_name["event_name"] = json!("Lead");
    let answer = send_events(&sandbox, &[event(), event(), other_name]).await;
    assert_eq!((answer.status, &answer.json()["events_received"]), (StatusCode::OK, &json!(3)));
    let taken = sandbox.delivered("meta_capi");
    assert_eq!(taken.iter().map(|one| one.duplicate).collect::<Vec<_>>(), [false, true, false]);
    let list = crate::testing::get(sandbox.router(), "/_control/delivered/meta_capi").await.json();
    assert_eq!(list["delivered"][0]["body"]["event_id"], "m-1");
    assert!(sandbox.delivered("tiktok").is_empty());
    sandbox.reset();
    assert!(sandbox.delivered("meta_capi").is_empty());
}

#[tokio::test]
async fn one_bad_event_has_the_whole_request_refused() {
    for (path, value, subcode) in [
        ("/event_name", json!(""), None),
        ("/event_time", json!(START_SECOND * 1_000), None),
        ("/event_time", json!(START_SECOND - 8 * 86_400), Some(2_804_003)),
        ("/event_time", json!(START_SECOND + 600), Some(2_804_003)),
        ("/event_time", json!("now"), None),
        ("/event_id", json!(7), None),
        ("/action_source", json!("web"), None),
        ("/event_source_url", Value::Null, None),
        ("/user_data", json!({}), None),
        ("/user_data/client_user_agent", json!(""), None),
        ("/user_data/em", json!("vera@example.com"), None),
        ("/user_data/em", json!(HASH.to_uppercase()), None),
        ("/custom_data/currency", Value::Null, None),
    ] {
        let (sandbox, _) = sandbox();
        let mut bad = event();
        *bad.pointer_mut(path).unwrap() = value;
        let answer = send_events(&sandbox, &[event(), bad]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        let error = &answer.json()["error"];
        assert_eq!((&error["code"], &error["error_subcode"]), (&json!(100), &json!(subcode)));
        assert!(sandbox.delivered("meta_capi").is_empty());
    }
    let (sandbox, _) = sandbox();
    for events in [Vec::new(), vec![event(); 1_001]] {
        assert_eq!(send_events(&sandbox, &events).await.json()["error"]["code"], 100);
    }
}

#[tokio::test]
async fn the_account_has_to_be_right() {
    let (sandbox, _) = sandbox();
    let body = json!({"data": [event()]});
    let ours = format!("v24.0/{META_PIXEL_ID}");
    let unversioned = format!("24/{META_PIXEL_ID}");
    for (path, token, code) in [
        (&*ours, None, 190),
        (&ours, Some("stolen"), 190),
        ("v24.0/99", Some(META_ACCESS_TOKEN), 100),
        (&unversioned, Some(META_ACCESS_TOKEN), 2_635),
    ] {
        let answer = post(&sandbox, path, token, &body).await;
        assert_eq!(answer.json()["error"]["code"], code, "{path}");
    }
    let log = sandbox.requests();
    assert_eq!(log[0].authorization, None);
    assert_eq!(log[1].authorization.as_ref().unwrap().label, "unknown");
    assert_eq!(log[2].authorization.as_ref().unwrap().label, "meta_capi");
}
