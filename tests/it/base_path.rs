//! The neutral path, for a proxy of the site's own.

use datafly_tests::{PIPELINE, TestApp, TestConfig};

#[tokio::test]
async fn everything_is_under_the_base_path_where_there_is_one() {
    let app = TestApp::start_with(TestConfig { base_path: "/df", ..TestConfig::default() }).await;
    let mut browser = app.browser();
    let key = format!("key={PIPELINE}");
    assert_eq!(browser.fetch("GET", &format!("/v1/loader.js?{key}"), "").await.status, 404);
    let loader = browser.fetch("GET", &format!("/df/v1/loader.js?{key}"), "").await;
    let script = String::from_utf8_lossy(&loader.body).into_owned();
    assert!(script.contains(r#""endpoint":"https://id.shop.test/df""#), "{script}");
    assert!(script.contains(r#""assets":"https://collect.shop.test/df/v1/assets/""#), "{script}");
    let page = browser.fetch("POST", &format!("/df/v1/p?{key}"), r#"{"type":"page"}"#).await;
    assert_eq!(page.status, 200);
    assert_eq!(browser.fetch("GET", &format!("/dfx/v1/loader.js?{key}"), "").await.status, 404);
    assert_eq!(browser.fetch("GET", "/df/v1/assets/sdk-1.js", "").await.status, 200);
}
