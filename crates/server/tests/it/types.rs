//! `datafly types`, beside a running server and without one.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::dead_letters::with_admin;
use crate::harness::{Process, cookie, set_up};
use crate::operator::{change, text};

const IDENTIFY: &str = r#"{"userId":"user-123","traits":{"email":"alice@example.com"}}"#;
const ENRICH: &str = "/v1/enrich?provider=amperity&key=dk_test_process";

/// Without any secret.
fn types(folder: &Path, arguments: &[&str]) -> Output {
    let config = folder.join("datafly.toml").display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_datafly"));
    command.args(["types", "--config", &config]).args(arguments);
    command.env_remove("INGEST").env_remove("PROFILE").output().unwrap()
}

fn said(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn attributes_have_the_types_that_the_server_has_seen() {
    let (folder, _vendor) = set_up();
    with_admin(folder.path());
    change(folder.path(), "\"Persona\"", "\"Persona, Never Heard Of\"");
    let server = Process::serve(folder.path());
    let before = said(&types(folder.path(), &[]));
    assert!(before.contains("      readonly Persona?: Unseen;\n"), "{before}");

    let visitor = cookie(&server.send("POST", "/v1/i?key=dk_test_process", "", IDENTIFY));
    assert!(server.send("GET", ENRICH, &visitor, "").contains("Style Seeker"));
    let file = folder.path().join("profile.d.ts");
    let output = types(folder.path(), &["--out", file.to_str().unwrap()]);
    assert_eq!((said(&output).as_str(), text(&output.stderr).as_str()), ("", ""));
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.starts_with("// Written by `datafly types` for the pipeline dk_test_process:"));
    let member = "    readonly amperity?: {\n      readonly \"Never Heard Of\"?: Unseen;\n      \
                  readonly Persona?: string;\n    };\n";
    assert!(written.contains(member), "{written}");
    assert!(!written.contains("Style Seeker") && !written.contains("alice"), "{written}");
    assert_eq!(said(&types(folder.path(), &["--pipeline", "dk_test_process"])), written);
    // Asked or not, the names are the same.
    assert_eq!(said(&types(folder.path(), &["--offline"])), before);
}

#[test]
fn without_a_server_the_file_s_names_may_be_anything() {
    let (folder, _vendor) = set_up();
    with_admin(folder.path());
    let output = types(folder.path(), &[]);
    assert!(said(&output).contains("readonly Persona?: Unseen;"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("no server answers"), "{}", text(&output.stderr));
    let offline = types(folder.path(), &["--offline"]);
    assert_eq!((said(&offline), text(&offline.stderr)), (said(&output), String::new()));
    assert!(!folder.path().join("data").exists(), "nothing was made");

    let other = types(folder.path(), &["--pipeline", "dk_test_other"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(text(&other.stderr).contains("one of `dk_test_process`"), "{}", text(&other.stderr));
    change(folder.path(), "esm-sandbox1", "is-sandbox1");
    let wrong = types(folder.path(), &["--offline"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("event_stream_id"), "{}", text(&wrong.stderr));
}
