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
fn rudderstack_s_way_to_write_an_event_is_read() {
    let body = json!({
        "type": "identify", "userId": "", "anonymousId": "a-1", "context": {"traits": {"plan": "gold"}},
        "originalTimestamp": "2026-04-17T15:37:10.484Z", "sentAt": "2026-04-17T15:37:12.484Z",
    });
    let event = parse(EventKind::Identify, &body).unwrap().event;
    assert_eq!(event.traits["plan"], "gold");
    let received = "2026-04-17T16:00:02Z".parse().unwrap();
    assert_eq!(event.occurred_at(received).to_string(), "2026-04-17T16:00:00Z");

    let body = json!({
        "userId": "u", "traits": {"plan": "silver"}, "context": {"traits": {"plan": "gold"}},
        "timestamp": "2026-04-17T15:00:00Z", "originalTimestamp": "2026-04-17T15:37:10.484Z",
    });
    let event = parse(EventKind::Identify, &body).unwrap().event;
    assert_eq!(event.traits["plan"], "silver", "its own count first");
    assert_eq!(event.timestamp.unwrap().to_string(), "2026-04-17T15:00:00Z");

    let body = json!({"event": "e", "context": {"traits": {"plan": "gold"}}});
    assert!(parse(EventKind::Track, &body).unwrap().event.traits.is_empty());
}

#[test]
fn jitsu_s_way_to_name_a_page_is_read() {
    let name = |body| parse(EventKind::Page, &body).unwrap().event.name;
    assert_eq!(name(json!({"properties": {"name": "Home"}})).as_deref(), Some("Home"));
    let both = json!({"name": "Start", "properties": {"name": "Home"}});
    assert_eq!(name(both).as_deref(), Some("Start"), "its own counts first");
    for unfit in [json!(""), json!(7), json!("x".repeat(MAX_NAME_BYTES + 1))] {
        assert_eq!(name(json!({"properties": {"name": unfit}})), None);
    }
    let product = json!({"event": "e", "properties": {"name": "Boot"}});
    assert_eq!(parse(EventKind::Track, &product).unwrap().event.name, None);
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
