use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::arbitrary::any_json;

fn parse(kind: EventKind, body: &Value) -> Result<Submission, EventError> {
    Submission::parse(body.to_string().as_bytes(), kind)
}

#[test]
fn a_documented_track_event_is_read() {
    let body = json!({
        "type": "track", "event": "view_item", "properties": {"value": 1},
        "context": {"page": {"path": "/"}}, "timestamp": "2026-04-17T15:37:10.484Z",
        "messageId": "m-1", "anonymousId": "a-1", "_metadata": {"bundled": []},
    });
    let event = parse(EventKind::Track, &body).unwrap().event;
    assert_eq!(event.event.as_deref(), Some("view_item"));
    assert_eq!(event.message_id.as_deref(), Some("m-1"));
    assert_eq!(event.timestamp.unwrap().to_string(), "2026-04-17T15:37:10.484Z");
    assert_eq!(event.properties["value"], 1);
}

#[test]
fn an_identify_carries_its_token_apart_from_the_event() {
    let body = json!({"userId": "u", "traits": {"email": "j@example.com"}, "token": "h.p.s"});
    let submission = parse(EventKind::Identify, &body).unwrap();
    assert_eq!(submission.event.email().unwrap().unwrap().expose(), "j@example.com");
    assert_eq!(submission.token.as_ref().unwrap().expose(), "h.p.s");
    assert!(!format!("{submission:?}").contains("h.p.s"));
}

#[test]
fn every_refusal_names_its_field() {
    let long = "x".repeat(MAX_NAME_BYTES + 1);
    for (kind, body, message) in [
        (EventKind::Track, json!([]), "the body is not a JSON object: send one event per request"),
        (EventKind::Track, json!({}), "`event` is missing: name what happened"),
        (EventKind::Track, json!({"event": ""}), "`event` is missing: name what happened"),
        (EventKind::Track, json!({"event": 7}), "`event` must be a text"),
        (EventKind::Track, json!({"event": long}), "`event` is longer than 256 bytes"),
        (EventKind::Page, json!({"properties": []}), "`properties` must be an object"),
        (EventKind::Page, json!({"context": "x"}), "`context` must be an object"),
        (
            EventKind::Page,
            json!({"type": "track"}),
            "`type` says another kind of event than the route, which takes `page`",
        ),
        (
            EventKind::Page,
            json!({"timestamp": "yesterday"}),
            "`timestamp` must be an ISO 8601 time with an offset, for example 2026-04-17T15:37:10.484Z",
        ),
        (
            EventKind::Identify,
            json!({}),
            "`userId` is missing: an identify needs a `userId` or `traits`",
        ),
        (EventKind::Identify, json!({"userId": 42}), "`userId` must be a text"),
        (
            EventKind::Identify,
            json!({"userId": "a\r\nb"}),
            "`userId` must be 1 to 320 bytes without control characters",
        ),
    ] {
        let error = parse(kind, &body).unwrap_err();
        assert_eq!(error.to_string(), message, "{body}");
    }
    assert_eq!(Submission::parse(b"{\"a\":", EventKind::Page).unwrap_err(), EventError::NotJson);
}

#[test]
fn absent_null_and_empty_mean_the_same() {
    let body = json!({"name": null, "userId": "", "properties": null});
    let event = parse(EventKind::Page, &body).unwrap().event;
    assert_eq!((event.name, event.user_id), (None, None));
    assert!(event.properties.is_empty());
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), body in any_json()) {
        for kind in [EventKind::Page, EventKind::Track, EventKind::Identify] {
            let _ = Submission::parse(&bytes, kind);
            if let Ok(submission) = parse(kind, &body) {
                let _ = (submission.event.email(), submission.event.phone());
            }
        }
    }
}
