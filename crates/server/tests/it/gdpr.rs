//! `datafly gdpr` with the real binary: people's requests at a vendor, and how it ends where there is none.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::harness::{Process, set_up};
use crate::operator::text;

/// Adds the integration, whose secrets are in files.
fn configure(folder: &Path, vendor: &Process) {
    let facts = &vendor.ready["algonomy"];
    let path = folder.display();
    let fact = |name: &str| facts[name].as_str().unwrap();
    fs::write(folder.join("tenant"), fact("tenant_hash")).unwrap();
    fs::write(folder.join("oauth"), fact("oauth_key_secret")).unwrap();
    let file = folder.join("datafly.toml");
    let config = fs::read_to_string(&file).unwrap();
    let section = format!(
        "[[pipelines.integrations]]\nvendor = \"algonomy\"\n\
         profile_url = \"{}\"\ngdpr_url = \"{}\"\n\
         tenant_hash = {{ file = \"{path}/tenant\" }}\noauth_key_secret = {{ file = \"{path}/oauth\" }}\n",
        fact("profile_url"),
        fact("gdpr_url"),
    );
    fs::write(file, config + &section).unwrap();
}

/// Runs it with this on standard input.
fn gdpr(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let config = folder.join("datafly.toml").display().to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_datafly"))
        .args(["gdpr", "--config", &config])
        .args(arguments)
        .env("INGEST", "ingest-token")
        .env("PROFILE", "profile-token")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended without reading.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output, code: i32) -> String {
    assert_eq!(
        output.status.code(),
        Some(code),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(!said.contains("vera@") && !said.contains("sandbox"), "{said}");
    said
}

#[test]
fn a_request_is_registered_told_of_and_taken_back() {
    let (folder, vendor) = set_up();
    let folder = folder.path();
    configure(folder, &vendor);
    let about = ["--by", "email", "--pipeline", "dk_test_process"];
    let register = [&["register", "forget"], &about[..]].concat();
    let registered = said(&gdpr(folder, &register, "vera@example.com\n"), 0);
    assert_eq!(registered, "registered: `datafly gdpr status 496` tells how far it is\n");
    let status = said(&gdpr(folder, &["status", "496"], ""), 0);
    assert!(
        status.contains("state      registered") && status.contains("wish       forget"),
        "{status}"
    );
    let status = said(&gdpr(folder, &["status", "496", "--json"], ""), 0);
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!((&status["state"], &status["wish"]), (&"registered".into(), &"forget".into()));

    let revoke = [&["revoke", "forget", "--json"], &about[..]].concat();
    let revoked = said(&gdpr(folder, &revoke, "vera@example.com"), 0);
    assert_eq!(revoked, "{\"outcome\":\"revoked\"}\n");
    let again = said(&gdpr(folder, &revoke, "vera@example.com"), 1);
    assert!(again.contains("only a request that is still pending can be taken back"), "{again}");
    let shown = vendor.control("GET", "algonomy", "");
    assert_eq!(shown["gdpr_requests"][0]["state"], "revoked");
}

#[test]
fn whoever_is_meant_is_read_from_standard_input_or_a_file_and_never_from_an_argument() {
    let (folder, vendor) = set_up();
    let folder = folder.path();
    configure(folder, &vendor);
    let file = folder.join("who");
    fs::write(&file, " vera@example.com \n").unwrap();
    let file = file.display().to_string();
    let register = ["register", "access", "--by", "email", "--json"];
    let registered = said(&gdpr(folder, &[&register[..], &["--file", &file]].concat(), ""), 0);
    assert_eq!(registered, "{\"outcome\":\"registered\",\"tracking_id\":\"496\"}\n");
    let argument = [&register[..], &["someone@example.com"]].concat();
    assert_eq!(gdpr(folder, &argument, "").status.code(), Some(2));
    let empty = said(&gdpr(folder, &register, "\n"), 2);
    assert!(empty.contains("the identifier on standard input"), "{empty}");
    let nobody = said(&gdpr(folder, &register, "stranger@example.com\n"), 1);
    assert_eq!(nobody, "{\"outcome\":\"nobody\"}\n");
    let unknown = said(&gdpr(folder, &["status", "7"], ""), 1);
    assert!(unknown.contains("no request of that tracking id"), "{unknown}");
    let odd = said(&gdpr(folder, &["status", "7&x"], ""), 2);
    assert!(odd.contains("no tracking id"), "{odd}");
}

#[test]
fn what_is_missing_is_said() {
    let (folder, vendor) = set_up();
    let none = said(&gdpr(folder.path(), &["status", "496"], ""), 2);
    assert!(none.contains("no such integration") && none.contains("`gdpr_url`"), "{none}");
    configure(folder.path(), &vendor);
    let other = ["status", "496", "--pipeline", "dk_test_other"];
    assert!(said(&gdpr(folder.path(), &other, ""), 2).contains("no such integration"));
    fs::write(folder.path().join("tenant"), "another-tenant").unwrap();
    let refused = said(&gdpr(folder.path(), &["status", "496"], ""), 1);
    assert!(refused.contains("`tenant_hash` was refused"), "{refused}");
}
