use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::NamedCustomer;
use crate::testing::{get, look_up, post, sandbox, send, send_event};

#[tokio::test]
async fn a_cookie_is_linked_and_relinked() {
    let (sandbox, _) = sandbox();
    for who in [NamedCustomer::Vera, NamedCustomer::Bob] {
        let body = json!({"cookie": "c1", "customer": who.name()});
        let answer = post(sandbox.router(), "/_control/link", body).await;
        assert_eq!(answer.status, StatusCode::OK);
        let found = look_up(&sandbox, json!({"device_cookie": "c1"})).await.json();
        assert_eq!(found["profile_id"], who.profile_id());
    }
    let body = json!({"cookie": "c1", "customer": "nobody"});
    let answer = post(sandbox.router(), "/_control/link", body).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.json()["error"]["code"], "UNKNOWN_CUSTOMER");
}

#[tokio::test]
async fn faults_are_added_and_cleared() {
    let (sandbox, _) = sandbox();
    let fault = json!({"route": "amperity.lookup.post", "times": null, "fault": {"status": 500}});
    assert_eq!(post(sandbox.router(), "/_control/faults", fault).await.status, StatusCode::OK);
    let ask = async || look_up(&sandbox, json!({"customer_id": "user-vera"})).await.status;
    assert_eq!(ask().await, StatusCode::INTERNAL_SERVER_ERROR);
    let clear = Request::delete("/_control/faults").body(Body::empty()).unwrap();
    assert_eq!(send(sandbox.router(), clear).await.status, StatusCode::OK);
    assert_eq!(ask().await, StatusCode::OK);

    for (body, code) in [
        (json!({"route": "nowhere", "fault": {"status": 500}}), "UNKNOWN_ROUTE"),
        (json!({"route": "amperity.events", "fault": {}}), "INVALID_BODY"),
        (json!({"route": "amperity.events", "tiems": 1, "fault": {"status": 500}}), "INVALID_BODY"),
    ] {
        let answer = post(sandbox.router(), "/_control/faults", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.json()["error"]["code"], code);
    }
}

#[tokio::test]
async fn what_was_received_is_shown_and_control_calls_are_not_counted() {
    let (sandbox, _) = sandbox();
    send_event(&sandbox, json!({"source": "DATAFLY", "cookieid": "c1"})).await;
    send_event(&sandbox, json!({"source": "other"})).await;
    let hits = get(sandbox.router(), "/_control/hits").await.json();
    assert_eq!(hits["amperity.events"], 2);
    assert_eq!(hits["amperity.profile"], 0);
    let events = get(sandbox.router(), "/_control/events").await.json();
    assert_eq!((&events["accepted"], &events["pending"]), (&json!(2), &json!(1)));
    assert_eq!(events["events"][0]["routing"], "stream");
    assert_eq!(events["events"][1]["routing"], "_unknown");
    assert_eq!(events["events"][1]["body"]["source"], "other");
    let requests = get(sandbox.router(), "/_control/requests").await.json();
    assert_eq!(requests["requests"].as_array().unwrap().len(), 2);
    let seen = &requests["requests"][0]["authorization"];
    assert_eq!(*seen, json!({"label": "ingest", "scope": "ingest"}));
    let applied = post(sandbox.router(), "/_control/apply", json!(null)).await.json();
    assert_eq!(applied["applied"], 1);
}

#[tokio::test]
async fn linking_keys_stream_mode_and_last_pages_are_read_and_replaced() {
    let (sandbox, _) = sandbox();
    for (uri, body) in [
        ("/_control/collection", json!({"linking_keys": ["customer_id"]})),
        ("/_control/stream", json!({"mode": "reject"})),
        ("/_control/pages", json!({"last_page": "empty"})),
    ] {
        assert_ne!(get(sandbox.router(), uri).await.json(), body);
        assert_eq!(post(sandbox.router(), uri, body.clone()).await.status, StatusCode::OK);
        assert_eq!(get(sandbox.router(), uri).await.json(), body);
    }
}

#[tokio::test]
async fn a_reset_restores_the_start() {
    let (sandbox, _) = sandbox();
    sandbox.link("c1", "vera").unwrap();
    sandbox.fault("amperity.profile", None, crate::Fault::garbage()).unwrap();
    sandbox.set_linking_keys(["email"]);
    send_event(&sandbox, json!({"source": "DATAFLY", "cookieid": "c2"})).await;
    post(sandbox.router(), "/_control/reset", json!(null)).await;
    assert_eq!(sandbox.hits("amperity.events"), 0);
    assert!(sandbox.requests().is_empty() && sandbox.events().is_empty());
    assert_eq!(sandbox.pending_events(), 0);
    assert_eq!(sandbox.linking_keys(), crate::ALL_LINKING_KEYS);
    let profile = crate::testing::read_profile(&sandbox, NamedCustomer::Vera.profile_id()).await;
    assert_eq!(profile.json()["profile_id"], NamedCustomer::Vera.profile_id());
    let answer = look_up(&sandbox, json!({"device_cookie": "c1"})).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
