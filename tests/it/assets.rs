//! The bundle's files.

use datafly_tests::TestApp;

async fn get(accept: &str) -> datafly_tests::Answer {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let answer =
        browser.send("GET", "/v1/assets/sdk-1.js", &[("accept-encoding", accept)], "").await;
    assert!(browser.cookies.is_empty() && app.surroundings.drawn() == 0);
    answer
}

#[tokio::test]
async fn they_are_immutable_and_readable_from_anywhere() {
    let answer = get("gzip, deflate, br, zstd").await;
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

/// The loader is included with credentials, and what it imports is fetched the same way.
#[tokio::test]
async fn a_page_may_import_them_with_credentials() {
    let app = TestApp::start().await;
    for origin in ["https://www.shop.test", "https://anywhere.test"] {
        let headers = [("origin", origin), ("sec-fetch-mode", "cors"), ("cookie", "__Host-dfk=x")];
        let answer = app.browser().send("GET", "/v1/assets/sdk-1.js", &headers, "").await;
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        assert!(answer.set_cookies().is_empty());
    }
}

#[tokio::test]
async fn they_come_in_the_best_encoding_the_client_takes() {
    for (accept, encoding, body) in [
        ("gzip, deflate, br, zstd", "br", "brotli js"),
        ("gzip", "gzip", "gzip js"),
        ("br;q=0, gzip;q=0.5", "gzip", "gzip js"),
        ("", "", "plain js"),
        ("identity", "", "plain js"),
    ] {
        let answer = get(accept).await;
        assert_eq!(answer.header("content-encoding"), encoding, "{accept}");
        assert_eq!(answer.body, body, "{accept}");
        assert_eq!(answer.header("vary"), "Accept-Encoding, Origin");
    }
}

#[tokio::test]
async fn wasm_has_its_own_type() {
    let app = TestApp::start().await;
    let answer = app.browser().send("GET", "/v1/assets/sdk-1.wasm", &[], "").await;
    assert_eq!(answer.header("content-type"), "application/wasm");
}

/// What the loader imports, and what is loaded when it is needed.
#[tokio::test]
async fn every_part_of_the_bundle_is_there() {
    let app = TestApp::start().await;
    for (name, body) in [("engine-1.js", "plain engine"), ("debug-1.js", "plain debug")] {
        let answer = app.browser().send("GET", &format!("/v1/assets/{name}"), &[], "").await;
        assert_eq!(answer.body, body);
        assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8");
    }
}

#[tokio::test]
async fn there_is_no_way_out_of_the_folder() {
    let app = TestApp::start().await;
    for path in
        ["../manifest.json", "%2e%2e%2fmanifest.json", "manifest.json", "sdk-1.js.br", "..", "%00"]
    {
        let answer = app.browser().send("GET", &format!("/v1/assets/{path}"), &[], "").await;
        assert_eq!(answer.status, 404, "{path}");
        // The next deployment may have it, and a CDN in between must not know better.
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}
