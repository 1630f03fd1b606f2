//! One suite for both implementations of the transport port: the real network, and the one in this process that
//! tests in virtual time stand on. What holds for one holds for the other, so that the second cannot lie.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path as Place, Request};
use axum::http::{Method, Request as HttpRequest, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use datafly_provider::http::{Answer, HttpError, Network, Transport, send};
use datafly_tests::InProcess;
use futures_util::stream;
use serde_json::{Value, json};

const CAP: usize = 1000;

struct Side {
    name: &'static str,
    transport: Arc<dyn Transport>,
    base: String,
    /// How often a redirect's target was asked.
    followed: Arc<AtomicU32>,
}

/// The same vendor, over a socket and without one.
async fn sides() -> [Side; 2] {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (over_socket, socket_followed) = vendor();
    let (in_process, process_followed) = vendor();
    tokio::spawn(async move { axum::serve(listener, over_socket).await });
    let network: Arc<dyn Transport> = Arc::new(Network::new().unwrap());
    let in_process: Arc<dyn Transport> = Arc::new(InProcess::new(in_process));
    [
        Side { name: "network", transport: network, base: base.clone(), followed: socket_followed },
        Side { name: "in process", transport: in_process, base, followed: process_followed },
    ]
}

fn vendor() -> (Router, Arc<AtomicU32>) {
    let followed = Arc::<AtomicU32>::default();
    let counter = Arc::clone(&followed);
    let elsewhere = move || async move {
        counter.fetch_add(1, Ordering::SeqCst);
    };
    let router = Router::new()
        .route("/redirect/{status}", any(redirect))
        .route("/elsewhere", any(elsewhere))
        .route("/length/{bytes}", any(declared))
        .route("/stream/{bytes}", any(streamed))
        .route("/encoded/{status}", any(encoded))
        .route("/cut", any(cut))
        .route("/busy", any(|| async { (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")]) }))
        .route("/hang", any(std::future::pending::<()>))
        .fallback(echo);
    (router, followed)
}

/// What arrived, as JSON: all that a vendor can see of a request but for what each library adds of its own.
async fn echo(request: Request) -> String {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let headers: Vec<_> = head
        .headers
        .iter()
        .filter(|(name, _)| {
            !["host", "accept", "user-agent", "content-length"].contains(&name.as_str())
        })
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let target = head.uri.path_and_query().map(ToString::to_string);
    let body = String::from_utf8_lossy(&body).into_owned();
    json!({"method": head.method.as_str(), "target": target, "headers": headers, "body": body})
        .to_string()
}

async fn redirect(Place(status): Place<u16>) -> Response {
    (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")]).into_response()
}

async fn declared(Place(bytes): Place<usize>) -> Vec<u8> {
    vec![b'x'; bytes]
}

async fn streamed(Place(bytes): Place<usize>) -> Body {
    let chunks = (0..bytes).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"x")));
    Body::from_stream(stream::iter(chunks))
}

async fn encoded(Place(status): Place<u16>) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("content-encoding", "gzip")], "not even gzip").into_response()
}

async fn cut() -> Body {
    let broken = Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted));
    Body::from_stream(stream::iter([Ok(Bytes::from_static(b"half")), broken]))
}

impl Side {
    async fn ask(&self, request: HttpRequest<Bytes>) -> Result<Answer, HttpError> {
        send(&*self.transport, request, Duration::from_secs(5), CAP).await
    }

    async fn get(&self, target: &str) -> Result<Answer, HttpError> {
        let uri = format!("{}{target}", self.base);
        self.ask(HttpRequest::get(uri).body(Bytes::new()).unwrap()).await
    }

    async fn echoed(&self, request: HttpRequest<Bytes>) -> Value {
        serde_json::from_slice(&self.ask(request).await.unwrap().body).unwrap()
    }
}

#[tokio::test]
async fn methods_targets_headers_and_bodies_arrive_as_they_are() {
    for side in sides().await {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            for (target, arrives) in [
                ("/plain", "/plain"),
                ("/a%20b/c%2Fd/%C3%BC/..%2F", "/a%20b/c%2Fd/%C3%BC/..%2F"),
                (
                    "/q?c=trail+%26+road&d=1%2B1&e=%20&bare",
                    "/q?c=trail+%26+road&d=1%2B1&e=%20&bare",
                ),
                ("/q?twice=1&twice=2&%26=%3D&empty=", "/q?twice=1&twice=2&%26=%3D&empty="),
                ("/dot/./x//y", "/dot/x//y"),
                ("/a/../b/%2e%2e/c", "/c"),
            ] {
                let body = if method == Method::GET { "" } else { "{\"é\":\"\\u0000\"}" };
                let request = HttpRequest::builder()
                    .method(&method)
                    .uri(format!("{}{target}", side.base))
                    .header("authorization", "Bearer t")
                    .header("x-twice", "1")
                    .header("x-twice", "two words")
                    .body(Bytes::from(body))
                    .unwrap();
                let arrived = side.echoed(request).await;
                assert_eq!(
                    arrived,
                    json!({
                        "method": method.as_str(),
                        "target": arrives,
                        "headers": [
                            ["authorization", "Bearer t"], ["x-twice", "1"], ["x-twice", "two words"],
                        ],
                        "body": body,
                    }),
                    "{}",
                    side.name
                );
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    for side in sides().await {
        for status in [301, 302, 303, 307, 308] {
            let answer = side.get(&format!("/redirect/{status}")).await.unwrap();
            assert_eq!(answer.status.as_u16(), status, "{}", side.name);
        }
        assert_eq!(side.followed.load(Ordering::SeqCst), 0, "{}", side.name);
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_its_cap() {
    for side in sides().await {
        for kind in ["length", "stream"] {
            for (bytes, whole) in
                [(0, true), (1, true), (CAP, true), (CAP + 1, false), (9 * CAP, false)]
            {
                let answer = side.get(&format!("/{kind}/{bytes}")).await;
                let read = answer.map(|answer| answer.body.len());
                let expected =
                    if whole { Ok(bytes) } else { Err(HttpError::TooLong(StatusCode::OK)) };
                assert_eq!(read, expected, "{} {kind} {bytes}", side.name);
            }
        }
    }
}

#[tokio::test]
async fn a_compressed_success_is_refused_and_a_compressed_failure_is_its_status() {
    for side in sides().await {
        assert_eq!(
            side.get("/encoded/200").await,
            Err(HttpError::Encoded(StatusCode::OK)),
            "{}",
            side.name
        );
        let failure = side.get("/encoded/503").await.unwrap();
        assert_eq!(failure.status, StatusCode::SERVICE_UNAVAILABLE, "{}", side.name);
    }
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_read() {
    for side in sides().await {
        let answer = side.get("/busy").await.unwrap();
        assert_eq!(answer.retry_after, Some(Duration::from_secs(7)), "{}", side.name);
    }
}

#[tokio::test]
async fn what_hangs_is_left_at_the_deadline_and_what_breaks_is_an_error() {
    for side in sides().await {
        let request = HttpRequest::get(format!("{}/hang", side.base)).body(Bytes::new()).unwrap();
        let hung = send(&*side.transport, request, Duration::from_millis(100), CAP).await;
        assert_eq!(hung, Err(HttpError::Deadline), "{}", side.name);
        let cut = side.get("/cut").await;
        assert!(matches!(cut, Err(HttpError::Connection(_))), "{}: {cut:?}", side.name);
    }
}
