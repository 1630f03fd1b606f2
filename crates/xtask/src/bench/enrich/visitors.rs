//! Visitors whom the vendor knows, each with a cookie and a cached answer.

use std::thread;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::super::http::{Connection, Request};
use super::ours::{self, ATTRIBUTES, Ours};

/// How many there are: as many as profiles in the floors and peers.
pub(super) const COUNT: usize = 10_000;

/// Customer ids of the sandbox's generated customers go up from here.
const FIRST_CUSTOMER: usize = 100_000;

/// Connections at a time.
const LANES: usize = 64;

/// How often a visitor without an answer is asked again: the vendor's request budget and the server's
/// deadline leave some without at first.
const PASSES: usize = 60;

/// A visitor.
#[derive(Debug)]
pub(super) struct Visitor {
    /// The `Cookie` header.
    pub(super) cookie: String,
    /// The answer to its enrich.
    pub(super) answer: String,
}

/// Makes them all.
pub(super) fn make(ours: &Ours) -> Result<Vec<Visitor>> {
    let numbers: Vec<usize> = (0..COUNT).collect();
    let cookies = in_lanes(&numbers, |lane| {
        let mut server = Connection::open(ours.port)?;
        let mut vendor = Connection::open(ours.sandbox.port)?;
        lane.iter().map(|number| introduce(ours, &mut server, &mut vendor, *number)).collect()
    })?;
    let apply = Request::new("/_control/apply").post(ours.sandbox.port, "");
    Connection::open(ours.sandbox.port)?.ask(&apply)?.accepted()?;

    let mut answers = vec![None; COUNT];
    for _ in 0..PASSES {
        let open: Vec<usize> = (0..COUNT).filter(|at| answers[*at].is_none()).collect();
        if open.is_empty() {
            break;
        }
        let found = in_lanes(&open, |lane| {
            let mut server = Connection::open(ours.port)?;
            lane.iter().map(|at| fill(ours, &mut server, &cookies[*at])).collect()
        })?;
        for (at, answer) in open.into_iter().zip(found) {
            answers[at] = answer;
        }
    }
    let visitors = cookies.into_iter().zip(answers);
    let visitors: Vec<_> =
        visitors.filter_map(|(cookie, answer)| Some(Visitor { cookie, answer: answer? })).collect();
    ensure!(
        visitors.len() == COUNT,
        "{} of {COUNT} visitors never got their profile: see serve.log and sandbox.log",
        COUNT - visitors.len()
    );
    Ok(visitors)
}

/// A first page view, which makes the visitor, and an event of the shop's backend, which tells the vendor
/// who it is: each is another customer. The answer is the visitor's cookie.
fn introduce(
    ours: &Ours,
    server: &mut Connection,
    vendor: &mut Connection,
    number: usize,
) -> Result<String> {
    let (cookie, id) = view(ours, server, &format!("bench-{number}"))?;
    let facts = &ours.sandbox.facts;
    let event = json!({
        "source": facts.source_value, "type": "login", "cookieid": id,
        "user_id": format!("C-{}", FIRST_CUSTOMER + number),
    });
    let request = Request::new(format!("/amperity/prof/events/{}", facts.event_stream_id))
        .header("Authorization", format!("Bearer {}", facts.api_key))
        .header("Amperity-Tenant", &facts.tenant_id)
        .header("Content-Type", "application/json");
    vendor.ask(&request.post(ours.sandbox.port, &event.to_string()))?.accepted()?;
    Ok(cookie)
}

/// A visitor's first page view: its `Cookie` header and its id.
fn view(ours: &Ours, server: &mut Connection, message: &str) -> Result<(String, String)> {
    let view = json!({ "messageId": message, "properties": { "path": "/" } });
    let answer = server.ask(&ours::page().post(ours.port, &view.to_string()))?;
    let (credential, id) = answer
        .cookie("dfk")
        .zip(answer.cookie("_dfid"))
        .with_context(|| format!("a first page view makes no visitor: {answer:?}"))?;
    Ok((format!("dfk={credential}"), id.to_owned()))
}

/// `Cookie` headers of visitors whom the vendor does not know.
pub(super) fn strangers(ours: &Ours, count: usize) -> Result<Vec<String>> {
    let mut server = Connection::open(ours.port)?;
    let view = |at| Ok(view(ours, &mut server, &format!("stranger-{at}"))?.0);
    (0..count).map(view).collect()
}

/// The visitor's answer, once it has the profile.
fn fill(ours: &Ours, server: &mut Connection, cookie: &str) -> Result<Option<String>> {
    let request = ours::enrich().header("Cookie", cookie);
    let body = server.ask(&request.get(ours.port))?.accepted()?;
    let answer: Value = serde_json::from_str(&body).context("an enrich is no JSON")?;
    let complete = ATTRIBUTES.iter().all(|name| !answer["attributes"][name].is_null());
    Ok(complete.then_some(body))
}

/// Shares the work among threads and puts the results in order.
fn in_lanes<T: Send>(
    numbers: &[usize],
    work: impl Fn(&[usize]) -> Result<Vec<T>> + Sync,
) -> Result<Vec<T>> {
    let lanes = numbers.chunks(numbers.len().div_ceil(LANES).max(1));
    thread::scope(|scope| {
        let threads: Vec<_> = lanes.map(|lane| scope.spawn(|| work(lane))).collect();
        let mut all = Vec::with_capacity(numbers.len());
        for thread in threads {
            all.extend(thread.join().ok().context("a thread ended early")??);
        }
        Ok(all)
    })
}
