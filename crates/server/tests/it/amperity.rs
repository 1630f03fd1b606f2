//! `datafly amperity` against the sandbox's control API.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use datafly_sandbox as sandbox;
use serde_json::{Value, json};

use crate::harness::{Process, set_up};
use crate::operator::{change, text};

const CONTROL: &str = "[pipelines.integrations.control]\napi_key = { env = \"CONTROL\" }\n";

/// A folder with a configuration that may ask the control API.
fn tenant() -> (tempfile::TempDir, Process) {
    let (folder, vendor) = set_up();
    let file = folder.path().join("datafly.toml");
    let config = fs::read_to_string(&file).unwrap();
    fs::write(&file, config + CONTROL).unwrap();
    (folder, vendor)
}

/// With the one secret that is needed.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let config = folder.join("datafly.toml").display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_datafly"));
    command.arg("amperity").args(arguments).args(["--config", &config]);
    command.env_remove("INGEST").env_remove("PROFILE").env("CONTROL", sandbox::CONTROL_TOKEN);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let output = command(folder, arguments).output().unwrap();
    let shown = text(&output.stdout) + &text(&output.stderr);
    assert!(!shown.contains(sandbox::CONTROL_TOKEN) && !shown.contains("://"), "{shown}");
    output
}

fn said(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// What went wrong, with this exit code.
fn wrong(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stdout));
    assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
    text(&output.stderr)
}

fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn hits(vendor: &Process, route: &str) -> u64 {
    vendor.control("GET", "hits", "")[format!("amperity.{route}")].as_u64().unwrap()
}

fn fault(vendor: &Process, route: &str, times: u32, fault: &Value) {
    let fault = json!({"route": format!("amperity.{route}"), "times": times, "fault": fault});
    assert_eq!(vendor.control("POST", "faults", &fault.to_string()), json!({"ok": true}));
}

#[test]
fn a_list_is_an_aligned_table_whatever_its_last_page_says() {
    let (folder, vendor) = tenant();
    let mut tables = Vec::new();
    for last_page in ["absent", "empty"] {
        vendor.control("POST", "pages", &json!({ "last_page": last_page }).to_string());
        let before = hits(&vendor, "segments");
        tables.push(said(&run(folder.path(), &["segments"])));
        assert_eq!(hits(&vendor, "segments") - before, 3);
    }
    assert_eq!(tables[0], tables[1]);
    let lines: Vec<_> = tables[0].lines().collect();
    assert_eq!((lines.len(), lines[26]), (27, "25 segments"));
    let column = lines[0].find("NAME").unwrap();
    assert!(lines[0].starts_with("ID ") && lines[1..26].iter().all(|line| line.starts_with("sg-")));
    assert!(
        lines[1..26]
            .iter()
            .all(|line| line[..column].ends_with("  ") && &line[column..=column] != " ")
    );
}

#[test]
fn as_json_a_list_is_an_object_a_line_as_the_vendor_wrote_it() {
    let (folder, vendor) = tenant();
    let all = objects(&said(&run(folder.path(), &["campaigns", "--json"])));
    assert_eq!((all.len(), hits(&vendor, "campaigns")), (12, 2));
    assert!(all[0]["destination_data_template_id"].is_string(), "what is not typed is there, too");
    let drafts = run(folder.path(), &["campaign-drafts", "--json"]);
    assert_eq!(objects(&said(&drafts)).len(), 3);
    let some = ["campaigns", "--json", "--destination-data-template-id", "ddt-sms"];
    assert_eq!(objects(&said(&run(folder.path(), &some))).len(), 6);
}

#[test]
fn no_more_is_asked_for_than_is_wanted() {
    let (folder, vendor) = tenant();
    let arguments = ["audit-events", "--json", "--limit", "12", "--page-size", "5"];
    assert_eq!(objects(&said(&run(folder.path(), &arguments))).len(), 12);
    assert_eq!(hits(&vendor, "audit_events"), 3);
    let table = said(&run(folder.path(), &["audit-events", "--limit", "12", "--total"]));
    assert!(table.ends_with("\n12 of 40 audit events\n"), "{table}");
    assert_eq!(hits(&vendor, "audit_events"), 4);
    let none = said(&run(folder.path(), &["audit-events", "--to", "2020-01-01"]));
    assert_eq!(none, "there is no audit event\n");
    let day = said(&run(folder.path(), &["audit-events", "--from", "1d", "--json"]));
    // They are three hours apart, and the newest one is of midnight.
    assert!((1..=9).contains(&day.lines().count()), "{day}");
}

/// The second page comes a minute later: by then nobody waits for the first one any more.
#[test]
fn pages_are_printed_as_they_come() {
    let (folder, vendor) = tenant();
    fault(&vendor, "segments", 1, &json!({"delay_ms": 0}));
    fault(&vendor, "segments", 1, &json!({"delay_ms": 60_000}));
    for arguments in [&["segments", "--json"][..], &["segments"]] {
        let mut child = command(folder.path(), arguments).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Vec<_> = lines.take(10).map(Result::unwrap).collect();
        assert!(first[9].contains("sg-"), "{first:?}");
        assert_eq!(child.try_wait().unwrap(), None);
        child.kill().unwrap();
        child.wait().unwrap();
        vendor.control("DELETE", "faults", "");
        fault(&vendor, "segments", 1, &json!({"delay_ms": 0}));
        fault(&vendor, "segments", 1, &json!({"delay_ms": 60_000}));
    }
}

/// `datafly amperity audit-events | head -1`.
#[test]
fn a_reader_who_leaves_ends_the_list() {
    let (folder, vendor) = tenant();
    let mut child = command(folder.path(), &["audit-events", "--page-size", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(hits(&vendor, "audit_events"), 1);
}

#[test]
fn a_window_that_amperity_does_not_take_is_not_asked_for() {
    let (folder, vendor) = tenant();
    for (arguments, says) in [
        (&["ingest-jobs"][..], "write at most seven days, for example `--from 7d --to now`"),
        (&["ingest-jobs", "--from", "7d"], "the window needs a start and an end"),
        (&["ingest-jobs", "--to", "now"], "the window needs a start and an end"),
        (&["ingest-jobs", "--from", "8d", "--to", "now"], "longer than the seven days"),
        (&["ingest-jobs", "--from", "1d", "--to", "2d"], "which is not after its start"),
        (&["audit-events", "--from", "1d", "--to", "2d"], "which is not after its start"),
        (&["workflow-runs", "--ended-from", "now", "--ended-to", "1h"], "not after its start"),
        (&["audit-events", "--from", "yesterday"], "or how long ago it is: `7d`"),
        (&["segments", "--limit", "0"], "--limit"),
        (&["ingest-jobs", "show"], "<ID>"),
        (&["ingest-jobs", "--from", "7d", "show", "isj-1"], "show"),
        (&["segment"], "segment"),
    ] {
        let mut command = command(folder.path(), arguments);
        let output = command.env_remove("CONTROL").output().unwrap();
        let error = wrong(&output, 2);
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
    let requests = vendor.control("GET", "requests", "");
    assert_eq!(requests["requests"], json!([]));

    let week = ["ingest-jobs", "--from", "7d", "--to", "now", "--total"];
    let table = said(&run(folder.path(), &week));
    assert!(table.starts_with("ID ") && table.contains("customers, orders"), "{table}");
    assert!(table.lines().last().unwrap().ends_with(" ingest jobs"), "{table}");
    assert_eq!(hits(&vendor, "ingest_jobs"), 1);
}

#[test]
fn one_job_and_one_run_are_shown_whole() {
    let (folder, vendor) = tenant();
    let week = ["ingest-jobs", "--from", "6d", "--to", "now", "--json", "--limit", "1"];
    let jobs = objects(&said(&run(folder.path(), &week)));
    let id = jobs[0]["id"].as_str().unwrap();
    let shown = said(&run(folder.path(), &["ingest-jobs", "show", id, "--json"]));
    assert_eq!(objects(&shown), jobs);
    let shown = said(&run(folder.path(), &["ingest-jobs", "show", id]));
    assert!(
        shown.contains(&format!("id: {id}\n")) && shown.contains("\"customers.csv\""),
        "{shown}"
    );

    let failed = ["workflow-runs", "--state", "failed", "--type", "ingest"];
    let table = said(&run(folder.path(), &failed));
    assert!(
        table.lines().nth(1).unwrap().ends_with("Daily load  orders.csv is missing"),
        "{table}"
    );
    let run_id = table.lines().nth(1).unwrap().split(' ').next().unwrap();
    for (arguments, tasks) in [(&["--json"][..], 0), (&["--json", "--verbose"], 3)] {
        let arguments = [&["workflow-runs", "show", run_id], arguments].concat();
        let shown = objects(&said(&run(folder.path(), &arguments)));
        assert_eq!(shown[0]["task_instances"].as_array().map_or(0, Vec::len), tasks);
    }
    assert_eq!(hits(&vendor, "workflow_run"), 2);
    let none = wrong(&run(folder.path(), &["workflow-runs", "show", "wf-none"]), 1);
    assert!(none.contains("(404): no such workflow run (request req-"), "{none}");
    let none = wrong(&run(folder.path(), &["workflow-runs", "show", "../segments"]), 1);
    assert!(none.contains("this is no id of Amperity's"), "{none}");
}

#[test]
fn a_run_is_stopped_once_and_only_by_a_yes() {
    let (folder, vendor) = tenant();
    let running = ["workflow-runs", "--state", "running", "--json"];
    let runs = objects(&said(&run(folder.path(), &running)));
    let id = runs[0]["id"].as_str().unwrap();
    let asked = wrong(&run(folder.path(), &["workflow-runs", "stop", id]), 2);
    assert!(asked.contains(&format!("`stop {id} --yes`")), "{asked}");
    assert_eq!(hits(&vendor, "workflow_stop"), 0);

    let stop = ["workflow-runs", "stop", id, "--yes"];
    fault(&vendor, "workflow_stop", 1, &json!({"status": 503}));
    let unclear = wrong(&run(folder.path(), &stop), 1);
    assert!(unclear.contains(&format!("workflow-runs show {id}` tells")), "{unclear}");
    assert_eq!(hits(&vendor, "workflow_stop"), 1, "it is not asked again");
    let stopped = said(&run(folder.path(), &stop));
    assert!(stopped.contains("state: canceled\n"), "{stopped}");
    let again = wrong(&run(folder.path(), &stop), 1);
    assert!(again.contains("with status 409: the run does not run"), "{again}");
    assert_eq!(said(&run(folder.path(), &running)), "");
}

#[test]
fn what_fails_for_a_moment_is_asked_again_and_what_was_printed_stays() {
    let (folder, vendor) = tenant();
    fault(&vendor, "segments", 1, &json!({"status": 503}));
    fault(&vendor, "segments", 1, &json!({"status": 429, "retry_after": 1}));
    assert_eq!(objects(&said(&run(folder.path(), &["segments", "--json"]))).len(), 25);
    assert_eq!(hits(&vendor, "segments"), 5);

    fault(&vendor, "segments", 1, &json!({"delay_ms": 0}));
    fault(&vendor, "segments", 1, &json!({"status": 400}));
    let output = run(folder.path(), &["segments", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(objects(&text(&output.stdout)).len(), 10);
    assert!(
        text(&output.stderr).contains("status 400: injected fault"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(hits(&vendor, "segments"), 7);
}

#[test]
fn a_name_of_the_vendor_s_steers_no_terminal() {
    let (folder, vendor) = tenant();
    let page = r#"{"data":[{"id":"sg-1","name":"\u001b[2Jgone\r"},{"id":"sg-2","name":"\u009b31m\u202e"}]}"#;
    for json in [false, true] {
        fault(&vendor, "segments", 1, &json!({"body": page.replace("\\u009b", "\u{9b}")}));
        let arguments = if json { &["segments", "--json"][..] } else { &["segments"] };
        let shown = said(&run(folder.path(), arguments));
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
        if json {
            assert_eq!(objects(&shown)[1]["name"], "\u{9b}31m\u{202e}");
        } else {
            assert!(
                shown.contains("\\u{1b}[2Jgone\\u{d}\n") && !shown.contains('\u{202e}'),
                "{shown}"
            );
        }
    }
}

#[test]
fn what_is_missing_or_wrong_in_the_file_is_named() {
    let (folder, vendor) = tenant();
    let with = |key: &str| {
        let mut command = command(folder.path(), &["segments"]);
        command.env("CONTROL", key).output().unwrap()
    };
    for (key, says) in [("nobody-s-key", "(401)"), (sandbox::PROFILE_TOKEN, "(403)")] {
        let error = wrong(&with(key), 1);
        assert!(error.contains("`control.api_key`") && error.contains(says), "{error}");
        assert!(!error.contains(key), "{error}");
    }
    assert_eq!(hits(&vendor, "segments"), 2);
    let unset = wrong(&with(""), 1);
    assert!(unset.contains("`pipelines[0].integrations[0].control.api_key`"), "{unset}");

    let other = wrong(&run(folder.path(), &["segments", "--pipeline", "dk_test_other"]), 1);
    assert!(other.contains("the pipeline `dk_test_other` has no integration"), "{other}");
    let named = run(folder.path(), &["segments", "--pipeline", "dk_test_process", "--limit", "1"]);
    assert!(said(&named).ends_with("1 segment; there may be more\n"));

    let file = folder.path().join("datafly.toml");
    let one = fs::read_to_string(&file).unwrap();
    let two = format!(
        "{one}\n[[pipelines]]\nkey = \"dk_test_second\"\n[[pipelines.integrations]]\nvendor = \"amperity\"\n"
    );
    fs::write(&file, &two).unwrap();
    said(&run(folder.path(), &["segments", "--limit", "1"]));
    fs::write(&file, two + CONTROL).unwrap();
    let several = wrong(&run(folder.path(), &["segments"]), 1);
    assert!(several.contains("one of `dk_test_process`, `dk_test_second`"), "{several}");
    fs::write(&file, "key =").unwrap();
    let broken = wrong(&run(folder.path(), &["segments"]), 1);
    assert!(broken.contains("line 1: column"), "{broken}");

    fs::write(&file, one).unwrap();
    change(folder.path(), "[pipelines.integrations.control]", "[pipelines.integrations.controls]");
    let missing = wrong(&run(folder.path(), &["segments"]), 1);
    assert!(missing.contains("add [pipelines.integrations.control]"), "{missing}");
    let none = wrong(&run(folder.path(), &["segments", "--config", "/nonexistent.toml"]), 2);
    assert!(none.contains("--config"), "{none}");
}
