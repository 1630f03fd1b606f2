//! What mapping an event takes, in microseconds, and what parsing the same event to a JSON value and writing it back
//! does: one number for each line that says whose turn it is. `cargo xtask bench blueprint` tells it, and compares.
//!
//! `echo "retail, mapping" | cargo run --release -p datafly-blueprint --example cost`
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program to be run by hand, with a clock and an output"
)]

use std::hint::black_box;
use std::io::{BufRead as _, stdin};
use std::time::Instant;

use datafly_blueprint::{Blueprint, Body, Contract, Input, Outcome, Visitor, destination};
use datafly_core::visitor::Verification;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The server's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Events of one turn.
const EVENTS: u32 = 20_000;

fn event() -> Value {
    json!({
        "type": "track",
        "event": "Product Added",
        "messageId": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "timestamp": "2026-04-17T15:37:10.484Z",
        "anonymousId": "anon_a1b2c3d4",
        "userId": "user-123",
        "properties": {
            "product_id": "sku-4711", "name": "Chelsea Boot", "brand": "Acme", "category": "Shoes/Boots",
            "variant": "brown/42", "price": 129.95, "quantity": 1, "currency": "GBP", "value": 129.95,
            "cart_id": "cart-9876", "position": 3, "image_url": "https://cdn.shop.test/img/4711-brown.jpg",
            "url": "https://www.shop.test/p/4711",
        },
        "traits": {},
        "context": {
            "ip": "203.0.113.7",
            "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like \
                          Gecko) Version/19.1 Mobile/15E148 Safari/604.1",
            "locale": "en-GB",
            "timezone": "Europe/London",
            "page": {
                "url": "https://www.shop.test/p/4711?utm_source=news", "path": "/p/4711",
                "title": "Chelsea Boot | Shop", "search": "?utm_source=news", "referrer": "https://news.test/",
            },
            "campaign": {"source": "news", "medium": "email", "name": "spring"},
            "session": {"id": "1700000001", "number": 3},
            "vendorIds": {"ga": "GA1.2.1234567890.1700000000", "fbp": "fb.1.1700000000000.1234567890"},
            "consent": {
                "analytics": true, "marketing": false, "functional": true,
                "categories": {"C0001": true, "C0002": true, "C0004": false},
                "google": {"ad_storage": "denied", "ad_user_data": "denied", "analytics_storage": "granted"},
            },
        },
    })
}

fn main() {
    let event = event();
    let text = event.to_string();
    let visitor = Visitor {
        canonical_id: Some("0a8f4f6e-9b1c-4c3e-8d59-1f0e3c7a2b10"),
        user_id: Some("user-123"),
        email: Some("jane.doe@example.com"),
        phone: None,
        profile_ids: &[("amperity", "a2bc5bd0-1d06-4e4c-9c5d-6d0f0c3c7d10")],
    };
    let partner_attrs = Map::new();
    let input = Input { event: &event, visitor: &visitor, partner_attrs: &partner_attrs };
    for name in stdin().lock().lines().map_while(Result::ok) {
        let microseconds = match name.split_once(", ") {
            None => timed(|| {
                let value: Value = serde_json::from_str(black_box(&text)).expect("it is JSON");
                black_box(written(&value));
            }),
            Some((preset, work)) => {
                let (blueprint, contract) = shipped(preset);
                timed(|| match blueprint.apply(black_box(&input), &contract) {
                    Outcome::Mapped { body, .. } => used(body, work),
                    Outcome::Dropped(reason) => unreachable!("{reason}"),
                })
            }
        };
        println!("{microseconds}");
    }
}

/// What is done with a body once it is mapped.
fn used(body: Body<'_>, work: &str) {
    match work {
        "mapping and writing" => drop(black_box(written(&body))),
        "mapping, keeping and writing" => drop(black_box(written(&body.into_map()))),
        _ => drop(black_box(body)),
    }
}

fn written(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("it can be written")
}

/// A blueprint that comes with the product, and what its destination demands.
fn shipped(preset: &str) -> (Blueprint, Contract) {
    let blueprint = Blueprint::shipped(preset).expect("it is shipped");
    let mut blueprint = blueprint.expect("it is without mistakes");
    // Amperity's alone.
    let _ = blueprint.set("source_value", json!("DATAFLY"));
    let destination = blueprint.destination().expect("it is for a destination");
    let contract = destination::contract(destination, Verification::Required);
    (blueprint, contract.expect("the destination has a contract"))
}

/// What it takes once, in microseconds.
fn timed(mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..EVENTS {
        work();
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(EVENTS)
}
