//! How long pages wait while the vendor is in trouble, by the wall clock. That no answer passes the deadline
//! is proven in virtual time; this is what it looks like.
//!
//! Half of the requests are known visitors' that ask for newer than cached, half are strangers': all of them
//! need the vendor.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::super::figure::{Figure, Target};
use super::super::http::{Connection, Request};
use super::super::open_loop::{self, Load};
use super::super::ours::{self, Ours};
use super::super::visitors::{self, Visitor};

/// The enrich deadline in milliseconds.
const DEADLINE: Target = Target::AtMost(1_500.0);

/// The routes by which the vendor is asked for profiles.
const ROUTES: [&str; 2] = ["amperity.lookup.post", "amperity.profile"];

/// Requests of each half, how many in a second of both, and for how long. More connections than can be waiting
/// at that rate.
const HALF: usize = 500;
const RATE: f64 = 200.0;
const LENGTH: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 400;

/// After trouble the server takes up to half a minute to believe that it is over.
const RECOVERY_STEP: Duration = Duration::from_millis(500);
const RECOVERY_STEPS: usize = 120;

/// One figure per kind of trouble.
pub(super) fn measure(ours: &Ours, known: &[Visitor]) -> Result<Vec<Figure>> {
    let kinds = [
        ("enrich p99, vendor answers 503", json!({"status": 503})),
        ("enrich p99, vendor hangs", json!({"delay_ms": 60_000})),
        ("enrich p99, vendor takes 700 ms", json!({"delay_ms": 700})),
        ("enrich p99, vendor answers garbage", json!({"garbage": true})),
    ];
    kinds.into_iter().map(|(name, fault)| one(ours, known, name, &fault)).collect()
}

fn one(ours: &Ours, known: &[Visitor], name: &'static str, fault: &Value) -> Result<Figure> {
    let mut requests = Vec::with_capacity(2 * HALF);
    for (known, stranger) in known.iter().zip(visitors::strangers(ours, HALF)?) {
        requests.push(refresh(known));
        requests.push(ours::enrich().header("Cookie", stranger));
    }
    for route in ROUTES {
        let body = json!({ "route": route, "times": null, "fault": fault }).to_string();
        control(ours, &Request::post("/_control/faults", body))?;
    }
    let load = Load { rate: RATE, length: LENGTH, connections: CONNECTIONS, seed: 0 };
    let latency = open_loop::run(ours.port, &requests, load)?;
    control(ours, &Request::delete("/_control/faults"))?;
    recover(ours, known)?;
    Ok(Figure::plain(name, (latency.p99.as_secs_f64() * 1e3, "ms"), DEADLINE, None))
}

/// A known visitor's request for newer attributes than the cached ones.
fn refresh(visitor: &Visitor) -> Request {
    let mut request = ours::enrich().header("Cookie", &visitor.cookie);
    request.path.push_str("&refresh=1");
    request
}

fn control(ours: &Ours, request: &Request) -> Result<()> {
    let port = ours.sandbox.port;
    Connection::open(port)?.ask(&request.bytes(port))?.accepted().map(drop)
}

/// Until the server asks the vendor again.
fn recover(ours: &Ours, known: &[Visitor]) -> Result<()> {
    let mut server = Connection::open(ours.port)?;
    for visitor in known.iter().rev().take(RECOVERY_STEPS) {
        let before = ours.sandbox.hits()?;
        server.ask(&refresh(visitor).bytes(ours.port))?.accepted()?;
        if ours.sandbox.hits()? > before {
            return Ok(());
        }
        sleep(RECOVERY_STEP);
    }
    bail!("the server does not ask the vendor again though it is well");
}
