use std::time::Duration;

use datafly_sandbox as sandbox;
use serde_json::json;

use crate::destination::tests::{
    META_CAPI, NOW, answering, deliver, fate_under, mistakes_in, start,
};
use crate::destination::{Delivery, Fate};

/// An error of the Graph API.
fn error(code: i64, subcode: Option<i64>, transient: bool) -> datafly_sandbox::Fault {
    let body = json!({"error": {
        "message": "no", "type": "OAuthException", "code": code, "error_subcode": subcode,
        "is_transient": transient, "fbtrace_id": "A",
    }});
    answering(400, &body.to_string())
}

#[tokio::test]
async fn every_documented_code_has_its_fate() {
    for (code, subcode, expected) in [
        (1, None, "retry"),
        (2, None, "retry"),
        (4, None, "retry"),
        (17, None, "retry"),
        (341, None, "retry"),
        (368, None, "retry"),
        (613, None, "retry"),
        (80_004, None, "retry"),
        (3, None, "paused access_token"),
        (10, None, "paused access_token"),
        (190, Some(460), "paused access_token"),
        (200, None, "paused access_token"),
        (294, None, "paused access_token"),
        (100, Some(33), "paused pixel_id"),
        (803, None, "paused pixel_id"),
        (2_635, None, "paused api_version"),
        (100, Some(2_804_003), "refused"),
        (100, None, "refused"),
        (105, None, "refused"),
    ] {
        let fate = fate_under(&META_CAPI, error(code, subcode, false)).await;
        let said = match &fate {
            Fate::Paused(fault) => format!("paused {}", fault.key),
            fate => fate.as_str().to_owned(),
        };
        assert_eq!(said, expected, "{code} {subcode:?}: {fate:?}");
    }
    assert_eq!(fate_under(&META_CAPI, error(100, None, true)).await.as_str(), "retry");
}

#[tokio::test]
async fn a_200_that_is_a_failure_is_one() {
    for (body, expected) in [
        (r#"{"error":{"code":190}}"#, "paused"),
        (r#"{"error":{"code":100}}"#, "refused"),
        (r#"{"events_received":0}"#, "refused"),
        (r#"{"events_received":1,"messages":[]}"#, "accepted"),
        (r#"{"error":{}}"#, "retry"),
        (r#"{"events_received":1,"error":{}}"#, "retry"),
    ] {
        let fate = fate_under(&META_CAPI, answering(200, body)).await;
        assert_eq!(fate.as_str(), expected, "{body}");
    }
}

/// Which events Meta did not take is not said, so each has to be told by its own answer.
#[tokio::test]
async fn fewer_events_received_than_sent_are_found_one_by_one() {
    let sandbox = start();
    let some = answering(200, r#"{"events_received":2}"#);
    sandbox.fault("meta_capi.events", Some(1), some).unwrap();
    let batch = META_CAPI.deliveries(3);
    let attempts = META_CAPI.destination(&sandbox).deliver(&batch, NOW).await;
    assert!(attempts.iter().all(|attempt| attempt.fate.as_str() == "accepted"), "{attempts:?}");
    assert_eq!((sandbox.delivered("meta_capi").len(), sandbox.hits("meta_capi.events")), (3, 3));
}

#[tokio::test]
async fn the_token_is_in_a_header_and_the_request_is_meta_s() {
    let sandbox = start();
    let changes = [("test_event_code", "'TEST7'"), ("api_version", "'v18.0'")];
    let destination = META_CAPI.set_up(&sandbox, &changes).unwrap();
    deliver(&*destination, META_CAPI.delivery(0)).await;
    let sent = &sandbox.requests()[0];
    assert_eq!(sent.path, format!("/meta_capi/v18.0/{}/events", sandbox::META_PIXEL_ID));
    assert!(sent.query.is_empty());
    assert_eq!(sent.authorization.as_ref().unwrap().label, "meta_capi");
    assert_eq!(sent.body["test_event_code"], "TEST7");
    let event = &sent.body["data"][0];
    assert_eq!(event["event_time"], NOW.as_second());
    assert_eq!(event["event_id"], "message-0");

    // A site with a pixel sends the pixel's own id, and its time.
    let mut mapped = META_CAPI.delivery_with("event_id", json!("pixel-1"));
    mapped.body.insert("event_time".into(), json!(NOW.as_second() - 5));
    deliver(&*destination, mapped).await;
    let event = &sandbox.requests()[1].body["data"][0];
    assert_eq!(event["event_id"], "pixel-1");
    assert_eq!(event["event_time"], NOW.as_second() - 5);
}

/// One event too old fails the whole request, so it is found by halves.
#[tokio::test]
async fn an_old_event_costs_a_few_calls_and_no_other_event() {
    let sandbox = start();
    let destination = META_CAPI.destination(&sandbox);
    let mut batch = META_CAPI.deliveries(64);
    let week = Duration::from_hours(7 * 24 + 1);
    batch[40] = Delivery { at: NOW - week, ..META_CAPI.delivery(40) };
    let attempts = destination.deliver(&batch, NOW).await;
    for (n, attempt) in attempts.iter().enumerate() {
        assert_eq!(attempt.fate.as_str(), if n == 40 { "refused" } else { "accepted" }, "{n}");
    }
    assert_eq!(sandbox.delivered("meta_capi").len(), 63);
    // The whole, and two halves of each size down to one.
    assert_eq!(sandbox.hits("meta_capi.events"), 13);
    let exchange = attempts[40].exchange.as_ref().unwrap();
    assert!(exchange.answer.contains("event_time"), "{}", exchange.answer);
}

#[test]
fn every_value_is_checked() {
    for (key, value, says) in [
        ("pixel_id", "'px-1'", "all digits"),
        ("pixel_id", "''", "all digits"),
        ("api_version", "'24'", "write a Graph API version, `v24.0`"),
        ("api_version", "'v24.0/x'", "write a Graph API version"),
        ("api_version", "24", "invalid type"),
        ("test_event_code", "''", "it is empty"),
    ] {
        let said = mistakes_in(&META_CAPI, &[(key, value)]);
        assert!(said.len() == 1 && said[0].contains(says), "{key} = {value}: {said:?}");
    }
}
