//! What needs a real connection: chunked requests, cut and huge answers.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::testing::sandbox;
use crate::{COLLECTION_ID, Fault, INGEST_TOKEN, PROFILE_TOKEN, STREAM_ID, Sandbox, TENANT_ID};

async fn start() -> (Sandbox, SocketAddr) {
    let (sandbox, _) = sandbox();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(sandbox.clone().serve(listener, std::future::pending()));
    (sandbox, address)
}

/// Sends the text and reads until the server closes, or has been silent for a while.
async fn exchange(address: SocketAddr, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), read).await.unwrap().unwrap();
    answer
}

fn split(answer: &[u8]) -> (String, &[u8]) {
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8(answer[..at].to_vec()).unwrap().to_lowercase(), &answer[at + 4..])
}

fn lookup() -> String {
    let body = json!({"keys": {"customer_id": "user-vera"}}).to_string();
    format!(
        "POST /amperity/prof/lookup/{COLLECTION_ID}/keychain HTTP/1.1\r\nHost: x\r\n\
         Connection: close\r\nAuthorization: Bearer {PROFILE_TOKEN}\r\n\
         Amperity-Tenant: {TENANT_ID}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn declared_length(head: &str) -> usize {
    let line = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_chunked_event_is_411() {
    let (_sandbox, address) = start().await;
    let request = format!(
        "POST /amperity/prof/events/{STREAM_ID} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Authorization: Bearer {INGEST_TOKEN}\r\nAmperity-Tenant: {TENANT_ID}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
    );
    let answer = exchange(address, &request).await;
    assert!(answer.starts_with(b"HTTP/1.1 411 "), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_cut_body_ends_before_its_declared_length() {
    let (sandbox, address) = start().await;
    let whole = exchange(address, &lookup()).await;
    let (_, whole) = split(&whole);
    sandbox.fault("amperity.lookup.post", Some(1), Fault::cut_body()).unwrap();
    let answer = exchange(address, &lookup()).await;
    let (head, body) = split(&answer);
    assert!(head.starts_with("http/1.1 200"));
    assert_eq!(declared_length(&head), whole.len());
    assert_eq!(body, &whole[..whole.len() / 2]);
}

#[tokio::test]
async fn a_cut_answer_to_an_event_comes_after_it_was_accepted() {
    let (sandbox, address) = start().await;
    sandbox.fault("amperity.events", Some(1), Fault::cut_body()).unwrap();
    let event = json!({"source": "DATAFLY"}).to_string();
    let request = format!(
        "POST /amperity/prof/events/{STREAM_ID} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Authorization: Bearer {INGEST_TOKEN}\r\nAmperity-Tenant: {TENANT_ID}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{event}",
        event.len()
    );
    let answer = exchange(address, &request).await;
    let (head, body) = split(&answer);
    assert!(head.starts_with("http/1.1 202"));
    assert!(body.len() < declared_length(&head));
    assert_eq!(sandbox.events().len(), 1);
}

#[tokio::test]
async fn a_huge_body_declares_no_length_and_is_as_long_as_asked() {
    let (sandbox, address) = start().await;
    let bytes = 20_000_000;
    sandbox.fault("amperity.lookup.post", Some(1), Fault::huge_body(bytes)).unwrap();
    let answer = exchange(address, &lookup()).await;
    let (head, body) = split(&answer);
    assert!(head.contains("transfer-encoding: chunked") && !head.contains("content-length"));
    assert!(body.len() as u64 > bytes);
}

#[tokio::test]
async fn the_runner_serves_both_listeners_until_it_is_told_to_stop() {
    let free = "127.0.0.1:0".parse().unwrap();
    let addresses = crate::Addresses { vendor: free, shop: Some(free) };
    let config = crate::SandboxConfig { customers: 1, ..crate::SandboxConfig::default() };
    let bound = crate::bind(config, crate::system_clock(), addresses).await.unwrap();
    let (vendor, shop) = (bound.vendor_addr(), bound.shop_addr().unwrap());
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(bound.run(async { drop(ended.await) }));
    let get =
        |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(exchange(vendor, &get("/_control/hits")).await.starts_with(b"HTTP/1.1 200"));
    assert!(exchange(shop, &get("/config.json")).await.starts_with(b"HTTP/1.1 200"));
    drop(end);
    tokio::time::timeout(Duration::from_secs(10), running).await.unwrap().unwrap().unwrap();
}
