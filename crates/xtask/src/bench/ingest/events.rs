//! The events that are sent: what the SDK makes of `datafly.track` on a product's page.

use serde_json::{Value, json};

use super::super::http::Request;
use super::super::message_id::MARK;
use super::super::ours;
use super::super::visitors::Visitor;

/// How long each is.
pub(in super::super) const BYTES: usize = 1024;

/// How many are in a batch.
pub(in super::super) const BATCH_EVENTS: u32 = 100;

const USER_AGENT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like \
                          Gecko) Version/19.1 Mobile/15E148 Safari/604.1";

/// One event.
pub(in super::super) fn single(visitor: &Visitor) -> Request {
    of(visitor, "t", event(&visitor.handle))
}

/// As many as a page sends that was offline.
pub(in super::super) fn batch(visitor: &Visitor) -> Request {
    let events = vec![event(&visitor.handle); BATCH_EVENTS as usize].join(",");
    of(visitor, "b", format!("{{\"batch\":[{events}]}}"))
}

fn of(visitor: &Visitor, route: &str, body: String) -> Request {
    ours::events(route, body).header("Cookie", &visitor.cookie).header("User-Agent", USER_AGENT)
}

fn event(handle: &str) -> String {
    let fill = BYTES.saturating_sub(with_description(handle, "").to_string().len());
    with_description(handle, &"x".repeat(fill)).to_string()
}

fn with_description(handle: &str, description: &str) -> Value {
    json!({
        "type": "track",
        "event": "Product Added",
        "messageId": MARK,
        // Ahead of the server's clock it counts as now, so that each is its visitor's newest without being written anew.
        "timestamp": "2099-01-01T00:00:00.000Z",
        "handle": handle,
        "properties": {
            "product_id": "sku-4711", "name": "Chelsea Boot", "brand": "Acme", "category": "Shoes/Boots",
            "variant": "brown/42", "price": 129.95, "quantity": 1, "currency": "GBP", "value": 129.95,
            "cart_id": "cart-9876", "description": description,
        },
        "context": {
            "page": {
                "url": "https://www.shop.test/p/4711?utm_source=news", "path": "/p/4711",
                "title": "Chelsea Boot | Shop", "search": "?utm_source=news", "referrer": "https://news.test/",
            },
            "userAgent": USER_AGENT,
            "locale": "en-GB",
            "timezone": "Europe/London",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_as_long_as_it_is_said_to_be() {
        assert_eq!(event(&"h".repeat(70)).len(), BYTES);
    }
}
