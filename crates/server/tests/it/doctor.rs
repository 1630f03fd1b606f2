//! `datafly doctor` as it is run: beside a server or without one, by people and by programs.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use datafly_sandbox as sandbox;
use datafly_server::doctor;
use serde_json::Value;

use crate::harness::{Process, set_up};
use crate::operator::{change, text};

fn examine(folder: &Path, profile_token: &str, more: &[&str]) -> Output {
    let config = folder.join("datafly.toml").display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_datafly"));
    command.args(["doctor", "--config", &config]).args(more);
    command.env("INGEST", sandbox::INGEST_TOKEN).env("PROFILE", profile_token);
    command.output().unwrap()
}

#[test]
fn it_says_by_its_exit_code_whether_there_is_something_to_mend() {
    let (folder, _vendor) = set_up();
    change(folder.path(), "# ADMIN", "outbox = { max_mb = 8 }");
    let good = examine(folder.path(), sandbox::PROFILE_TOKEN, &[]);
    let said = text(&good.stdout);
    assert_eq!(good.status.code(), Some(0), "{said}{}", text(&good.stderr));
    assert!(said.contains("\n  ok       Amperity takes the stream's key"), "{said}");
    assert!(said.ends_with("0 problems, 0 warnings\n"), "{said}");
    // What was written to see whether it can be is gone, and nothing else was made.
    assert!(!folder.path().join("doctor.probe").exists() && !folder.path().join("data").exists());

    let bad = examine(folder.path(), "canary-of-a-token", &["--json"]);
    assert_eq!(bad.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&bad.stdout).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report}");
    let finding = &report["findings"][0];
    assert_eq!(finding["code"], "PROFILE_TOKEN_REFUSED");
    assert_eq!(finding["key"], "pipelines[dk_test_process].amperity.profile_api_key");
    assert_eq!(finding["level"], "problem");
    assert!(!text(&bad.stdout).contains("canary-of-a-token"));

    change(folder.path(), "esm-sandbox1", "is-sandbox1");
    let refused = examine(folder.path(), sandbox::PROFILE_TOKEN, &[]);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stdout);
    assert!(
        said.contains("CONFIGURATION_REFUSED: `pipelines[0].integrations[0].event_stream_id`"),
        "{said}"
    );
}

#[test]
fn what_there_is_not_is_bad_usage() {
    let (folder, _vendor) = set_up();
    for (more, says) in [
        (&["--pipeline", "dk_test_nobody"][..], "the configuration has `dk_test_process`"),
        (&["--visitor", "vera@example.com"], "`--visitor` is none"),
        (&["--visitor", "mail=vera@example.com"], "`--visitor` is none"),
        (&["--config", "/nonexistent"], ""),
        (&["--cannary"], "--canary"),
    ] {
        let output = examine(folder.path(), sandbox::PROFILE_TOKEN, more);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {said}");
        assert!(said.contains(says) && !said.contains("vera@"), "{more:?}: {said}");
    }
    fs::remove_file(folder.path().join("datafly.toml")).unwrap();
    assert_eq!(examine(folder.path(), sandbox::PROFILE_TOKEN, &[]).status.code(), Some(2));
}

/// Its store is the server's; nothing else is.
#[test]
fn a_running_server_is_no_obstacle() {
    let (folder, vendor) = set_up();
    change(folder.path(), "# ADMIN", "outbox = { max_mb = 8 }");
    change(
        folder.path(),
        "linking_keys = [",
        "linking_keys = [{ source = \"canonical_id\", key = \"device_cookie\" }, ",
    );
    let _server = Process::serve(folder.path());
    let visitor = "email=vera@example.com";
    let output =
        examine(folder.path(), sandbox::PROFILE_TOKEN, &["--canary", "--visitor", visitor]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert!(said.contains("  ok       an event that is posted reaches its profile"), "{said}");
    assert!(said.contains("  ok       allowed attributes are what the vendor sends"), "{said}");
    assert!(!said.contains("vera@"), "{said}");
    assert!(!folder.path().join("data/doctor.probe").exists());
    assert_eq!(vendor.control("GET", "events", "")["accepted"], 1);
}

#[test]
fn the_page_is_what_the_tables_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/DOCTOR.md");
    let checked_in = fs::read_to_string(path).unwrap_or_default();
    assert!(
        checked_in == doctor::reference(),
        "DOCTOR.md is not what the code says: run `cargo run -p datafly-server --example doctor_reference`"
    );
}

#[test]
fn codes_are_for_programs_and_each_is_one_ailment_s() {
    let mut codes: Vec<_> = doctor::ailments().into_iter().map(|ailment| ailment.code).collect();
    let well_formed =
        |code: &&str| code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    assert!(codes.iter().all(well_formed), "{codes:?}");
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all);
}
