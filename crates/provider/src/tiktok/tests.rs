use datafly_sandbox as sandbox;
use serde_json::json;

use crate::destination::tests::{NOW, TIKTOK, answering, deliver, fate_under, mistakes_in, start};
use crate::destination::{Fate, Trouble};

#[tokio::test]
async fn every_documented_code_has_its_fate_and_all_are_200() {
    for (code, expected) in [
        (0, "accepted"),
        (20_001, "refused"),
        (40_000, "refused"),
        (40_001, "paused"),
        (40_002, "refused"),
        (40_100, "retry"),
        (40_101, "paused"),
        (40_199, "paused"),
        (40_105, "paused"),
        (40_700, "retry"),
        (49_999, "refused"),
        (50_000, "retry"),
        (-1, "retry"),
    ] {
        let fault = answering(200, &json!({"code": code, "message": "m"}).to_string());
        let fate = fate_under(&TIKTOK, fault).await;
        assert_eq!(fate.as_str(), expected, "{code}: {fate:?}");
        if let Fate::Paused(fault) = fate {
            assert_eq!(fault.key, "access_token");
        }
    }
    let limited = fate_under(&TIKTOK, answering(200, r#"{"code":40100}"#)).await;
    assert!(matches!(limited, Fate::Retry { why: Trouble::RateLimited, .. }));
    // A zero in a failure is none.
    assert_eq!(fate_under(&TIKTOK, answering(502, r#"{"code":0}"#)).await.as_str(), "retry");
}

#[tokio::test]
async fn the_token_is_in_its_header_and_the_request_is_tiktok_s() {
    let sandbox = start();
    let destination = TIKTOK.set_up(&sandbox, &[("test_event_code", "'TEST7'")]).unwrap();
    deliver(&*destination, TIKTOK.delivery_with("event_id", json!("pixel-1"))).await;
    deliver(&*destination, TIKTOK.delivery(0)).await;
    let [first, second] = &sandbox.requests()[..] else { panic!() };
    assert_eq!(first.path, "/tiktok/open_api/v1.3/event/track/");
    assert_eq!(first.authorization.as_ref().unwrap().label, "tiktok");
    assert!(first.headers.contains(&"access-token".to_owned()) && first.query.is_empty());
    assert_eq!(first.body["event_source"], "web");
    assert_eq!(first.body["event_source_id"], sandbox::TIKTOK_PIXEL_CODE);
    assert_eq!(first.body["test_event_code"], "TEST7");
    assert_eq!(first.body["data"][0]["event_id"], "pixel-1");
    assert_eq!(second.body["data"][0]["event_id"], "message-0");
    assert_eq!(second.body["data"][0]["event_time"], NOW.as_second());
}

/// What was taken of a batch before its bad events stood alone arrives again, and is known by its id.
#[tokio::test]
async fn a_batch_taken_in_part_leaves_only_the_bad_events() {
    let sandbox = start();
    let mut batch = TIKTOK.deliveries(6);
    for bad in [1, 4] {
        batch[bad].body.insert("page".into(), json!({}));
    }
    let attempts = TIKTOK.destination(&sandbox).deliver(&batch, NOW).await;
    let fates: Vec<_> = attempts.iter().map(|attempt| attempt.fate.as_str()).collect();
    assert_eq!(fates, ["accepted", "refused", "accepted", "accepted", "refused", "accepted"]);
    let taken = sandbox.delivered("tiktok");
    assert_eq!(taken.iter().filter(|record| !record.duplicate).count(), 4);
}

#[tokio::test]
async fn another_s_pixel_pauses() {
    let destination = TIKTOK.set_up(&start(), &[("pixel_code", "'OTHER'")]).unwrap();
    assert_eq!(deliver(&*destination, TIKTOK.delivery(0)).await.fate.as_str(), "paused");
}

#[test]
fn every_value_is_checked() {
    for (key, value, says) in [
        ("pixel_code", "' '", "it is empty"),
        ("access_token", "{ env = \"a\\u0007b\" }", "no HTTP header can carry"),
    ] {
        let said = mistakes_in(&TIKTOK, &[(key, value)]);
        assert!(said.len() == 1 && said[0].contains(says), "{key} = {value}: {said:?}");
    }
}
