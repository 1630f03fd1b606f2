//! Who may call: what other sites, sibling subdomains, forged cookies and navigations get, which is
//! nothing, and what they change, which is nothing either.

use datafly_tests::{Answer, Browser, PIPELINE, SITE, TestApp, TestConfig};
use serde_json::json;

const EVIL_SIBLING: &str = "https://evil.shop.test";
const EVIL: &str = "https://evil.test";

/// A visitor whose profile is worth stealing: bound to Alice, and linked to her at the vendor.
async fn victim(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    browser.identify(&app.log_in("alice").await).await;
    app.sandbox.link(&browser.visitor().unwrap(), "alice").unwrap();
    assert_eq!(browser.attributes().await["Persona"], "Style Seeker");
    browser
}

fn assert_refused(answer: &Answer, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, code));
    assert!(answer.set_cookies().is_empty(), "{:?}", answer.headers);
    assert!(!answer.all_bytes().contains("Style Seeker"));
}

/// The victim is who it was, at the version it had, and the vendor was not asked for the attack.
async fn assert_untouched(app: &TestApp, victim: &mut Browser, calls_before: u64) {
    assert_eq!(app.vendor_calls(), calls_before);
    let (id, version) = (victim.visitor(), victim.version());
    assert_eq!(victim.attributes().await["Persona"], "Style Seeker");
    assert_eq!(victim.page().await.status, 200);
    assert_eq!((victim.visitor(), victim.version()), (id, version));
}

#[tokio::test]
async fn other_origins_are_refused_on_every_route() {
    let app = TestApp::start().await;
    let mut victim = victim(&app).await;
    let calls = app.vendor_calls();
    for origin in [
        EVIL_SIBLING,
        EVIL,
        "null",
        "http://www.shop.test",
        "https://www.shop.test:8443",
        "https://www.shop.test.evil.test",
        "https://WWW.shop.test",
        "https://www.other.test",
    ] {
        let mut attacker = victim.on(origin);
        for (method, path) in [
            ("GET", "/v1/enrich?provider=amperity"),
            ("POST", "/v1/p?x=1"),
            ("POST", "/v1/t?x=1"),
            ("POST", "/v1/i?x=1"),
            ("POST", "/v1/reset?x=1"),
            ("POST", "/v1/consent?x=1"),
            ("POST", "/v1/forget?x=1"),
            ("POST", "/v1/bootstrap?x=1"),
        ] {
            let path = format!("{path}&key={PIPELINE}");
            let body = r#"{"event":"e","userId":"user-bob"}"#;
            let answer = attacker.fetch(method, &path, body).await;
            assert_refused(&answer, "ORIGIN_NOT_ALLOWED");
            // Another site's origin may read the refusal only where some pipeline knows it.
            let readable = answer.header("access-control-allow-origin");
            let known = if origin == "https://www.other.test" { origin } else { "" };
            assert_eq!(readable, known, "{origin}");
        }
    }
    assert_untouched(&app, &mut victim, calls).await;
}

#[tokio::test]
async fn includes_without_cors_read_nothing() {
    let app = TestApp::start().await;
    let mut victim = victim(&app).await;
    let calls = app.vendor_calls();
    let enrich = format!("/v1/enrich?provider=amperity&key={PIPELINE}");
    // `<script src>`, `<img>`, an old browser without `Sec-Fetch-*`, and two origins at once.
    for headers in [
        &[("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "same-site")][..],
        &[("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "cross-site")],
        &[],
        &[("origin", SITE), ("origin", EVIL)],
    ] {
        let answer = victim.clone().send("GET", &enrich, headers, "").await;
        assert_refused(&answer, "ORIGIN_NOT_ALLOWED");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
    }
    assert_untouched(&app, &mut victim, calls).await;
}

#[tokio::test]
async fn a_page_of_the_server_s_own_origin_may_read() {
    let app = TestApp::start().await;
    let mut victim = victim(&app).await;
    let headers = [("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-origin")];
    let enrich = format!("/v1/enrich?provider=amperity&key={PIPELINE}");
    let answer = victim.send("GET", &enrich, &headers, "").await;
    assert_eq!(answer.json()["attributes"]["Persona"], "Style Seeker");
}

#[tokio::test]
async fn navigations_and_form_posts_are_refused_before_any_cookie() {
    let app = TestApp::start().await;
    let mut victim = victim(&app).await;
    let calls = app.vendor_calls();
    let drawn = app.surroundings.drawn();
    for (method, path) in [
        ("GET", "/v1/enrich?provider=amperity"),
        ("POST", "/v1/i?x=1"),
        ("POST", "/v1/reset?x=1"),
        ("POST", "/v1/p?x=1"),
        ("POST", "/v1/consent?x=1"),
        ("POST", "/v1/forget?x=1"),
        ("POST", "/v1/bootstrap?x=1"),
    ] {
        let path = format!("{path}&key={PIPELINE}");
        for origin in [EVIL, SITE] {
            // A cross-site form carries no Lax cookie; a same-site one does. Both are refused.
            for mut browser in [app.browser(), victim.clone()] {
                let headers = [
                    ("origin", origin),
                    ("sec-fetch-mode", "navigate"),
                    ("sec-fetch-site", "cross-site"),
                    ("content-type", "text/plain"),
                ];
                let answer = browser.send(method, &path, &headers, r#"{"userId":"x"}"#).await;
                assert_refused(&answer, "NAVIGATION_REFUSED");
            }
        }
    }
    assert_eq!(app.surroundings.drawn(), drawn, "no visitor was made");
    assert_untouched(&app, &mut victim, calls).await;
}

#[tokio::test]
async fn a_planted_dfid_is_not_read() {
    let app = TestApp::start().await;
    let mut victim = victim(&app).await;
    let calls = app.vendor_calls();
    let mut attacker = app.browser();
    attacker.cookies.insert("_dfid".to_owned(), victim.visitor().unwrap());
    assert_eq!(attacker.attributes().await, json!({}));
    assert_ne!(attacker.visitor(), victim.visitor());
    assert_untouched(&app, &mut victim, calls).await;
}

#[tokio::test]
async fn a_forged_credential_is_a_new_visitor() {
    let app = TestApp::start().await;
    let mut victim = victim(&app).await;
    let calls = app.vendor_calls();
    let good = victim.cookies["__Host-dfk"].clone();
    let id = victim.visitor().unwrap();
    let (body, mac) = good.rsplit_once('.').unwrap();
    let another = app.browser().clone();
    for forged in [
        id.clone(),
        format!("1.t.{id}.1.20833."),
        format!("1.t.{id}.9.20833.{mac}"),
        format!("1.x.{id}.1.20833.{mac}"),
        format!("{body}.{}", "A".repeat(mac.len())),
        format!("{good}x"),
        format!("\"{good}"),
        String::new(),
    ] {
        let mut attacker = another.clone();
        attacker.cookies.insert("__Host-dfk".to_owned(), forged.clone());
        assert_eq!(attacker.attributes().await, json!({}), "{forged}");
        assert_ne!(attacker.visitor(), Some(id.clone()), "{forged}");
    }
    assert_untouched(&app, &mut victim, calls).await;
}

#[tokio::test]
async fn two_credentials_count_as_none() {
    let app = TestApp::start().await;
    let mut victim = victim(&app).await;
    let calls = app.vendor_calls();
    let mut attacker = app.browser();
    attacker.enrich().await;
    let two = format!(
        "__Host-dfk={}; __Host-dfk={}",
        attacker.cookies["__Host-dfk"], victim.cookies["__Host-dfk"]
    );
    let headers = [("origin", SITE), ("cookie", two.as_str()), ("sec-fetch-mode", "cors")];
    let mut empty = app.browser();
    let enrich = format!("/v1/enrich?provider=amperity&key={PIPELINE}");
    let answer = empty.send("GET", &enrich, &headers, "").await;
    assert_eq!(answer.json()["attributes"], json!({}));
    assert!(![victim.visitor(), attacker.visitor()].contains(&empty.visitor()));
    assert_untouched(&app, &mut victim, calls).await;
}

/// Other cookies of the site hold anything, and a sibling subdomain plants what it likes.
#[tokio::test]
async fn what_other_cookies_hold_changes_nothing() {
    let app = TestApp::start().await;
    let mut victim = victim(&app).await;
    let calls = app.vendor_calls();
    let good = victim.cookies["__Host-dfk"].clone();
    for neighbour in [
        "city=Zürich",
        "x=\u{e9}",
        "\u{2000}__Host-dfk=planted",
        "=__Host-dfk=planted",
        "__host-dfk=planted",
        "__Host-dfk",
        "novalue",
        "",
    ] {
        for cookie in
            [format!("{neighbour}; __Host-dfk={good}"), format!("__Host-dfk={good};{neighbour}")]
        {
            let mut request =
                axum::http::Request::get(format!("/v1/enrich?provider=amperity&key={PIPELINE}"));
            let headers = request.headers_mut().unwrap();
            headers.insert("origin", SITE.parse().unwrap());
            headers
                .insert("cookie", axum::http::HeaderValue::from_bytes(cookie.as_bytes()).unwrap());
            let request = request.body(axum::body::Body::empty()).unwrap();
            let answer = datafly_tests::send(app.edge.clone(), request).await;
            assert_eq!(answer.json()["attributes"]["Persona"], "Style Seeker", "{cookie}");
            assert!(answer.set_cookies().is_empty(), "{cookie}");
        }
    }
    // The cache knows the victim, whatever else the jar holds.
    assert_untouched(&app, &mut victim, calls).await;
}

#[tokio::test]
async fn a_post_with_a_cookie_but_no_origin_is_no_server_s() {
    let app = TestApp::start().await;
    let victim = victim(&app).await;
    let plain = [("content-type", "text/plain")];
    let path = format!("/v1/i?key={PIPELINE}");
    let body = r#"{"userId":"user-bob"}"#;
    let answer = victim.clone().send("POST", &path, &plain, body).await;
    assert_refused(&answer, "ORIGIN_NOT_ALLOWED");
    let fetch_only = [("content-type", "text/plain"), ("sec-fetch-site", "cross-site")];
    let answer = app.browser().send("POST", &path, &fetch_only, body).await;
    assert_refused(&answer, "ORIGIN_NOT_ALLOWED");
}

/// The other ways to the same data: what a page claims never opens another visitor's profile.
#[tokio::test]
async fn a_victim_s_id_as_a_claim_opens_nothing() {
    let app =
        TestApp::start_with(TestConfig { verification: "required", ..TestConfig::default() }).await;
    let victim = victim(&app).await;
    let id = victim.visitor().unwrap();
    let mut attacker = app.browser();
    attacker
        .identify(
            &json!({"userId": id, "anonymousId": id, "traits": {"email": "alice@example.com"}}),
        )
        .await;
    assert_eq!(attacker.attributes().await, json!({}));
}

mod loader {
    use super::*;

    async fn load(browser: &mut Browser, headers: &[(&str, &str)]) -> Answer {
        browser.send("GET", &format!("/v1/loader.js?key={PIPELINE}"), headers, "").await
    }

    fn handle_in(answer: &Answer) -> String {
        let script = String::from_utf8_lossy(&answer.body).into_owned();
        let after = script.split(r#""handle":""#).nth(1).unwrap();
        after.split('"').next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_cors_include_of_the_site_makes_the_visitor() {
        let app = TestApp::start().await;
        let mut browser = app.browser();
        let headers =
            [("origin", SITE), ("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-site")];
        let answer = load(&mut browser, &headers).await;
        assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert_eq!(answer.header("access-control-allow-origin"), SITE);
        assert_eq!(answer.set_cookies().len(), 2);
        assert_eq!(
            String::from_utf8_lossy(&answer.body),
            r#"boot({"pipelineKey":"dk_test_shop","endpoint":"https://id.shop.test","assets":"https://collect.shop.test/v1/assets/","engine":"engine-1.js","wasm":"sdk-1.wasm","providers":["amperity"],"timeoutMs":3000,"credentialed":true,"context":false,"browser":{"page":true,"session":true},"chunks":{"debug":"debug-1.js"},"profiles":{"amperity":{}},"handle":"HANDLE"})"#
                .replace("HANDLE", &handle_in(&answer))
        );
        assert_eq!(app.vendor_calls(), 0, "nobody can know an id of this very answer");
        assert!(load(&mut browser, &headers).await.set_cookies().is_empty(), "known by now");
    }

    #[tokio::test]
    async fn every_other_include_gets_the_configuration_and_no_cookie() {
        let app = TestApp::start().await;
        let mut victim = victim(&app).await;
        let calls = app.vendor_calls();
        for headers in [
            &[("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "same-site")][..],
            &[("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "cross-site")],
            &[("origin", EVIL_SIBLING), ("sec-fetch-mode", "cors")],
            &[("origin", EVIL), ("sec-fetch-mode", "cors")],
            &[("origin", "null"), ("sec-fetch-mode", "cors")],
            &[("origin", SITE)],
            &[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "none")],
            &[],
        ] {
            let answer = load(&mut victim.clone(), headers).await;
            assert_eq!(answer.status, 200, "{headers:?}");
            assert!(answer.set_cookies().is_empty(), "{headers:?}");
            assert!(String::from_utf8_lossy(&answer.body).contains("\"credentialed\":false"));
            assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
            assert!(!answer.all_bytes().contains(&victim.visitor().unwrap()));
            for word in ["Style Seeker", "profiles", "handle"] {
                assert!(!answer.all_bytes().contains(word), "{word} for {headers:?}");
            }
        }
        assert_untouched(&app, &mut victim, calls).await;
    }

    #[tokio::test]
    async fn a_cors_include_of_a_known_visitor_holds_the_profile() {
        let app = TestApp::start().await;
        let mut victim = victim(&app).await;
        let calls = app.vendor_calls();
        let headers =
            [("origin", SITE), ("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-site")];
        let answer = load(&mut victim, &headers).await;
        let script = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(script.contains(r#""Persona":"Style Seeker""#), "{script}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(app.vendor_calls(), calls, "from the cache");
    }

    /// What a vendor says may be anything; it stays a text of the script's configuration.
    #[tokio::test]
    async fn hostile_values_cannot_leave_their_literal() {
        let app = TestApp::start().await;
        let mut browser = app.browser();
        browser.page().await;
        app.sandbox.link(&browser.visitor().unwrap(), "hostile").unwrap();
        browser.attributes().await;
        let headers =
            [("origin", SITE), ("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-site")];
        let answer = load(&mut browser, &headers).await;
        let script = String::from_utf8_lossy(&answer.body).into_owned();
        let json = script.strip_prefix("boot(").unwrap().strip_suffix(')').unwrap();
        for raw in ["<", ">", "&", "\u{2028}", "\u{2029}"] {
            assert!(!json.contains(raw), "{raw:?}");
        }
        let config: serde_json::Value = serde_json::from_str(json).unwrap();
        let shown = &config["profiles"]["amperity"];
        assert_eq!(*shown, browser.attributes().await);
        assert_eq!(shown["Persona"], "x\");alert(1);(\"");
    }
}

mod preflight {
    use super::*;

    #[tokio::test]
    async fn the_site_is_told_what_it_may_send() {
        let app = TestApp::start().await;
        let mut browser = app.browser();
        let headers = [("origin", SITE), ("access-control-request-method", "POST")];
        let answer = browser.send("OPTIONS", "/v1/t", &headers, "").await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), SITE);
        let headers = answer.header("access-control-allow-headers");
        assert!(headers.starts_with("authorization, content-type, "), "{headers}");
        assert_eq!(answer.header("access-control-max-age"), "7200");
        assert!(answer.header("vary").contains("Origin"));
    }

    #[tokio::test]
    async fn others_are_not() {
        let app = TestApp::start().await;
        for origin in [EVIL, EVIL_SIBLING, "null"] {
            let answer = app.browser().send("OPTIONS", "/v1/t", &[("origin", origin)], "").await;
            assert_eq!(answer.status, 403);
            assert_eq!(answer.header("access-control-allow-origin"), "");
        }
    }
}
