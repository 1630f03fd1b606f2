//! Providers beside each other on one pipeline: each gives a page what its own allowlist has, and no more.

use datafly_sandbox::Fault;
use datafly_tests::{Browser, PIPELINE, PROVIDERS, TestApp, TestConfig};
use serde_json::{Value, json};

async fn start() -> TestApp {
    TestApp::start_with(TestConfig { integrations: PROVIDERS, ..TestConfig::default() }).await
}

async fn enrich(browser: &mut Browser, provider: &str) -> Value {
    let path = format!("/v1/enrich?provider={provider}&key={PIPELINE}");
    let answer = browser.fetch("GET", &path, "").await;
    assert_eq!(answer.status.as_u16(), 200, "{provider}");
    answer.json()
}

#[tokio::test]
async fn each_provider_gives_what_its_allowlist_has_and_no_more() {
    let app = start().await;
    let mut browser = app.browser_of("vera").await;
    for (provider, route, attributes) in [
        ("amperity_index", "amperity_index.value.get", json!({"Persona": "Value Hunter"})),
        ("ansira", "ansira.records", json!({"LifetimeTier": "Gold"})),
        ("loyalty", "rest.get", json!({"FavoriteBrand": "Halden"})),
        ("search", "rest.post", json!({"ChurnRisk": "low"})),
    ] {
        for _ in 0..2 {
            let answer = enrich(&mut browser, provider).await;
            assert_eq!(
                (&answer["provider"], &answer["attributes"]),
                (&json!(provider), &attributes)
            );
        }
        assert_eq!(app.sandbox.hits(route), 1, "{provider}: the second comes from the cache");
    }
    assert_eq!(app.sandbox.hits("ansira.token"), 1);
}

#[tokio::test]
async fn a_stranger_has_an_empty_profile_everywhere() {
    let app = start().await;
    let mut browser = app.browser();
    browser.page().await;
    for provider in ["amperity_index", "ansira", "loyalty", "search"] {
        assert_eq!(enrich(&mut browser, provider).await["attributes"], json!({}), "{provider}");
    }
}

#[tokio::test]
async fn one_provider_s_trouble_is_not_another_s() {
    let app = start().await;
    let mut browser = app.browser_of("vera").await;
    app.sandbox.fault("ansira.token", None, Fault::status(503)).unwrap();
    app.sandbox.fault("rest.get", None, Fault::garbage()).unwrap();
    assert_eq!(enrich(&mut browser, "ansira").await["attributes"], json!({}));
    assert_eq!(enrich(&mut browser, "loyalty").await["attributes"], json!({}));
    assert_eq!(enrich(&mut browser, "search").await["attributes"], json!({"ChurnRisk": "low"}));
}

/// The guard of the listing lets so many look-ups through a second, and the further ones of ended tokens count.
#[tokio::test]
async fn an_ended_token_is_replaced_within_one_answer() {
    let app = start().await;
    let mut browser = app.browser_of("vera").await;
    assert_eq!(enrich(&mut browser, "ansira").await["attributes"], json!({"LifetimeTier": "Gold"}));
    app.replace_assertion();
    let mut other = app.browser_of("alice").await;
    assert_eq!(
        enrich(&mut other, "ansira").await["attributes"],
        json!({"LifetimeTier": "Platinum"})
    );
    assert_eq!((app.sandbox.hits("ansira.token"), app.sandbox.hits("ansira.records")), (2, 3));
}
