//! Random requests, structured and raw, over all routes: no panic, no 5xx, and never a word that is not
//! the envelope. 10,000 of them, or as many as `DATAFLY_FUZZ_REQUESTS` says.

use datafly_tests::signed::{sign, text_of_bootstrap};
use datafly_tests::{PIPELINE, SITE, TestApp, TestConfig};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

#[derive(Debug, Clone)]
struct Wild {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    prop::sample::select(texts).prop_map(str::to_owned)
}

fn path() -> impl Strategy<Value = String> {
    let route = prop_oneof![
        8 => one_of(&[
            "/v1/enrich", "/v1/loader.js", "/v1/p", "/v1/t", "/v1/i", "/v1/reset", "/v1/assets/sdk-1.js",
            "/v1/assets/", "/v1", "/", "//", "/v1/p/", "/v1/%70", "/v1/consent", "/v1/forget", "/v1/bootstrap",
        ]),
        8 => one_of(&[
            "/v1/g", "/v1/screen", "/v1/alias", "/v1/batch", "/v1/b", "/v1/events", "/v1/pixel/page", "/v1/pixel/track",
            "/v1/pixel/", "/v1/projects/dk_test_shop/settings", "/v1/projects//settings", "/sourceConfig/",
            "/api/s/page", "/api/s/", "/beacon/v1/batch",
        ]),
        1 => "/[!-~&&[^#?]]{0,40}",
    ];
    let key = prop_oneof![
        6 => Just(format!("key={PIPELINE}")),
        1 => "key=[!-~&&[^#]]{0,30}",
        1 => Just(String::new()),
    ];
    let rest = prop_oneof![
        3 => Just("provider=amperity".to_owned()),
        1 => "provider=[!-~&&[^#]]{0,20}",
        1 => "[!-~&&[^#]]{0,60}",
        1 => one_of(&["refresh=1", "%", "%zz", "a=b&a=c", "provider=amperity&provider=x", "&&&=", ""]),
        1 => one_of(&["e=x&aid=a", "e=x&p.a=1&p.=2&t.email=x", "ts=1", "ts=99999999999999999", "wk=x&mid=%00"]),
        1 => one_of(&["enrich=amperity", "enrich=amperity,amperity", "enrich=x", "enrich=,", "enrich="]),
    ];
    (route, key, rest).prop_map(|(route, key, rest)| format!("{route}?{key}&{rest}"))
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let header = prop_oneof![
        6 => Just(("origin".to_owned(), SITE.to_owned())),
        1 => ("origin", "[ -~]{0,40}"),
        3 => ("content-type", one_of(&["text/plain", "application/json", "text/html", "", ";;;"])),
        2 => ("sec-fetch-mode", one_of(&["cors", "no-cors", "navigate", "same-origin", "x"])),
        2 => ("sec-fetch-site", one_of(&["same-origin", "same-site", "cross-site", "none", "x"])),
        1 => ("authorization", "(Bearer|Basic|basic) [!-~]{0,30}"),
        2 => ("cookie", "(__Host-dfk|_dfid|[a-z]{0,5})=[ -~]{0,80}"),
        1 => ("accept-encoding", "[ -~]{0,30}"),
        1 => ("content-length", "[0-9]{1,20}"),
        1 => ("[a-z-]{1,12}", "[ -~]{0,30}").prop_map(|(name, value)| (name, value)),
    ]
    .prop_map(|(name, value)| (name.clone(), value.clone()));
    prop::collection::vec(header, 0..6)
}

fn json() -> impl Strategy<Value = String> {
    let name = one_of(&[
        "type",
        "event",
        "name",
        "userId",
        "anonymousId",
        "messageId",
        "timestamp",
        "properties",
        "traits",
        "context",
        "token",
        "email",
        "phone",
        "canonicalId",
        "providers",
        "consent",
        "personalization",
        "categories",
        "handle",
        "batch",
        "writeKey",
        "sentAt",
        "groupId",
        "previousId",
        "__proto__",
        "",
        "\u{0}",
    ]);
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<f64>().prop_map(|n| serde_json::Value::from(n).to_string()),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        one_of(&[
            "\"page\"",
            "\"track\"",
            "\"identify\"",
            "\"2026-01-01T00:00:00Z\"",
            "1e999",
            "\"\\ud800\""
        ]),
    ];
    leaf.prop_recursive(3, 24, 5, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            3 => prop::collection::vec((name.clone(), inner), 0..6).prop_map(|fields| {
                let field = |(name, value): &(String, String)| {
                    format!("{}:{value}", serde_json::Value::from(name.as_str()))
                };
                format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

fn wild() -> impl Strategy<Value = Wild> {
    let method =
        one_of(&["GET", "POST", "POST", "POST", "OPTIONS", "HEAD", "PUT", "DELETE", "X-Y"]);
    let body = prop_oneof![
        4 => json().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => (60_000_usize..70_000).prop_map(|n| vec![b'[' ; n]),
    ];
    (method, path(), headers(), body).prop_map(|(method, path, headers, body)| Wild {
        method,
        path,
        headers,
        body,
    })
}

#[test]
fn random_requests_never_break_the_server() {
    let count = option_env!("DATAFLY_FUZZ_REQUESTS").and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pipeline = "server_keys = [{ secret = { env = \"SERVER_KEY\" } }]\n\
                        consent.enrich = \"essential\"";
        let app = TestApp::start_with(TestConfig { pipeline, ..TestConfig::default() }).await;
        let _delivering = app.deliver();
        let mut runner = TestRunner::deterministic();
        let requests = wild();
        let mut statuses = std::collections::BTreeMap::<u16, u32>::new();
        for n in 0..count {
            let request = requests.new_tree(&mut runner).unwrap().current();
            let mut builder =
                axum::http::Request::builder().method(request.method.as_str()).uri(&request.path);
            for (name, value) in &request.headers {
                builder = builder.header(name, value);
            }
            let signed = |text: String| {
                [("x-timestamp", "1800000000".to_owned()), ("x-signature", sign(&text))]
            };
            if let Ok(body) = str::from_utf8(&request.body) {
                let headers = if request.path.starts_with("/v1/bootstrap") {
                    Some(signed(text_of_bootstrap(&app, body)))
                } else if request.path.starts_with("/v1/events") {
                    Some(signed(format!("1800000000.{body}")))
                } else {
                    None
                };
                for (name, value) in headers.into_iter().flatten() {
                    builder = builder.header(name, value);
                }
            }
            // What the HTTP library itself cannot express never reaches a handler either.
            let Ok(built) = builder.body(axum::body::Body::from(request.body.clone())) else {
                continue;
            };
            let answer = datafly_tests::send(app.edge.clone(), built).await;
            let status = answer.status.as_u16();
            *statuses.entry(status).or_default() += 1;
            assert!(status < 500, "request {n}: {status} to {request:?}");
            if status >= 400 && request.method != "HEAD" {
                assert!(!answer.code().is_empty(), "request {n}: {request:?}");
            }
        }
        // Whatever was accepted has been taken, or is a dead letter, whole.
        app.nothing_waits().await;
        // The generator reaches past the first check of every kind.
        for status in [200, 204, 400, 401, 403, 404, 405, 413, 415] {
            assert!(statuses.contains_key(&status), "no {status} among {statuses:?}");
        }
    });
}
