//! Answers that are none, and which of them are worth asking again for.

use super::*;
use crate::amperity::control::Segment;

const SEGMENTS: &str = "amperity.segments";
const RUN: &str = "wf-1";

async fn segments(tenant: &Arc<Tenant>) -> Result<Vec<Page<Segment>>, ControlError> {
    all(tenant.client().segments(Paging::default())).await
}

/// When each request was sent, in milliseconds after the first.
fn sent(tenant: &Tenant) -> Vec<u128> {
    let asked = tenant.asked();
    asked.iter().map(|it| it.at.abs_diff(asked[0].at).as_millis()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_only_reads_is_asked_again_after_waits_that_double() {
    for fault in [Fault::status(429), Fault::status(500), Fault::status(503), Fault::cut_body()] {
        let tenant = Tenant::new();
        tenant.fault(SEGMENTS, 2, fault);
        assert_eq!(lens(&segments(&tenant).await.unwrap()), [10, 10, 5]);
        assert_eq!(tenant.sandbox.hits(SEGMENTS), 5);
        // Half a second, then one, as the random number is 0; a cut answer takes a moment to be one.
        let sent = sent(&tenant);
        assert!((500..560).contains(&sent[1]), "{sent:?}");
        assert!((1_500..1_600).contains(&sent[2]), "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_ends_after_five_attempts_with_what_was_said_last() {
    let tenant = Tenant::new();
    tenant.fault(SEGMENTS, 100, Fault::status(503));
    let error = segments(&tenant).await.unwrap_err();
    assert!(matches!(error, ControlError::Unavailable { status: 503, .. }), "{error}");
    assert_eq!(tenant.sandbox.hits(SEGMENTS), 5);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_vendor_asks_for_is_kept_or_too_long() {
    let tenant = Tenant::new();
    tenant.fault(SEGMENTS, 1, Fault::status(429).retry_after("7"));
    segments(&tenant).await.unwrap();
    assert!((7_000..7_010).contains(&sent(&tenant)[1]));

    let tenant = Tenant::new();
    tenant.fault(SEGMENTS, 1, Fault::status(429).retry_after("3600"));
    let error = segments(&tenant).await.unwrap_err().to_string();
    assert!(error.contains("asks to wait 3600 s"), "{error}");
    assert_eq!(tenant.sandbox.hits(SEGMENTS), 1);
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_hangs_is_left_and_asked_again() {
    let tenant = Tenant::new();
    tenant.fault(SEGMENTS, 1, Fault::delay(Duration::from_mins(10)));
    assert!(segments(&tenant).await.is_ok());
    assert!((30_500..30_510).contains(&sent(&tenant)[1]));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_asked_again() {
    for (status, says) in
        [(400, "with status 400"), (404, "(404)"), (405, "status 405"), (409, "status 409")]
    {
        let tenant = Tenant::new();
        tenant.fault(SEGMENTS, 1, Fault::status(status));
        let error = segments(&tenant).await.unwrap_err().to_string();
        assert!(
            error.contains(says) && error.contains(": injected fault (request req-"),
            "{error}"
        );
        assert_eq!(tenant.sandbox.hits(SEGMENTS), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn stopping_is_asked_once_whatever_comes_of_it() {
    for fault in [Fault::status(429), Fault::status(503), Fault::cut_body(), Fault::garbage()] {
        let tenant = Tenant::new();
        tenant.fault("amperity.workflow_stop", 100, fault);
        assert!(tenant.client().stop_workflow_run(RUN).await.is_err());
        assert_eq!(tenant.sandbox.hits("amperity.workflow_stop"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_is_refused_is_named_and_never_shown() {
    let tenant = Tenant::new();
    let list = async |keys: &[&str]| {
        all(tenant.client_with(keys, "").segments(Paging::default())).await.map(|it| lens(&it))
    };
    for (key, says) in [
        ("no-such-token", "does not accept `control.api_key`"),
        (sandbox::PROFILE_TOKEN, "refused this to `control.api_key` (403)"),
    ] {
        let error = list(&[key]).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(says) && shown.contains("DataGrid Operator"), "{shown}");
        assert!(!shown.contains(key), "{shown}");
    }
    assert_eq!(tenant.sandbox.hits(SEGMENTS), 2);
    // The second of two keys takes over, and stays.
    assert_eq!(list(&["old", sandbox::CONTROL_TOKEN]).await.unwrap(), [10, 10, 5]);
    assert_eq!(tenant.sandbox.hits(SEGMENTS), 2 + 4);
}

#[tokio::test(start_paused = true)]
async fn what_a_vendor_repeats_of_our_token_is_taken_out() {
    let tenant = Tenant::new();
    let body = format!(r#"{{"message":"bad \u001b[2J {}","trace_id":7}}"#, sandbox::CONTROL_TOKEN);
    let mut fault = serde_json::json!({ "status": 400, "body": body });
    tenant.fault(SEGMENTS, 1, serde_json::from_value(fault.take()).unwrap());
    let error = segments(&tenant).await.unwrap_err().to_string();
    assert!(error.ends_with("status 400: bad \u{fffd}[2J [REDACTED]"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_named_again_ends_the_list() {
    let tenant = Tenant::new();
    // Two pages that name each other, and each has been printed once when that is noticed.
    for token in ["b", "a", "b"] {
        let body = format!(r#"{{"data":[{{"id":"1"}}],"next_token":"{token}"}}"#);
        tenant.fault(SEGMENTS, 1, Fault::body(body));
    }
    let client = tenant.client();
    let mut pages = std::pin::pin!(client.segments(Paging::default()));
    for _ in 0..3 {
        assert_eq!(pages.try_next().await.unwrap().unwrap().items.len(), 1);
    }
    assert_eq!(pages.try_next().await.unwrap_err(), ControlError::RepeatedToken);
    assert_eq!(tenant.sandbox.hits(SEGMENTS), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_documented_is_kept_and_what_is_wrong_is_as_good_as_missing() {
    let tenant = Tenant::new();
    let item = r#"{"id": "sg-1",  "name": 7, "size": 12345678901234567890.10}"#;
    tenant.fault(
        SEGMENTS,
        1,
        Fault::body(format!(r#"{{"data":[{item}, {{}}],"total":"many","next_token":null}}"#)),
    );
    let pages = segments(&tenant).await.unwrap();
    assert_eq!((lens(&pages), pages[0].total), (vec![2], None));
    let segment = &pages[0].items[0];
    assert_eq!((segment.known.id.as_deref(), segment.known.name.as_deref()), (Some("sg-1"), None));
    assert_eq!(segment.json(), item, "byte for byte");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_page_is_said_to_be_none() {
    for body in [
        "",
        "[1",
        "[]",
        "{}",
        r#"{"data":{}}"#,
        r#"{"data":[1]}"#,
        r#"{"data":[[]]}"#,
        r#"{"data":[],"next_token":7}"#,
    ] {
        let tenant = Tenant::new();
        tenant.fault(SEGMENTS, 1, Fault::body(body));
        let error = segments(&tenant).await.unwrap_err();
        assert!(matches!(error, ControlError::BadAnswer { .. }), "{body}: {error}");
        assert_eq!(tenant.sandbox.hits(SEGMENTS), 1, "{body}");
    }
}
