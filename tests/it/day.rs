//! A day of page views in virtual time: the vendor is asked exactly as often as an independent script computes
//! from the same trace and the documented lives.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::http::{Request, Response, StatusCode};
use bytes::Bytes;
use datafly_provider::http::{Answer, HttpError, Transport};
use datafly_server::runtime::Clock;
use datafly_tests::{Browser, PIPELINE, Surroundings, TestApp, TestConfig, start_sandbox};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// A vendor that gets to know visitors, each at a time of its own.
struct Vendor {
    surroundings: Arc<Surroundings>,
    /// Millisecond from which a cookie's id has a profile.
    known_from: Mutex<HashMap<String, i64>>,
    calls: AtomicU64,
}

#[async_trait]
impl Transport for Vendor {
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let id = match serde_json::from_slice::<Value>(request.body()) {
            Ok(look_up) => look_up["keys"]["device_cookie"].as_str().unwrap().to_owned(),
            Err(_) => request.uri().path().rsplit('/').next().unwrap().to_owned(),
        };
        let known_from = self.known_from.lock().unwrap().get(&id).copied();
        let now = self.surroundings.now().as_millisecond();
        let (status, body) = if known_from.is_some_and(|from| from <= now) {
            (StatusCode::OK, json!({"profile_id": id, "attributes": {"Persona": "p"}}).to_string())
        } else {
            (StatusCode::NOT_FOUND, String::new())
        };
        let response = Response::builder().status(status);
        Answer::read(response.body(axum::body::Body::from(body)).unwrap(), max_bytes).await
    }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// One page view: when, in milliseconds of the day, and whose.
type View = (i64, usize);

const DAY: i64 = 24 * 60 * 60 * 1000;

/// One to four visits of a visitor in the day, most come once; one to twelve pages each, seconds to minutes
/// apart, and now and then a quick look around.
fn day_of(visitors: usize, dice: &mut Dice) -> Vec<View> {
    let mut views = Vec::new();
    for visitor in 0..visitors {
        let visits = [1, 1, 1, 1, 1, 1, 2, 2, 3, 4][usize::try_from(dice.roll(10)).unwrap()];
        for _ in 0..visits {
            let mut at = i64::try_from(dice.roll(DAY as u64)).unwrap();
            for _ in 0..=dice.roll(12) {
                if at < DAY {
                    views.push((at, visitor));
                }
                let gap = if dice.roll(4) == 0 {
                    2_000 + dice.roll(6_000)
                } else {
                    10_000 + dice.roll(170_000)
                };
                at += i64::try_from(gap).unwrap();
            }
        }
    }
    views.sort_unstable();
    views
}

#[tokio::test(start_paused = true)]
async fn the_vendor_is_asked_as_often_as_the_lives_say() {
    let visitors = crate::count("DATAFLY_DAY_VISITORS", 1_000);
    let mut dice = Dice(7);
    let views = day_of(visitors, &mut dice);

    let surroundings = Arc::new(Surroundings::default());
    let start = surroundings.now().as_millisecond();
    let vendor = Arc::new(Vendor {
        surroundings: Arc::clone(&surroundings),
        known_from: Mutex::default(),
        calls: AtomicU64::new(0),
    });
    let config = TestConfig { server: "[server.cache]\nmemory_mb = 2048", ..TestConfig::default() };
    let sandbox = start_sandbox(0, &surroundings);
    let transport = Arc::clone(&vendor) as Arc<dyn Transport>;
    let app = TestApp::over(&config, "127.0.0.1:1", transport, sandbox, Arc::clone(&surroundings));

    let loader = format!("/v1/loader.js?key={PIPELINE}");
    let mut browsers: Vec<Browser> = (0..visitors).map(|_| app.browser()).collect();
    let mut trace = String::new();
    for (at, visitor) in &views {
        let now = surroundings.now().as_millisecond();
        surroundings.wait(SignedDuration::from_millis(start + at - now));
        let browser = &mut browsers[*visitor];
        let first = browser.visitor().is_none();
        browser.fetch("GET", &loader, "").await;
        if first {
            // A third is known at once, a third some seconds after the first event, a third never.
            let known = [Some(0), Some(3_000 + 20 * i64::try_from(dice.roll(500)).unwrap()), None]
                [usize::try_from(dice.roll(3)).unwrap()];
            if let Some(after) = known {
                let from = start + at + after;
                vendor.known_from.lock().unwrap().insert(browser.visitor().unwrap(), from);
            }
            let from = known.map_or(-1, |after| at + after);
            writeln!(trace, "{visitor} {at} first {from}").unwrap();
        } else {
            writeln!(trace, "{visitor} {at} again 0").unwrap();
        }
        browser.page().await;
        // A refresh that nobody waits for ends before anybody else comes.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace");
    fs::write(&file, trace).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/it/day.py");
    let output = Command::new("python3").arg(script).arg(&file).output();
    let output = output.expect("this test needs python3, which does not start: install it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected: u64 = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
    let calls = vendor.calls.load(Ordering::Relaxed);
    let tenths = |calls: u64| calls * 10_000 / views.len() as u64;
    crate::tell(&format!(
        "{visitors} visitors, {} page views: {} tenths of a vendor call per 1,000, {} expected",
        views.len(),
        tenths(calls),
        tenths(expected)
    ));
    assert!(calls.abs_diff(expected) * 100 <= expected, "{calls} calls, {expected} expected");
}
