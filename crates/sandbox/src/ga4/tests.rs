use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::testing::{Answer, START_SECOND, sandbox, send};
use crate::{GA4_MEASUREMENT_ID, Sandbox};

/// The secret as a query carries it.
const SECRET: &str = "sandbox%2Bga4%2Fsecret%3D51c7e0";

fn request() -> Value {
    json!({
        "client_id": "c-1",
        "consent": {"ad_user_data": "GRANTED"},
        "user_properties": {"tier": {"value": "gold"}},
        "events": [{
            "name": "purchase",
            "params": {"value": 1.5, "items": [{"item_id": "s"}]},
            "timestamp_micros": (START_SECOND - 60) * 1_000_000,
        }],
    })
}

async fn post(sandbox: &Sandbox, path: &str, stream: &str, secret: &str, body: &str) -> Answer {
    let uri = format!("/ga4/{path}?measurement_id={stream}&api_secret={secret}");
    send(sandbox.router(), Request::post(uri).body(body.to_owned().into()).unwrap()).await
}

async fn collected(body: &Value) -> usize {
    let (sandbox, _) = sandbox();
    let body = body.to_string();
    let answer = post(&sandbox, "mp/collect", GA4_MEASUREMENT_ID, SECRET, &body).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "it always says so");
    sandbox.delivered("ga4").len()
}

#[tokio::test]
async fn a_good_event_is_kept_and_a_bad_one_thrown_away_in_silence() {
    assert_eq!(collected(&request()).await, 1);
    let long = "x".repeat(101);
    let params = |count: usize| (0..count).map(|n| (format!("p{n}"), json!(n))).collect::<Value>();
    for (path, value, code) in [
        ("/client_id", json!(""), "VALUE_REQUIRED"),
        ("/events", json!([]), "EXCEEDED_MAX_ENTITIES"),
        ("/events", json!(vec![request()["events"][0].clone(); 26]), "EXCEEDED_MAX_ENTITIES"),
        ("/events/0/name", json!("no name"), "NAME_INVALID"),
        ("/events/0/name", json!("session_start"), "NAME_RESERVED"),
        ("/events/0/params", params(26), "EXCEEDED_MAX_ENTITIES"),
        ("/events/0/params/value", Value::Null, "VALUE_INVALID"),
        ("/events/0/params/value", json!(long), "VALUE_INVALID"),
        ("/events/0/params/value", json!([1]), "VALUE_INVALID"),
        ("/events/0/params/items", json!([1]), "VALUE_INVALID"),
        ("/consent/ad_user_data", json!("granted"), "VALUE_INVALID"),
        ("/user_properties/tier/value", json!(long), "VALUE_INVALID"),
        ("/client_id", json!("x".repeat(130_000)), "EXCEEDED_MAX_ENTITIES"),
    ] {
        let mut bad = request();
        *bad.pointer_mut(path).unwrap() = value;
        assert_eq!(collected(&bad).await, 0, "{path}");
        let (sandbox, _) = sandbox();
        let body = bad.to_string();
        let said = post(&sandbox, "debug/mp/collect", "G-X", "x", &body).await.json();
        assert_eq!(said["validationMessages"][0]["validationCode"], code, "{path}: {said}");
    }
    let mut old = request();
    old["events"][0]["timestamp_micros"] = json!((START_SECOND - 73 * 3_600) * 1_000_000);
    assert_eq!(collected(&old).await, 0);
}

#[tokio::test]
async fn another_account_is_told_nothing_and_keeps_nothing() {
    let (sandbox, _) = sandbox();
    let body = request().to_string();
    for (stream, secret, body) in [
        ("G-OTHER", SECRET, &*body),
        (GA4_MEASUREMENT_ID, "stolen", &body),
        (GA4_MEASUREMENT_ID, SECRET, "no JSON"),
    ] {
        let answer = post(&sandbox, "mp/collect", stream, secret, body).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    }
    assert!(sandbox.delivered("ga4").is_empty());
    let seen: Vec<_> =
        sandbox.requests().into_iter().map(|sent| sent.authorization.unwrap().label).collect();
    assert_eq!(seen, ["ga4", "unknown", "ga4"]);
}

#[tokio::test]
async fn the_validator_takes_nothing() {
    let (sandbox, _) = sandbox();
    let body = request().to_string();
    let said = post(&sandbox, "debug/mp/collect", GA4_MEASUREMENT_ID, SECRET, &body).await;
    assert_eq!(said.json(), json!({"validationMessages": []}));
    assert!(sandbox.delivered("ga4").is_empty());
    assert_eq!((sandbox.hits("ga4.validate"), sandbox.hits("ga4.collect")), (1, 0));
    let said = post(&sandbox, "debug/mp/collect", GA4_MEASUREMENT_ID, SECRET, "x").await.json();
    assert_eq!(said["validationMessages"][0]["validationCode"], "VALUE_INVALID");
}
