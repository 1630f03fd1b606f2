//! `datafly backup`: the copy put in place of the data directory is the server as it was.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::dead_letters::{TRACK, event, fault, list, taken, with_admin};
use crate::harness::{Process, cookie, set_up, until};
use crate::operator::{datafly, text};

const IDENTIFY: &str =
    r#"{"messageId":"who","userId":"user-123","traits":{"email":"alice@example.com"}}"#;
const ENRICH: &str = "/v1/enrich?provider=amperity&key=dk_test_process";

fn backup(folder: &Path, arguments: &[&str]) -> Output {
    let config = folder.join("datafly.toml").display().to_string();
    datafly(&[&["backup", "--config", &config], arguments].concat())
}

fn folder_of(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    said["folder"].as_str().unwrap().to_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_restored_is_the_visitor_the_undelivered_events_and_the_dead_letters() {
    let (folder, vendor) = set_up();
    with_admin(folder.path());
    let server = Process::serve(folder.path());
    let send = |server: &Process, visitor: &str, id: &str| {
        let answer = server.send("POST", TRACK, visitor, &event(id));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    };
    let visitor = cookie(&server.send("POST", "/v1/i?key=dk_test_process", "", IDENTIFY));
    send(&server, &visitor, "delivered");
    until(|| taken(&vendor).len().to_string(), |count| count == "2");
    fault(&vendor, &json!(1), 400);
    send(&server, &visitor, "refused");
    until(|| list(folder.path()).len().to_string(), |count| count == "1");
    fault(&vendor, &Value::Null, 503);
    send(&server, &visitor, "undelivered");

    let copy = folder.path().join("copy");
    let to = copy.display().to_string();
    assert_eq!(folder_of(&backup(folder.path(), &["--to", &to, "--json"])), to);
    assert_eq!(mode(&copy), 0o700);
    for secret in ["cookie.key", "client-ids.key", "admin.token"] {
        assert_eq!(mode(&copy.join(secret)), 0o600, "{secret}");
    }
    send(&server, &visitor, "after the copy");
    drop(server);

    let data = folder.path().join("data");
    fs::remove_dir_all(&data).unwrap();
    fs::rename(&copy, &data).unwrap();
    vendor.control("DELETE", "faults", "");
    let server = Process::serve(folder.path());
    let answer = server.send("GET", ENRICH, &visitor, "");
    assert!(answer.contains("Style Seeker"), "{answer}");
    assert_eq!(list(folder.path()).len(), 1);
    until(|| taken(&vendor).join(" "), |ids| ids.contains("undelivered"));
    for again in ["delivered", "undelivered", "refused", "a new one"] {
        send(&server, &visitor, again);
    }
    until(|| taken(&vendor).join(" "), |ids| ids.contains("a new one"));
    let mut taken = taken(&vendor);
    taken.sort();
    assert_eq!(taken, ["a new one", "delivered", "undelivered", "who"], "none twice");
    assert_eq!(list(folder.path()).len(), 1);
}

#[test]
fn a_copy_is_made_without_a_server_and_stays_where_it_is_made() {
    let (folder, _vendor) = set_up();
    with_admin(folder.path());
    let server = Process::serve(folder.path());
    let visitor = cookie(&server.send("POST", "/v1/i?key=dk_test_process", "", IDENTIFY));
    drop(server);
    let copy = folder_of(&backup(folder.path(), &["--json"]));
    let data = folder.path().join("data");
    assert!(Path::new(&copy).starts_with(data.join("backups")), "{copy}");
    assert_eq!(mode(&data.join("backups")), 0o700);

    let kept = folder.path().join("kept");
    fs::rename(&copy, &kept).unwrap();
    fs::remove_dir_all(&data).unwrap();
    fs::rename(&kept, &data).unwrap();
    let server = Process::serve(folder.path());
    assert!(server.send("GET", ENRICH, &visitor, "").contains("Style Seeker"));
}

#[test]
fn nothing_is_overwritten() {
    let (folder, _vendor) = set_up();
    with_admin(folder.path());
    let _server = Process::serve(folder.path());
    let there = folder.path().join("pkg").display().to_string();
    let nowhere = folder.path().join("no/where").display().to_string();
    for (to, said) in [(there, "already"), (nowhere, "does not exist")] {
        let output = backup(folder.path(), &["--to", &to]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    }
    assert!(!folder.path().join("data/backups").exists(), "nothing was made");
}
