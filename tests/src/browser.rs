//! A browser as the server sees one: it keeps cookies, and says where a request comes from.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use datafly_server::edge::Edge;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::{Service, ServiceExt};

use crate::app::PIPELINE;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {:?}", self.body))
    }

    /// `error.code` of a refusal.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The `Set-Cookie` headers.
    pub fn set_cookies(&self) -> Vec<String> {
        let values = self.headers.get_all("set-cookie").iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    /// Every byte a browser or its devtools could show.
    pub fn all_bytes(&self) -> String {
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value:?}\n"));
        headers.collect::<String>() + &String::from_utf8_lossy(&self.body)
    }
}

/// The attributes of a `Set-Cookie`, without its value.
pub fn cookie_attributes(set_cookie: &str) -> String {
    set_cookie.split_once("; ").map_or_else(String::new, |(_, rest)| rest.to_owned())
}

/// Sends one request to a server.
pub async fn send<S>(server: S, request: Request<Body>) -> Answer
where
    S: Service<Request<Body>, Response = Response, Error = Infallible>,
{
    let (parts, body) = server.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// As our SDK makes one for each event.
fn next_message_id() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("message-{}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// One browser with its cookie jar, on a page of one origin.
#[derive(Clone)]
pub struct Browser {
    server: Edge,
    origin: &'static str,
    /// The cookies of the server's host, by name.
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn new(server: Edge, origin: &'static str) -> Self {
        Self { server, origin, cookies: BTreeMap::new() }
    }

    /// The same jar on a page of another origin.
    #[must_use]
    pub fn on(&self, origin: &'static str) -> Self {
        Self { origin, ..self.clone() }
    }

    /// The visitor's id, as the cookie shows it.
    pub fn visitor(&self) -> Option<String> {
        self.cookies.get("__Host-dfk")?.split('.').nth(2).map(str::to_owned)
    }

    /// The visitor's version, as the cookie shows it.
    pub fn version(&self) -> Option<u64> {
        self.cookies.get("__Host-dfk")?.split('.').nth(3)?.parse().ok()
    }

    /// What `fetch(…, {credentials: "include"})` sends from the page.
    pub async fn fetch(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let mut headers = vec![
            ("origin", self.origin),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-dest", "empty"),
        ];
        if method == "POST" {
            headers.push(("content-type", "text/plain;charset=UTF-8"));
        }
        self.send(method, path, &headers, body).await
    }

    /// A request with exactly these headers and the jar's cookies; what is set goes into the jar.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let jar = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            request = request.header("cookie", jar.collect::<Vec<_>>().join("; "));
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = send(self.server.clone(), request).await;
        for cookie in answer.set_cookies() {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap_or_default();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// The SDK's `GET /v1/enrich`.
    pub async fn enrich(&mut self) -> Answer {
        self.fetch("GET", &format!("/v1/enrich?provider=amperity&key={PIPELINE}"), "").await
    }

    /// The SDK's `refreshProfile()`.
    pub async fn refresh(&mut self) -> Value {
        let path = format!("/v1/enrich?provider=amperity&key={PIPELINE}&refresh=1");
        self.fetch("GET", &path, "").await.json()["attributes"].clone()
    }

    /// The attributes the page ends up with.
    pub async fn attributes(&mut self) -> Value {
        let answer = self.enrich().await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
        answer.json()["attributes"].clone()
    }

    /// The SDK's page event.
    pub async fn page(&mut self) -> Answer {
        let body = json!({"type": "page", "messageId": next_message_id()}).to_string();
        self.fetch("POST", &format!("/v1/p?key={PIPELINE}"), &body).await
    }

    /// The SDK's identify with `userId`, `traits` and perhaps `token` as the site's backend gave them.
    pub async fn identify(&mut self, who: &Value) -> Answer {
        let mut body = who.clone();
        body["type"] = json!("identify");
        body["messageId"] = json!(next_message_id());
        self.fetch("POST", &format!("/v1/i?key={PIPELINE}"), &body.to_string()).await
    }

    /// The SDK's reset.
    pub async fn reset(&mut self) -> Answer {
        self.fetch("POST", &format!("/v1/reset?key={PIPELINE}"), "").await
    }
}
