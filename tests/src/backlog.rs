//! Events that are accepted without a request each.

use std::ops::Range;

use bytes::Bytes;
use datafly_store::queue::NewEvent;
use serde_json::json;

use crate::app::{PIPELINE, TestApp};

/// So many in one write.
const AT_ONCE: usize = 500;

impl TestApp {
    /// Accepts one event of nobody's for each number, called `m-<number>`.
    pub async fn accept(&self, numbers: Range<usize>) {
        let now = self.app.clock.now();
        let event = |n: usize| {
            let event = json!({
                "type": "track", "event": "view_cart", "messageId": format!("m-{n}"), "timestamp": now.to_string(),
            });
            let body = json!({"event": event, "usable": {}, "proven": {}});
            NewEvent {
                pipeline: PIPELINE.parse().unwrap(),
                visitor: None,
                message_id: format!("m-{n}").parse().unwrap(),
                body: Bytes::from(body.to_string()),
            }
        };
        for start in numbers.clone().step_by(AT_ONCE) {
            let events = (start..numbers.end.min(start + AT_ONCE)).map(event).collect();
            self.app.outbox.accept(None, events, now).await.unwrap();
        }
    }
}
