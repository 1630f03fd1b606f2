//! Event ingest: every documented status, routing and linking.

use std::time::Duration;

use super::{assert_refused, look_up, sandbox, send, send_event, vendor};
use crate::testing::sandbox_with;
use crate::{INGEST_TOKEN, NamedCustomer, Routing, STREAM_ID, Sandbox, StreamMode, Timing};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Sends raw bytes with these headers, without any that are not named.
async fn raw(sandbox: &Sandbox, headers: &[(&str, &str)], body: Vec<u8>) -> crate::testing::Answer {
    let mut request = vendor("POST", &format!("/events/{STREAM_ID}"), INGEST_TOKEN);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(sandbox.router(), request.body(body.into()).unwrap()).await
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn an_event_is_accepted_or_dropped_or_refused_by_the_streams_mode() {
    let (sandbox, _) = sandbox();
    for (mode, status) in
        [(StreamMode::Active, 202), (StreamMode::Drop, 204), (StreamMode::Reject, 409)]
    {
        sandbox.set_stream_mode(mode);
        let answer = send_event(&sandbox, json!({"source": "DATAFLY"})).await;
        assert_eq!(answer.status.as_u16(), status);
    }
    assert_eq!(sandbox.events().len(), 1);
}

#[tokio::test]
async fn what_is_not_one_json_object_is_400() {
    let (sandbox, _) = sandbox();
    for body in ["", "{", "[]", "[{}]", "5", "null"] {
        let length = body.len().to_string();
        let headers = [JSON, ("content-length", length.as_str())];
        assert_refused(&raw(&sandbox, &headers, body.into()).await, 400);
    }
}

#[tokio::test]
async fn the_length_must_be_declared_and_at_most_64_kb() {
    let (sandbox, _) = sandbox();
    assert_refused(&raw(&sandbox, &[JSON], b"{}".into()).await, 411);
    let event_of = |bytes: usize| format!("{{\"x\":\"{}\"}}", "a".repeat(bytes - 8)).into_bytes();
    for (bytes, status) in [(65_536, 202), (65_537, 413), (3_000_000, 413)] {
        let length = bytes.to_string();
        let headers = [JSON, ("content-length", length.as_str())];
        let answer = raw(&sandbox, &headers, event_of(bytes)).await;
        assert_eq!(answer.status.as_u16(), status, "{bytes}");
    }
}

#[tokio::test]
async fn the_content_type_must_be_json() {
    let (sandbox, _) = sandbox();
    let length = ("content-length", "2");
    for (content_type, status) in [
        (Some("text/plain"), 415),
        (None, 415),
        (Some("application/json; charset=utf-8"), 202),
        (Some("Application/JSON"), 202),
    ] {
        let mut headers = vec![length];
        headers.extend(content_type.map(|value| ("content-type", value)));
        let answer = raw(&sandbox, &headers, b"{}".into()).await;
        assert_eq!(answer.status.as_u16(), status, "{content_type:?}");
    }
}

#[tokio::test]
async fn an_unknown_stream_is_404() {
    let (sandbox, _) = sandbox();
    let request = vendor("POST", "/events/is-batch", INGEST_TOKEN).body("{}".into()).unwrap();
    assert_refused(&send(sandbox.router(), request).await, 404);
}

#[tokio::test]
async fn a_wrong_source_is_accepted_and_changes_nothing() {
    let (sandbox, _) = sandbox_with(|config| config.timing = Timing::Manual);
    for source in [json!("datafly"), Value::Null, json!("DATAFLY")] {
        let event = json!({"source": source, "cookieid": "c1", "user_id": "user-vera"});
        assert_eq!(send_event(&sandbox, event).await.status, StatusCode::ACCEPTED);
    }
    let routing: Vec<_> = sandbox.events().iter().map(|event| event.routing).collect();
    assert_eq!(routing, [Routing::Unknown, Routing::Unknown, Routing::Stream]);
    assert_eq!(sandbox.apply_pending(), 1);
}

#[tokio::test]
async fn an_event_links_its_cookie_after_the_delay_and_not_before() {
    let (sandbox, clock) =
        sandbox_with(|config| config.timing = Timing::Auto(Duration::from_secs(5)));
    let event = json!({"source": "DATAFLY", "cookieid": "c1", "email": "vera@example.com"});
    send_event(&sandbox, event).await;
    let by_cookie = async || look_up(&sandbox, json!({"device_cookie": "c1"})).await;
    assert_refused(&by_cookie().await, 404);
    clock.advance(Duration::from_millis(4_999));
    assert_refused(&by_cookie().await, 404);
    assert_eq!(sandbox.pending_events(), 1);
    clock.advance(Duration::from_millis(1));
    let profile = by_cookie().await.json();
    assert_eq!(profile["profile_id"], NamedCustomer::Vera.profile_id());
    assert_eq!(profile["attributes"]["EventCount"], 1);
    assert_eq!(profile["updated_at"], "2026-03-01T00:00:05Z");
    assert_eq!(sandbox.pending_events(), 0);
}

#[tokio::test]
async fn without_a_timer_events_wait_to_be_stepped() {
    let (sandbox, clock) = sandbox_with(|config| config.timing = Timing::Manual);
    let event = json!({"source": "DATAFLY", "cookieid": "c1"});
    send_event(&sandbox, event).await;
    clock.advance(Duration::from_hours(1));
    let by_cookie = async || look_up(&sandbox, json!({"device_cookie": "c1"})).await.status;
    assert_eq!(by_cookie().await, StatusCode::NOT_FOUND);
    assert_eq!(sandbox.apply_pending(), 1);
    assert_eq!(by_cookie().await, StatusCode::OK);
    assert_eq!(sandbox.apply_pending(), 0);
}
