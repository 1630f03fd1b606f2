//! Only allow-listed attributes are ever in a browser-facing byte, whatever the vendor sends.

use std::cell::Cell;

use datafly_sandbox::Fault;
use datafly_tests::{TestApp, TestConfig};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value};

const ALLOWED: [&str; 3] = ["Persona", "FavoriteBrand", "Größe"];

/// In every value that must not pass.
const CANARY: &str = "canary-7f3a";

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(ALLOWED.to_vec()).prop_map(str::to_owned),
        3 => prop::sample::select(vec![
            "persona", "PERSONA", "Persona ", " Persona", "Persona\u{0}", "favoriteBrand", "GRÖSSE",
            "__proto__", "constructor", "toString", "links", "attributes", "profile_id", "", "\u{2028}",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// Values with the canary in every text, nested and large.
fn any_secret() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>().prop_map(|text| Value::from(format!("{CANARY}{text}"))),
        (0_usize..30_000).prop_map(|n| Value::from(format!("{CANARY}{}", "x".repeat(n)))),
    ];
    text.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from),
            prop::collection::btree_map(any_name(), inner, 1..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A vendor's answer as text, so that names can come twice, and the allowed values in it.
fn any_answer() -> impl Strategy<Value = String> {
    let attribute = (any_name(), any_secret()).prop_map(|(name, secret)| {
        let value = if ALLOWED.contains(&name.as_str()) { Value::from("harmless") } else { secret };
        format!("{}:{}", Value::from(name), value)
    });
    let attributes = prop::collection::vec(attribute, 0..10).prop_map(|all| all.join(","));
    (attributes, any_secret(), any_name(), any_secret()).prop_map(|(attributes, links, name, more)| {
        // A name beside the documented ones, unless it would be one of them twice.
        let name = match name.as_str() {
            "attributes" | "profile_id" | "links" => "more".to_owned(),
            _ => name,
        };
        let name = Value::from(name);
        format!(
            r#"{{"profile_id":"p-{CANARY}","links":{links},{name}:{more},"attributes":{{{attributes}}}}}"#
        )
    })
}

#[test]
fn only_allowed_attributes_reach_a_browser() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (app, browser) = runtime.block_on(async {
        let allowlist = "Persona,FavoriteBrand,Größe";
        let app = TestApp::start_with(TestConfig { allowlist, ..TestConfig::default() }).await;
        let mut browser = app.browser();
        browser.page().await;
        (app, browser)
    });
    let shown = Cell::new(0);
    let mut runner = TestRunner::new(Config::with_cases(400));
    let result = runner.run(&any_answer(), |body| {
        let mut browser = browser.clone();
        let answer = runtime.block_on(async {
            let fault = Fault::body(body.clone());
            app.sandbox.fault("amperity.lookup.post", Some(1), fault).unwrap();
            // Past every life of what is cached.
            app.surroundings.wait(SignedDuration::from_hours(25));
            browser.enrich().await
        });
        prop_assert_eq!(answer.status.as_u16(), 200);
        prop_assert!(!answer.all_bytes().contains(CANARY), "{}", body);
        let vendor: Value = serde_json::from_str(&body).unwrap();
        let empty = Map::new();
        let sent = vendor["attributes"].as_object().unwrap_or(&empty);
        for (name, value) in answer.json()["attributes"].as_object().unwrap() {
            prop_assert!(ALLOWED.contains(&name.as_str()), "{}", name);
            prop_assert_eq!(Some(value), sent.get(name));
            shown.set(shown.get() + 1);
        }
        Ok(())
    });
    result.unwrap();
    let shown = shown.get();
    assert!(shown > 100, "the test would prove nothing if nothing ever passed: {shown}");
}
