use serde_json::{from_value, json};

use super::*;

fn fault(value: Value) -> Result<Fault, String> {
    from_value(value).map_err(|e| e.to_string())
}

#[test]
fn json_and_constructors_say_the_same() {
    let second = Duration::from_secs(1);
    for (value, expected) in [
        (json!({"delay_ms": 1000}), Fault::delay(second)),
        (json!({"status": 503, "retry_after": 2}), Fault::status(503).retry_after("2")),
        (json!({"status": 429, "delay_ms": 1000}), Fault::status(429).after(second)),
        (json!({"cut_body": true}), Fault::cut_body()),
        (json!({"garbage": true}), Fault::garbage()),
        (json!({"huge_body_bytes": 9}), Fault::huge_body(9)),
        (json!({"body": "[]"}), Fault::body("[]")),
    ] {
        assert_eq!(fault(value.clone()), Ok(expected), "{value}");
    }
}

#[test]
fn contradictions_are_refused() {
    for value in [
        json!({}),
        json!({"cut_body": true, "status": 500}),
        json!({"garbage": true, "retry_after": 1}),
        json!({"status": 99}),
        json!({"status": 503, "retry_after": []}),
        json!({"explode": true}),
    ] {
        assert!(fault(value.clone()).is_err(), "{value}");
    }
}

#[test]
fn entries_fire_in_order_and_only_on_their_route() {
    let mut script = FaultScript::default();
    script.add(Route::Events, Some(2), Fault::status(503));
    script.add(Route::Events, None, Fault::garbage());
    script.add(Route::Profile, Some(0), Fault::garbage());
    assert_eq!(script.take(Route::Profile), None);
    for expected in [Fault::status(503), Fault::status(503), Fault::garbage(), Fault::garbage()] {
        assert_eq!(script.take(Route::Events), Some(expected));
    }
    script.clear();
    assert_eq!(script.take(Route::Events), None);
}
