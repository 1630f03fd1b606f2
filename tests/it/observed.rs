//! What the server remembers of the attributes it has shown: names and types, for `datafly types`.

use datafly_tests::{ADMIN, PIPELINE, TestApp, TestConfig};
use serde_json::{Value, json};

const CONTEXT: &str = r#"context_sensitive_personalisation = true
personalisation_context_mappings = [{ source = "properties.category", target = "pageCategory" }]"#;

fn config() -> TestConfig {
    let allowlist = "Persona,RecommendedCategory,Nothing";
    TestConfig { allowlist, server: ADMIN, integration: CONTEXT, ..TestConfig::default() }
}

async fn seen(app: &TestApp) -> Value {
    let answer = app.admin(&format!("/api/pipelines/{PIPELINE}/attributes")).await;
    assert_eq!(answer.status, 200);
    answer.json()
}

#[tokio::test]
async fn what_was_shown_is_remembered_by_name_and_type_over_a_reload() {
    let app = TestApp::start_with(config()).await;
    let none = json!({"types": [], "elements": []});
    let expected = |persona: &Value, category: &Value| {
        json!({"providers": {"amperity": {
            "Persona": persona, "RecommendedCategory": category, "Nothing": none,
        }}})
    };
    assert_eq!(seen(&app).await, expected(&none, &none));

    let mut browser = app.browser();
    browser.page().await;
    app.sandbox.link(&browser.visitor().unwrap(), "vera").unwrap();
    let event = json!({"type": "page", "properties": {"category": "shoes"}}).to_string();
    let path = format!("/v1/p?key={PIPELINE}");
    browser.fetch("POST", &path, &event).await;
    assert_eq!(browser.attributes().await["RecommendedCategory"], "shoes");
    let text = json!({"types": ["string"], "elements": []});
    assert_eq!(seen(&app).await, expected(&text, &text), "personalised ones, too, and no value");

    app.reconfigure(&config());
    assert_eq!(seen(&app).await, expected(&text, &text));
    app.reconfigure(&TestConfig { allowlist: "Persona", ..config() });
    assert_eq!(seen(&app).await, json!({"providers": {"amperity": {"Persona": text}}}));
    let other = app.admin("/api/pipelines/dk_test_nobody/attributes").await;
    assert_eq!(other.status, 404);
}
