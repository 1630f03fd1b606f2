//! Faults that a response without a socket can show.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{assert_refused, look_up, sandbox, send_event};
use crate::{ControlError, Fault};

const LOOKUP: &str = "amperity.lookup.post";

fn vera() -> Value {
    json!({"customer_id": "user-vera"})
}

#[tokio::test]
async fn a_status_with_retry_after_lasts_for_its_number_of_requests() {
    let (sandbox, _) = sandbox();
    sandbox.fault("amperity.events", Some(1), Fault::status(503).retry_after("7")).unwrap();
    let event = json!({"source": "DATAFLY"});
    let refused = send_event(&sandbox, event.clone()).await;
    assert_refused(&refused, 503);
    assert_eq!(refused.header("retry-after"), "7");
    assert!(sandbox.events().is_empty());
    assert_eq!(send_event(&sandbox, event).await.status, StatusCode::ACCEPTED);
    assert_eq!(sandbox.hits("amperity.events"), 2);
    let statuses: Vec<_> = sandbox.requests().iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [Some(503), Some(202)]);
}

#[tokio::test]
async fn a_fault_without_a_number_lasts_until_it_is_cleared() {
    let (sandbox, _) = sandbox();
    sandbox.fault(LOOKUP, None, Fault::status(429)).unwrap();
    for _ in 0..3 {
        assert_refused(&look_up(&sandbox, vera()).await, 429);
    }
    sandbox.clear_faults();
    assert_eq!(look_up(&sandbox, vera()).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_followed_by_the_usual_answer() {
    let (sandbox, _) = sandbox();
    sandbox.fault(LOOKUP, Some(1), Fault::delay(Duration::from_secs(30))).unwrap();
    let slow = look_up(&sandbox, vera());
    tokio::pin!(slow);
    let early = tokio::time::timeout(Duration::from_secs(29), &mut slow).await;
    assert!(early.is_err());
    assert_eq!(sandbox.requests()[0].status, None);
    assert_eq!(slow.await.status, StatusCode::OK);
}

#[tokio::test]
async fn garbage_is_declared_as_json() {
    let (sandbox, _) = sandbox();
    sandbox.fault(LOOKUP, Some(1), Fault::garbage()).unwrap();
    let answer = look_up(&sandbox, vera()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(std::str::from_utf8(&answer.body).is_err());
}

#[tokio::test]
async fn a_raw_body_is_sent_as_it_is() {
    let (sandbox, _) = sandbox();
    sandbox.fault(LOOKUP, Some(1), Fault::body("[1")).unwrap();
    let answer = look_up(&sandbox, vera()).await;
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"[1"[..]));
}

#[test]
fn a_fault_on_an_unknown_route_is_an_error() {
    let (sandbox, _) = sandbox();
    let refused = sandbox.fault("amperity.lookup", None, Fault::garbage());
    assert_eq!(refused, Err(ControlError::UnknownRoute("amperity.lookup".into())));
}
