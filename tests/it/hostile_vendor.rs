//! A vendor, or a page by way of a vendor, that attacks: endless bodies, bombs, redirects, and identifiers made to
//! break out of a request. What counts is what went over the wire.

use std::io::Write;
use std::time::Duration;

use datafly_tests::{TestApp, TestConfig};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::raw_vendor::{RawVendor, Reply};

/// A body is read up to 1 MB; the rest is what the two sockets' buffers hold, once for the call and once for its
/// retry.
const MOST_WRITTEN: u64 = 2 * 12 * 1024 * 1024;

/// What a call that waits for more than it is given takes.
const CALL_DEADLINE: Duration = Duration::from_secs(1);

const GIGABYTE_OF_CHUNKS: usize = 16 * 1024;

/// A known visitor's page, answered within the deadline and without an error; how long it took.
async fn page_is_answered(app: &TestApp) -> Duration {
    let mut browser = app.browser();
    browser.page().await;
    let began = Instant::now();
    let answer = browser.enrich().await;
    let took = began.elapsed();
    assert_eq!((answer.status.as_u16(), &answer.json()["attributes"]), (200, &json!({})));
    took
}

/// A gigabyte that follows on a head.
fn gigabyte(head: &str) -> Reply {
    let start = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{head}\r\n\r\n");
    let mut chunk = vec![b' '; 64 * 1024];
    if head.contains("chunked") {
        chunk = [b"10000\r\n", &chunk[..], b"\r\n"].concat();
    }
    Reply { start: start.into(), chunk, chunks: GIGABYTE_OF_CHUNKS }
}

async fn is_cut_off(vendor: &RawVendor) {
    for _ in 0..200 {
        if vendor.cut_off() == vendor.connections() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(vendor.cut_off(), vendor.connections(), "every connection was hung up on");
    let written = vendor.written();
    crate::tell(&format!("of a gigabyte {written} bytes were taken"));
    assert!(vendor.connections() <= 2 && written <= MOST_WRITTEN, "{written} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_a_gigabyte_is_left_where_it_passes_the_cap() {
    let vendor = RawVendor::start(|_| gigabyte("transfer-encoding: chunked")).await;
    let app = vendor.app(&TestConfig::default());
    page_is_answered(&app).await;
    is_cut_off(&vendor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_says_it_is_a_gigabyte_is_not_begun() {
    // Honest, and it comes; and honest, and the server waits for nothing of it.
    let vendor = RawVendor::start(|_| gigabyte("content-length: 1073741824")).await;
    let app = vendor.app(&TestConfig::default());
    page_is_answered(&app).await;
    is_cut_off(&vendor).await;
    let silent =
        RawVendor::start(|_| Reply { chunks: 0, ..gigabyte("content-length: 1073741824") }).await;
    let took = page_is_answered(&silent.app(&TestConfig::default())).await;
    assert!(took < CALL_DEADLINE, "answered by the head alone: {took:?}");
}

/// Small on the wire and large in memory: it is refused by its head, and nothing of it is unpacked or even read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decompression_bomb_is_not_unpacked() {
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        bomb.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 128 * 1024, "it would pass the cap");
    for encoding in ["gzip", "x-gzip", "br", "zstd", "deflate", "gzip, gzip", "identity, gzip"] {
        let (head, body) = (
            format!(
                "HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n",
                bomb.len()
            ),
            bomb.clone(),
        );
        let vendor = RawVendor::start(move |_| Reply::of([head.as_bytes(), &body].concat())).await;
        let took = page_is_answered(&vendor.app(&TestConfig::default())).await;
        assert!(took < CALL_DEADLINE, "{encoding}: {took:?}");
        for request in vendor.requests() {
            assert!(!request.to_lowercase().contains("accept-encoding"), "none was asked for");
        }
    }
    // The same without end: hung up on at the head.
    let vendor =
        RawVendor::start(|_| gigabyte("content-encoding: gzip\r\ntransfer-encoding: chunked"))
            .await;
    page_is_answered(&vendor.app(&TestConfig::default())).await;
    is_cut_off(&vendor).await;
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let elsewhere =
        RawVendor::start(|_| Reply::json(r#"{"profile_id":"p","attributes":{"Persona":"x"}}"#))
            .await;
    for status in [300, 301, 302, 303, 307, 308] {
        let target = elsewhere.address;
        let vendor = RawVendor::start(move |_| {
            Reply::of(format!(
                "HTTP/1.1 {status} Moved\r\nlocation: http://{target}/x\r\nrefresh: 0; url=http://{target}/\r\n\
                 content-length: 0\r\n\r\n"
            ))
        })
        .await;
        page_is_answered(&vendor.app(&TestConfig::default())).await;
        assert!(vendor.connections() > 0, "{status}: it was asked");
    }
    assert_eq!(elsewhere.connections(), 0);
}

/// The names of a request's head, and that nothing but our own headers is in it.
fn assert_only_our_headers(request: &str) {
    let (head, _) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    let first: Vec<_> = lines.next().unwrap().split(' ').collect();
    assert!(matches!(first[..], ["GET" | "POST", _, "HTTP/1.1"]), "{first:?}");
    assert!(first[1].is_ascii() && first[1].starts_with("/amperity/prof/"), "{first:?}");
    let mut names: Vec<_> = lines.map(|line| line.split_once(": ").unwrap().0).collect();
    names.sort_unstable();
    let mut ours = vec!["accept", "amperity-tenant", "authorization", "host", "user-agent"];
    if first[0] == "POST" {
        ours.extend(["content-length", "content-type"]);
    }
    ours.sort_unstable();
    assert_eq!(names, ours, "{head}");
    assert!(!head.replace("\r\n", "").contains(['\r', '\n', '\0']), "{head:?}");
}

#[tokio::test]
async fn identifiers_cannot_leave_their_place_in_a_request() {
    let config = TestConfig { verification: "off", ..TestConfig::default() };
    for broken in ["a\r\nX-Injected: 1", "a\nb", "a\r", "a\0b", "\u{7f}", "\u{85}x", "a\u{1b}[0m"] {
        let vendor =
            RawVendor::start(|_| Reply::of("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n")).await;
        let app = vendor.app(&config);
        for body in [
            json!({"userId": broken, "traits": {}}),
            json!({"userId": "u", "traits": {"email": broken}}),
            json!({"userId": "u", "traits": {"phone": broken}}),
        ] {
            let mut browser = app.browser();
            let answer = browser.identify(&body).await;
            assert_eq!(answer.status, 400, "{body}");
            browser.enrich().await;
        }
        for request in vendor.requests() {
            assert_only_our_headers(&request);
        }
    }
    // What is only unusual is passed on as it is: JSON, in the body.
    for odd in
        ["zoë@exämple.test", "\u{202e}moc", "a\u{2028}b", "\"},\"x\":{\"", "%0d%0aX: 1", "😀"]
    {
        let vendor =
            RawVendor::start(|_| Reply::of("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n")).await;
        let app = vendor.app(&config);
        let mut browser = app.browser();
        let answer = browser.identify(&json!({"userId": odd, "traits": {"email": odd}})).await;
        assert_eq!(answer.status, 200, "{odd}");
        browser.enrich().await;
        let requests = vendor.requests();
        let bodies = requests.iter().map(|request| {
            assert_only_our_headers(request);
            serde_json::from_str::<Value>(request.split_once("\r\n\r\n").unwrap().1).unwrap()
        });
        let keys: Vec<_> = bodies.map(|body| body["keys"].clone()).collect();
        assert!(keys.contains(&json!({ "customer_id": odd })), "{odd}: {keys:?}");
        assert!(keys.iter().all(|keys| keys.as_object().unwrap().len() == 1), "{keys:?}");
    }
}

/// The vendor's own profile id goes into a path, and a page's context into a query.
#[tokio::test]
async fn profile_ids_and_context_cannot_leave_their_place_in_a_url() {
    let id = "../../../events?x=1#X: 1 \u{2028}/";
    let profile = json!({"profile_id": id, "attributes": {"Persona": "Value Hunter"}}).to_string();
    let vendor = RawVendor::start(move |_| Reply::json(&profile)).await;
    let app = vendor.app(&TestConfig {
        integration: "context_sensitive_personalisation = true\n\
                      personalisation_context_mappings = [{ source = \"properties.c\", target = \"c&d\" }]",
        ..TestConfig::default()
    });
    let mut browser = app.browser();
    for context in ["a b+c&d=e#\u{2028}ü/..", "a\r\nX-Injected: 1"] {
        app.surroundings.wait(SignedDuration::from_hours(1));
        let page = json!({"name": "p", "properties": {"c": context}}).to_string();
        let path = format!("/v1/p?key={}", datafly_tests::PIPELINE);
        browser.fetch("POST", &path, &page).await;
        assert_eq!(browser.attributes().await["Persona"], "Value Hunter");
    }
    browser.refresh().await;
    let requests = vendor.requests();
    let place = "/amperity/prof/profiles/apc-sandbox1/\
                 ..%2F..%2F..%2Fevents%3Fx=1%23X:%201%20%E2%80%A8%2F";
    let reads: Vec<_> = requests.iter().filter(|request| request.starts_with("GET")).collect();
    for request in &requests {
        assert_only_our_headers(request);
    }
    let asked: Vec<_> = reads.iter().map(|request| request.split(' ').nth(1).unwrap()).collect();
    let query = "?c%26d=a+b%2Bc%26d%3De%23%E2%80%A8%C3%BC%2F..";
    assert!(asked.contains(&format!("{place}{query}").as_str()), "{asked:#?}");
    assert!(asked.iter().all(|uri| uri.starts_with(place)), "{asked:#?}");
    // The second context is no text that may be told: it is left out.
    assert!(
        asked.iter().all(|uri| [place, &format!("{place}{query}")].contains(uri)),
        "{asked:#?}"
    );
}

/// A URL would drop a line break, and so name another profile.
#[tokio::test]
async fn a_profile_id_that_no_url_can_carry_is_a_bad_answer() {
    for id in ["a\r\nX-Injected: 1", "a\nb", "\u{0}", ".", "..", "a\tb"] {
        let profile = json!({"profile_id": id, "attributes": {"Persona": "x"}}).to_string();
        let vendor = RawVendor::start(move |_| Reply::json(&profile)).await;
        page_is_answered(&vendor.app(&TestConfig::default())).await;
        for request in vendor.requests() {
            assert_only_our_headers(&request);
            assert!(request.starts_with("POST /amperity/prof/lookup/"), "{request}");
        }
    }
}
