//! Attacks that belong to no one part, and the list of all of them: `tests/README.md` says what each gets and which
//! test holds it.

use std::fs;
use std::path::{Path, PathBuf};

use datafly_tests::{Browser, PIPELINE, SITE, TestApp, TestConfig};
use serde_json::{Value, json};

async fn with(verification: &'static str) -> TestApp {
    TestApp::start_with(TestConfig { verification, ..TestConfig::default() }).await
}

/// What somebody learns, and what the vendor is asked, by saying they are Alice.
async fn claim_to_be_alice(verification: &'static str, claim: &Value) -> (Value, Vec<String>) {
    let app = with(verification).await;
    let mut attacker = app.browser();
    attacker.page().await;
    assert_eq!(attacker.identify(claim).await.status, 200);
    let learnt = attacker.attributes().await;
    let asked = app.sandbox.requests();
    let keys = asked.iter().filter_map(|request| request.body["keys"].as_object());
    (learnt, keys.flat_map(|keys| keys.keys().cloned()).collect())
}

#[tokio::test]
async fn a_claim_to_be_somebody_else_gets_what_its_mode_says() {
    for claim in [
        json!({"traits": {"email": "alice@example.com"}}),
        json!({"userId": "user-123"}),
        json!({"userId": "user-123", "anonymousId": "user-123", "traits": {"email": "alice@example.com"}}),
    ] {
        let (learnt, asked) = claim_to_be_alice("required", &claim).await;
        assert_eq!(learnt, json!({}), "{claim}");
        assert!(asked.iter().all(|key| key == "device_cookie"), "{claim}: {asked:?}");
        // The owner has chosen to believe claims: the seed's plain behaviour.
        for mode in ["optional", "off"] {
            let (learnt, _) = claim_to_be_alice(mode, &claim).await;
            assert_eq!(learnt["Persona"], "Style Seeker", "{mode} {claim}");
        }
    }
}

/// Not a way around: a bad token is refused, and every look-up that `required` would deny is noted.
#[tokio::test]
async fn under_optional_a_bad_token_is_refused_and_unproven_look_ups_are_counted() {
    let app = with("optional").await;
    let mut browser = app.browser();
    let claim = json!({"userId": "user-123", "traits": {"email": "alice@example.com"}});
    let mut forged = claim.clone();
    forged["token"] = json!("e30.e30.e30");
    assert_eq!(browser.identify(&forged).await.code(), "IDENTITY_TOKEN_REJECTED");
    assert_eq!(browser.attributes().await, json!({}));
    let unproven = |browser: &Browser| {
        let id = browser.visitor().unwrap().parse().unwrap();
        let decisions = app.app.decisions.of(&PIPELINE.parse().unwrap(), id);
        decisions.last().map(|recorded| recorded.decision.unproven)
    };
    browser.identify(&claim).await;
    assert_eq!(browser.attributes().await["Persona"], "Style Seeker");
    assert_eq!(unproven(&browser), Some(true));
    let mut proven = app.browser();
    proven.identify(&app.log_in("alice").await).await;
    assert_eq!(proven.attributes().await["Persona"], "Style Seeker");
    assert_eq!(unproven(&proven), Some(false));
}

/// An attacker who logs the victim's browser in as themselves would see what the victim does from then on.
#[tokio::test]
async fn log_in_csrf_with_the_attacker_s_own_token_changes_nobody() {
    let app = with("required").await;
    let mut victim = app.browser();
    victim.identify(&app.log_in("alice").await).await;
    let before = (victim.visitor(), victim.version());
    let attackers_own = app.log_in("bob").await.to_string();
    let path = format!("/v1/i?key={PIPELINE}");
    for headers in [
        // A form, a beacon or fetch without CORS, from another site and from a subdomain.
        &[("origin", "https://evil.test"), ("sec-fetch-mode", "navigate")][..],
        &[("origin", SITE), ("sec-fetch-mode", "navigate")],
        &[("origin", "null"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "cross-site")],
        &[("origin", "https://evil.test"), ("sec-fetch-mode", "no-cors")],
        &[("origin", "https://evil.shop.test"), ("sec-fetch-mode", "no-cors")],
        &[("origin", "https://evil.shop.test"), ("sec-fetch-mode", "cors")],
        &[("sec-fetch-site", "cross-site")],
        &[],
    ] {
        // With the victim's cookies, as from a subdomain, and without, as from another site.
        for mut browser in [victim.clone(), app.browser()] {
            let had_cookies = !browser.cookies.is_empty();
            let headers = [headers, &[("content-type", "text/plain")]].concat();
            let answer = browser.send("POST", &path, &headers, &attackers_own).await;
            // Without a single header of a browser's it is a server's client, who gets no cookie.
            let is_client = headers.len() == 1 && !had_cookies;
            assert_eq!(answer.status, if is_client { 200 } else { 403 }, "{headers:?}");
            assert!(answer.set_cookies().is_empty(), "{headers:?}");
        }
    }
    assert_eq!((victim.visitor(), victim.version()), before);
    assert_eq!(victim.attributes().await["Persona"], "Style Seeker");
}

/// Nothing of a request is in the script, whatever it says and wherever.
#[tokio::test]
async fn nothing_that_a_request_says_reaches_the_loader() {
    let app = with("off").await;
    let hostile = "</script>\u{2028}x\");alert(1);(\"canary";
    let encoded = "%3C/script%3E%E2%80%A8x%22);alert(1);(%22canary";
    let mut browser = app.browser();
    let page = json!({
        "userId": hostile, "anonymousId": hostile, "name": hostile, "event": hostile,
        "traits": {"email": hostile, "phone": hostile, hostile: hostile},
        "properties": {hostile: hostile}, "context": {"page": {"path": hostile, "url": hostile}},
    });
    for route in ["p", "t", "i"] {
        let path = format!("/v1/{route}?key={PIPELINE}");
        assert_eq!(browser.fetch("POST", &path, &page.to_string()).await.status, 200, "{route}");
    }
    let good = format!("/v1/loader.js?key={PIPELINE}");
    for (path, header) in [
        (good.clone(), ("user-agent", "</script>canary")),
        (good.clone(), ("host", "canary.test")),
        (good.clone(), ("x-forwarded-host", "</script>canary")),
        (good.clone(), ("referer", "https://www.shop.test/</script>canary")),
        (good.clone(), ("origin", "https://canary.test")),
        (format!("{good}&{encoded}={encoded}"), ("accept", "*/*")),
        (format!("/v1/loader.js?key={encoded}"), ("accept", "*/*")),
        (format!("{good}{encoded}"), ("accept", "*/*")),
    ] {
        let mut headers = vec![("sec-fetch-mode", "cors"), header];
        if header.0 != "origin" {
            headers.push(("origin", SITE));
        }
        let answer = browser.clone().send("GET", &path, &headers, "").await;
        assert!(!answer.all_bytes().contains("canary"), "{path}: {}", answer.all_bytes());
    }
}

/// What a browser keeps it may show to another page of the same address.
#[tokio::test]
async fn an_inlined_answer_is_for_no_cache() {
    let app = with("required").await;
    let mut browser = app.browser();
    browser.identify(&app.log_in("alice").await).await;
    browser.attributes().await;
    let loader = format!("/v1/loader.js?key={PIPELINE}");
    let inlined = browser.fetch("GET", &loader, "").await;
    assert!(inlined.all_bytes().contains("Style Seeker"));
    let plain = [("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "cross-site")];
    let again = browser.send("GET", &loader, &plain, "").await;
    assert!(!again.all_bytes().contains("Style Seeker"));
    for answer in [inlined, again] {
        assert_eq!(answer.header("cache-control"), "private, no-store");
        for part in ["Origin", "Cookie", "Sec-Fetch-Site", "Sec-Fetch-Mode"] {
            assert!(answer.header("vary").contains(part), "{}", answer.header("vary"));
        }
    }
}

/// The list names tests that are there, so that it cannot promise what nobody holds.
#[test]
fn every_attack_of_the_list_has_the_tests_that_it_names() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = fs::read_to_string(tests.join("README.md")).unwrap();
    let mut sources = String::new();
    for folder in
        ["it", "browser", "../crates/server", "../crates/core/src", "../crates/provider/src"]
    {
        sources += &text_of(&tests.join(folder));
    }
    let rows: Vec<_> =
        list.lines().filter(|line| line.starts_with("| ") && !line.contains("---")).collect();
    assert!(rows.len() > 20, "{}", rows.len());
    for row in &rows[1..] {
        let held_by = row.split('|').nth(3).unwrap();
        let names: Vec<_> = held_by.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{row}");
        for name in names {
            let name = name.rsplit("::").next().unwrap();
            let there = sources.contains(&format!("fn {name}("))
                || sources.contains(&format!("{name}`"))
                || sources.contains(&format!("{name}'"));
            assert!(there, "no test is called `{name}`: {row}");
        }
    }
}

fn text_of(folder: &Path) -> String {
    let mut text = String::new();
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in entries.filter(|path: &PathBuf| !path.ends_with("node_modules")) {
        if path.is_dir() {
            text += &text_of(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "js") {
            text += &fs::read_to_string(path).unwrap();
        }
    }
    text
}
