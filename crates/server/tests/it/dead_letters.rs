//! `datafly dead-letters` beside a running server, and over the files of one that does not run.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::harness::{Process, free_address, set_up, until};
use crate::operator::{ADMIN, change, datafly, text};

pub(crate) const TRACK: &str = "/v1/t?key=dk_test_process";

/// An admin listener at an address that the commands can read from the configuration.
pub(crate) fn with_admin(folder: &Path) {
    change(folder, "# ADMIN", &format!("[server.admin]\nlisten = \"{}\"", free_address()));
}

pub(crate) fn fault(vendor: &Process, times: &Value, status: u16) {
    let fault = json!({"route": "amperity.events", "times": times, "fault": {"status": status}});
    vendor.control("POST", "faults", &fault.to_string());
}

pub(crate) fn event(id: &str) -> String {
    json!({"event": "view_cart", "messageId": id, "properties": {"note": "canary"}}).to_string()
}

/// The ids of the events that the vendor has taken.
pub(crate) fn taken(vendor: &Process) -> Vec<String> {
    let events = vendor.control("GET", "events", "");
    let ids = events["events"].as_array().unwrap().iter();
    ids.map(|event| event["body"]["message_id"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    let config = folder.join("datafly.toml").display().to_string();
    datafly(&[&["dead-letters", "--config", &config], arguments].concat())
}

fn said(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

pub(crate) fn list(folder: &Path) -> Vec<Value> {
    let list = said(&run(folder, &["list", "--json"]));
    let list: Value = serde_json::from_str(&list).unwrap();
    list["dead_letters"].as_array().unwrap().clone()
}

/// Events with these ids become dead letters; answers the names of those.
fn refuse(folder: &Path, vendor: &Process, server: &Process, ids: &[&str]) -> Vec<String> {
    fault(vendor, &json!(ids.len()), 400);
    for id in ids {
        assert!(server.send("POST", TRACK, "", &event(id)).starts_with("HTTP/1.1 200"));
    }
    until(|| list(folder).len().to_string(), |count| count == ids.len().to_string());
    list(folder).iter().map(|letter| letter["name"].as_str().unwrap().to_owned()).collect()
}

/// Shows and tries a letter by its name; the rest of the arguments say how it is reached.
fn look_at(folder: &Path, name: &str) {
    let listed = said(&run(folder, &["list", "--destination", "amperity", "--reason", "refused"]));
    assert!(listed.contains(name) && listed.contains("told by `show` alone"), "{listed}");
    assert!(!listed.contains("canary"), "{listed}");
    let shown = said(&run(folder, &["show", name]));
    for part in ["the vendor refused it with status 400", "mapping:\n", "answer, 400:\n", "canary"]
    {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let tried = run(folder, &["dry-run", name, "--json"]);
    let tried: Value = serde_json::from_str(&said(&tried)).unwrap();
    assert_eq!(tried["outcome"], "sent");
}

#[test]
fn beside_a_server_a_letter_is_delivered_once_when_its_fault_is_gone() {
    let (folder, vendor) = set_up();
    with_admin(folder.path());
    let server = Process::serve(folder.path());
    let names = refuse(folder.path(), &vendor, &server, &["a", "b", "c"]);
    look_at(folder.path(), &names[0]);
    assert_eq!(taken(&vendor), Vec::<String>::new(), "nothing was sent");

    let replayed = said(&run(folder.path(), &["replay", &names[0]]));
    assert_eq!(replayed, "1 dead letter to be delivered once more, now\n");
    until(|| taken(&vendor).join(" "), |taken| taken == "a");
    let replayed = said(&run(folder.path(), &["replay", "--pipeline", "dk_test_process"]));
    assert_eq!(replayed, "2 dead letters to be delivered once more, now\n");
    until(|| taken(&vendor).len().to_string(), |taken| taken == "3");
    assert_eq!(said(&run(folder.path(), &["list"])), "there is no dead letter\n");
    assert_eq!(vendor.control("GET", "hits", "")["amperity.events"], 6, "each twice");

    let again = run(folder.path(), &["replay", &names[0]]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("there is no dead letter"), "{}", text(&again.stderr));
    let log = Process::log(folder.path());
    assert!(!log.contains("canary") && log.contains("delivered once more"), "{log}");
}

/// The same commands open the files themselves, and the server finds what they did.
#[test]
fn without_a_server_the_files_are_opened() {
    let (folder, vendor) = set_up();
    with_admin(folder.path());
    let none = run(folder.path(), &["list"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("`server.data_dir`"), "{}", text(&none.stderr));
    assert!(!folder.path().join("data").exists(), "nothing was made");

    let server = Process::serve(folder.path());
    let names = refuse(folder.path(), &vendor, &server, &["a", "b"]);
    drop(server);
    look_at(folder.path(), &names[1]);
    let replayed = said(&run(folder.path(), &["replay", &names[1]]));
    assert_eq!(replayed, "1 dead letter to be delivered once more, as soon as the server runs\n");
    assert_eq!(said(&run(folder.path(), &["purge", "--all"])), "1 dead letter removed\n");
    assert!(list(folder.path()).is_empty());

    let _server = Process::serve(folder.path());
    until(|| taken(&vendor).join(" "), |taken| taken == "b");
    assert!(list(folder.path()).is_empty());
}

#[test]
fn purging_and_replaying_need_to_be_told_what() {
    let (folder, vendor) = set_up();
    with_admin(folder.path());
    let server = Process::serve(folder.path());
    let names = refuse(folder.path(), &vendor, &server, &["a"]);
    let name = names[0].as_str();
    for arguments in [
        &["purge"][..],
        &["replay"],
        &["purge", "--all", "--reason", "refused"],
        &["purge", name, "--all"],
        &["purge", "amperity/1"],
        &["purge", "--pipeline", "shop"],
        &["purge", "--since", "yesterday"],
        &["show"],
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
    }
    let purged = said(&run(folder.path(), &["purge", "--reason", "too_old"]));
    assert_eq!(purged, "0 dead letters removed\n");
    assert_eq!(list(folder.path()).len(), 1);
    let purged = said(&run(folder.path(), &["purge", name, "--json"]));
    assert_eq!(purged, "{\"purged\":1}\n");
    assert!(list(folder.path()).is_empty());
}

/// They need the admin listener, and nothing else of the configuration: neither secrets, nor that it is good.
#[test]
fn a_running_server_is_asked_whatever_has_become_of_its_configuration() {
    let (folder, _vendor) = set_up();
    with_admin(folder.path());
    let _server = Process::serve(folder.path());
    change(folder.path(), "esm-sandbox1", "is-sandbox1");
    let config = folder.path().join("datafly.toml").display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_datafly"));
    let output = command.args(["dead-letters", "list", "--config", &config]).output().unwrap();
    assert_eq!(said(&output), "there is no dead letter\n");

    fs::remove_file(folder.path().join("data/admin.token")).unwrap();
    let output = run(folder.path(), &["list"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is no admin token"), "{}", text(&output.stderr));
}

#[test]
fn a_server_that_cannot_be_asked_keeps_its_files() {
    let (folder, _vendor) = set_up();
    let server = Process::serve(folder.path());
    let output = run(folder.path(), &["list"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("add [server.admin]"), "{}", text(&output.stderr));
    drop(server);

    change(folder.path(), "# ADMIN", ADMIN);
    let _server = Process::serve(folder.path());
    let output = run(folder.path(), &["list"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("nobody answers at 127.0.0.1:0"),
        "{}",
        text(&output.stderr)
    );
}
