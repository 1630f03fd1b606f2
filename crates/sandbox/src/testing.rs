//! What the tests share: a clock that is set by hand, and requests without a socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode, request};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{
    COLLECTION_ID, Clock, INGEST_TOKEN, PROFILE_TOKEN, STREAM_ID, Sandbox, SandboxConfig, TENANT_ID,
};

/// 2026-03-01T00:00:00Z.
pub(crate) const START_SECOND: i64 = 1_772_323_200;

#[derive(Clone, Default)]
pub(crate) struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let passed = Arc::clone(&self.0);
        Arc::new(move || {
            let now = START_SECOND * 1000 + passed.load(Ordering::SeqCst);
            Timestamp::from_millisecond(now).unwrap()
        })
    }
}

/// A sandbox with few generated customers.
pub(crate) fn sandbox() -> (Sandbox, ManualClock) {
    sandbox_with(|_| {})
}

pub(crate) fn sandbox_with(change: impl FnOnce(&mut SandboxConfig)) -> (Sandbox, ManualClock) {
    let clock = ManualClock::default();
    let mut config = SandboxConfig { customers: 20, ..SandboxConfig::default() };
    change(&mut config);
    (Sandbox::new(config, clock.clock()), clock)
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

pub(crate) async fn send(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A request to the vendor by the token's rightful user.
pub(crate) fn vendor(method: &str, path: &str, token: &str) -> request::Builder {
    Request::builder()
        .method(method)
        .uri(format!("/amperity/prof{path}"))
        .header("authorization", format!("Bearer {token}"))
        .header("amperity-tenant", TENANT_ID)
}

pub(crate) async fn look_up(sandbox: &Sandbox, keys: Value) -> Answer {
    let body = serde_json::json!({"keys": keys, "enrich": false}).to_string();
    let path = format!("/lookup/{COLLECTION_ID}/keychain");
    let request = vendor("POST", &path, PROFILE_TOKEN).body(body.into()).unwrap();
    send(sandbox.router(), request).await
}

pub(crate) async fn read_profile(sandbox: &Sandbox, id_and_query: &str) -> Answer {
    let path = format!("/profiles/{COLLECTION_ID}/{id_and_query}");
    let request = vendor("GET", &path, PROFILE_TOKEN).body(Body::empty()).unwrap();
    send(sandbox.router(), request).await
}

pub(crate) async fn send_event(sandbox: &Sandbox, event: Value) -> Answer {
    let body = event.to_string();
    let request = vendor("POST", &format!("/events/{STREAM_ID}"), INGEST_TOKEN)
        .header("content-type", "application/json")
        .header("content-length", body.len())
        .body(body.into())
        .unwrap();
    send(sandbox.router(), request).await
}

pub(crate) async fn get(router: Router, uri: &str) -> Answer {
    send(router, Request::get(uri).body(Body::empty()).unwrap()).await
}

pub(crate) async fn post(router: Router, uri: &str, body: Value) -> Answer {
    send(router, Request::post(uri).body(body.to_string().into()).unwrap()).await
}
