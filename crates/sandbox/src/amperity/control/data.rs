//! What there is in the tenant. Deterministic in the seed and the day: times count back from the last midnight (UTC), so
//! that a window which ends now has something in it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::config::TENANT_ID;
use crate::rng::SplitMix64;
use crate::sandbox::Sandbox;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Streams of the seed, one a kind.
const AUDIT: u64 = 0xa0d1;
const CAMPAIGN: u64 = 0xca39;
const DRAFT: u64 = 0xd4af;
const SEGMENT: u64 = 0x5e93;
const JOB: u64 = 0x1009;
const RUN: u64 = 0x4091;

pub(super) fn segments(sandbox: &Sandbox) -> Vec<Value> {
    let named = |n| json!({ "id": id(sandbox, "sg", SEGMENT, n), "name": segment_name(n) });
    (0..25).map(named).collect()
}

fn segment_name(n: u64) -> String {
    let who = ["Loyal", "Lapsed", "New", "High value", "At risk"];
    let what = ["customers", "shoppers of shoes", "subscribers", "visitors", "members"];
    let pick = |list: [&'static str; 5], n: u64| {
        list.into_iter().cycle().nth(index(n)).unwrap_or_default()
    };
    format!("{} {}", pick(who, n % 5), pick(what, n / 5))
}

pub(super) fn campaigns(sandbox: &Sandbox) -> Vec<Value> {
    let campaign = |n| {
        json!({
            "id": id(sandbox, "cmp", CAMPAIGN, n),
            "name": format!("Newsletter {}", 12 - n),
            "deliver_at": hours_ago(sandbox, 24 * n),
            "destination_data_template_id": template(n),
        })
    };
    (0..12).map(campaign).collect()
}

pub(super) fn drafts(sandbox: &Sandbox) -> Vec<Value> {
    let draft = |n| {
        json!({
            "id": id(sandbox, "cmp", DRAFT, n),
            "name": format!("Draft {}", n + 1),
            "deliver_at": null,
            "destination_data_template_id": template(n),
        })
    };
    (0..3).map(draft).collect()
}

fn template(n: u64) -> &'static str {
    if n.is_multiple_of(2) { "ddt-email" } else { "ddt-sms" }
}

pub(super) fn audit_events(sandbox: &Sandbox) -> Vec<Value> {
    let event = |n: u64| {
        let kind = [":segment/create", ":campaign/launch", ":api-key/rotate", ":user/sign-in"];
        json!({
            "event_id": id(sandbox, "ae", AUDIT, n),
            "event_type": kind.get(index(n % 4)),
            "happened_at": hours_ago(sandbox, 3 * n),
            "principal_email": "olga@acme.example",
            "principal_id": "usr-olga",
            "principal_name": "Olga Operator",
            "object_id": id(sandbox, "sg", SEGMENT, n % 25),
            "object_name": segment_name(n % 25),
            "origin_ip": "192.0.2.7",
            "session_id": id(sandbox, "ses", AUDIT, n / 8 + 1_000),
            "tenant": TENANT_ID,
            "tenant_family": TENANT_ID,
            "user_agent": "Mozilla/5.0",
        })
    };
    (0..40).map(event).collect()
}

/// Each with the time it was created, by which it is listed; it shows none itself.
pub(super) fn ingest_jobs(sandbox: &Sandbox) -> Vec<(Value, Value)> {
    let job = |n: u64| {
        let (created, failed) = (hours_ago(sandbox, 6 * n), n % 9 == 4);
        let job_id = id(sandbox, "isj", JOB, n);
        let table = |name: &str, read: u64| {
            json!({
                "table_name": name, "feed_id": format!("df-{name}"), "job_id": job_id,
                "state": if failed { "failed" } else { "succeeded" },
                "started_at": created, "ended_at": created,
                "read": read, "inserted": read / 2, "updated": read / 4,
                "rejected": u64::from(failed), "errors": u64::from(failed),
                "files": [{
                    "file_id": id(sandbox, "fl", JOB, n), "name": format!("{name}.csv"), "read": read,
                    "errors": u64::from(failed),
                }],
            })
        };
        let tables = [table("customers", 1_000 + n), table("orders", 4_000 + n)];
        let job = json!({ "id": job_id, "workflow_id": id(sandbox, "wf", RUN, n % 30), "tables": tables });
        (created, job)
    };
    (0..80).map(job).collect()
}

/// The first one runs, unless it was stopped; every seventh failed.
pub(super) fn workflow_runs(sandbox: &Sandbox, verbose: bool) -> Vec<Value> {
    let run = |n: u64| {
        let id = id(sandbox, "wf", RUN, n);
        let state = match n {
            _ if sandbox.is_stopped(&id) => "canceled",
            0 => "running",
            _ if n % 7 == 3 => "failed",
            _ => "succeeded",
        };
        let mut run = json!({
            "id": id, "name": if n.is_multiple_of(2) { "Daily load" } else { "Publish" },
            "type": if n.is_multiple_of(2) { "ingest" } else { "activation" }, "state": state,
            "created_at": hours_ago(sandbox, 8 * n), "tenant": TENANT_ID,
            "principal_email": "olga@acme.example", "principal_id": "usr-olga",
            "principal_name": "Olga Operator", "launched_version": 3, "current_version": 4,
        });
        if state != "running" {
            run["ended_at"] = hours_ago(sandbox, (8 * n).saturating_sub(1));
        }
        if state == "failed" {
            run["error"] = json!({
                "attribution": "customer", "type": ":ingest/file-missing", "message": "orders.csv is missing",
            });
        }
        if verbose {
            let task = |name: &str| json!({ "name": name, "state": state });
            run["task_instances"] = json!([task("load"), task("stitch"), task("publish")]);
        }
        run
    };
    (0..30).map(run).collect()
}

fn id(sandbox: &Sandbox, prefix: &str, stream: u64, n: u64) -> String {
    let drawn = SplitMix64::new(sandbox.config().seed, stream.wrapping_mul(10_000) + n).next_u64();
    format!("{prefix}-{:012x}", drawn >> 16)
}

/// As text, or null where there is no such time.
fn hours_ago(sandbox: &Sandbox, hours: u64) -> Value {
    let seconds = sandbox.now().as_second();
    let midnight = Timestamp::from_second(seconds - seconds.rem_euclid(DAY_SECONDS)).ok();
    let hours = SignedDuration::from_hours(i64::try_from(hours).unwrap_or(0));
    json!(midnight.and_then(|midnight| midnight.checked_sub(hours).ok()))
}

fn index(n: u64) -> usize {
    usize::try_from(n).unwrap_or(0)
}
