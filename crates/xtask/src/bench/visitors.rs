//! Visitors whom the vendor knows, each with a cookie and a cached answer.

use std::thread;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::http::{Connection, Request};
use super::ours::{self, ATTRIBUTES, Ours};

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
    /// What its events carry.
    pub(super) handle: String,
    /// The answer to its enrich.
    pub(super) answer: String,
}

/// Makes so many. The vendor learns of each before any event does: what it does not know when it is asked for the first
/// time is not asked for again for a while.
pub(super) fn make(ours: &Ours, count: usize) -> Result<Vec<Visitor>> {
    let numbers: Vec<usize> = (0..count).collect();
    let cookies = in_lanes(&numbers, |lane| {
        let mut server = Connection::open(ours.port)?;
        let mut vendor = Connection::open(ours.sandbox.port)?;
        lane.iter().map(|number| introduce(ours, &mut server, &mut vendor, *number)).collect()
    })?;
    let apply = Request::post("/_control/apply", "").bytes(ours.sandbox.port);
    Connection::open(ours.sandbox.port)?.ask(&apply)?.accepted()?;
    let viewed = in_lanes(&numbers, |lane| {
        let mut server = Connection::open(ours.port)?;
        let mut view = |at: &usize| view(ours, &mut server, &cookies[*at], *at);
        lane.iter().map(&mut view).collect()
    })?;

    let mut answers = vec![None; count];
    for _ in 0..PASSES {
        let open: Vec<usize> = (0..count).filter(|at| answers[*at].is_none()).collect();
        if open.is_empty() {
            break;
        }
        let found = in_lanes(&open, |lane| {
            let mut server = Connection::open(ours.port)?;
            lane.iter().map(|at| fill(ours, &mut server, &viewed[*at].0)).collect()
        })?;
        for (at, answer) in open.into_iter().zip(found) {
            answers[at] = answer;
        }
    }
    let visitors = viewed
        .into_iter()
        .zip(answers)
        .filter_map(|((cookie, handle), answer)| Some(Visitor { cookie, handle, answer: answer? }));
    let visitors: Vec<_> = visitors.collect();
    ensure!(
        visitors.len() == count,
        "{} of {count} visitors never got their profile: see serve.log and sandbox.log",
        count - visitors.len()
    );
    Ok(visitors)
}

/// A new visitor, and an event of the shop's backend, which tells the vendor who it is: each is another customer.
/// The visitor's `Cookie` header.
fn introduce(
    ours: &Ours,
    server: &mut Connection,
    vendor: &mut Connection,
    number: usize,
) -> Result<String> {
    let (cookie, id) = load(ours, server)?;
    let facts = &ours.sandbox.facts;
    let event = json!({
        "source": facts.source_value, "type": "login", "cookieid": id,
        "user_id": format!("C-{}", FIRST_CUSTOMER + number),
    });
    let path = format!("/amperity/prof/events/{}", facts.event_stream_id);
    let request = Request::post(path, event.to_string())
        .header("Authorization", format!("Bearer {}", facts.api_key))
        .header("Amperity-Tenant", &facts.tenant_id)
        .header("Content-Type", "application/json");
    vendor.ask(&request.bytes(ours.sandbox.port))?.accepted()?;
    Ok(cookie)
}

/// A first loader, which makes a visitor and asks nobody: its `Cookie` header and its id.
fn load(ours: &Ours, server: &mut Connection) -> Result<(String, String)> {
    let answer = server.ask(&ours::loader().bytes(ours.port))?;
    let (credential, id) = answer
        .cookie("dfk")
        .zip(answer.cookie("_dfid"))
        .with_context(|| format!("a first loader makes no visitor: {answer:?}"))?;
    Ok((format!("dfk={credential}"), id.to_owned()))
}

/// A page view: the visitor's `Cookie` header from there on, and its handle.
fn view(
    ours: &Ours,
    server: &mut Connection,
    cookie: &str,
    number: usize,
) -> Result<(String, String)> {
    let view = json!({ "messageId": format!("bench-{number}"), "properties": { "path": "/" } });
    let request = ours::events("p", view.to_string()).header("Cookie", cookie);
    let answer = server.ask(&request.bytes(ours.port))?;
    let set = answer.cookie("dfk").map(|credential| format!("dfk={credential}"));
    let said: Value = serde_json::from_str(&answer.accepted()?)?;
    let handle = said["handle"].as_str().context("a page view's answer has no handle")?;
    Ok((set.unwrap_or_else(|| cookie.to_owned()), handle.to_owned()))
}

/// `Cookie` headers of visitors whom the vendor does not know, and was not asked about.
pub(super) fn strangers(ours: &Ours, count: usize) -> Result<Vec<String>> {
    let mut server = Connection::open(ours.port)?;
    (0..count).map(|_| Ok(load(ours, &mut server)?.0)).collect()
}

/// The visitor's answer, once it has the profile.
fn fill(ours: &Ours, server: &mut Connection, cookie: &str) -> Result<Option<String>> {
    let request = ours::enrich().header("Cookie", cookie);
    let body = server.ask(&request.bytes(ours.port))?.accepted()?;
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
