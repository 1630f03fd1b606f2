//! Changes of the configuration, and whether anybody looks for them.

use datafly_tests::{ADMIN, TestApp, TestConfig};
use jiff::SignedDuration;
use serde_json::Value;

#[tokio::test]
async fn the_owner_sees_that_nobody_looks_any_more() {
    let mut app = TestApp::start_with(TestConfig { server: ADMIN, ..TestConfig::default() }).await;
    let unwatched = async |app: &TestApp| {
        let ready = app.admin("/readyz").await;
        assert_eq!(ready.status, 200);
        ready.json()["unwatched_since"].clone()
    };
    app.surroundings.wait(SignedDuration::from_secs(9));
    assert_eq!(unwatched(&app).await, Value::Null);
    assert!(app.watch.look(&app.app).is_none());
    app.surroundings.wait(SignedDuration::from_secs(10));
    assert_eq!(unwatched(&app).await, Value::Null);
    app.surroundings.wait(SignedDuration::from_secs(1));
    assert_eq!(unwatched(&app).await, "2027-01-15T08:00:09Z");
    app.watch.look(&app.app);
    assert_eq!(unwatched(&app).await, Value::Null);
}
