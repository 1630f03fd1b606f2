//! What the owner does with the real binary: change the configuration while it runs, check one, and ask how
//! the server is and why it answered what it did.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use crate::harness::{Process, cookie, set_up, until};
use datafly_server::reload;
use serde_json::Value;

const IDENTIFY: &str = r#"{"userId":"user-123","traits":{"email":"alice@example.com"}}"#;
const ENRICH: &str = "/v1/enrich?provider=amperity&key=dk_test_process";

pub(crate) fn change(folder: &Path, from: &str, to: &str) {
    let file = folder.join("datafly.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(&file, text.replace(from, to)).unwrap();
}

pub(crate) fn datafly(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_datafly"));
    command.args(arguments).env("INGEST", "ingest-token").env("PROFILE", "profile-token");
    command.output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A request to the owner's listener.
pub(crate) fn ask(server: &Process, path: &str, headers: &str) -> String {
    let mut stream = server.connect_to("admin");
    let head = format!("GET {path} HTTP/1.1\r\n{headers}connection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

pub(crate) const LOCAL: &str = "host: localhost\r\n";
pub(crate) const ADMIN: &str = "[server.admin]\nlisten = \"127.0.0.1:0\"";

#[test]
fn an_allowlist_change_is_live_within_a_second_cached_answers_included() {
    let (folder, _vendor) = set_up();
    let server = Process::serve(folder.path());
    let visitor = cookie(&server.send("POST", "/v1/i?key=dk_test_process", "", IDENTIFY));
    assert!(server.send("GET", ENRICH, &visitor, "").contains("Style Seeker"));

    change(folder.path(), "\"Persona\"", "\"FavoriteBrand\"");
    let enrich = || server.send("GET", ENRICH, &visitor, "");
    let answer = until(enrich, |answer| answer.contains("Maison Lune"));
    assert!(!answer.contains("Style Seeker"), "{answer}");
    // A busy machine may take longer to read and to answer, but not to look.
    assert!(reload::EVERY * 3 < Duration::from_secs(1));
}

#[test]
fn an_invalid_change_changes_nothing_and_is_reported() {
    let (folder, _vendor) = set_up();
    change(folder.path(), "# ADMIN", ADMIN);
    let server = Process::serve(folder.path());
    let visitor = cookie(&server.send("POST", "/v1/i?key=dk_test_process", "", IDENTIFY));
    change(folder.path(), "esm-sandbox1", "is-sandbox1");
    let ready = || ask(&server, "/readyz", LOCAL);
    let refused = until(ready, |ready| ready.contains("event_stream_id"));
    assert!(refused.starts_with("HTTP/1.1 200"), "{refused}");
    assert!(server.send("GET", ENRICH, &visitor, "").contains("Style Seeker"));
    change(folder.path(), "is-sandbox1", "esm-sandbox1");
    until(ready, |ready| ready.contains(r#""refused_configuration":null"#));
}

/// Everything that does not change is named, by its field, where it is looked for; the rest is served.
#[test]
fn what_needs_a_restart_is_named_in_the_health_answer() {
    let (folder, _vendor) = set_up();
    change(folder.path(), "# ADMIN", ADMIN);
    let server = Process::serve(folder.path());
    let visitor = cookie(&server.send("POST", "/v1/i?key=dk_test_process", "", IDENTIFY));
    assert!(ask(&server, "/readyz", LOCAL).contains(r#""needs_restart":[]"#));
    let data = "/data\"";
    change(folder.path(), data, "/other\"\nbase_path = \"/df\"");
    change(folder.path(), "listen = \"127.0.0.1:0\"\npublic", "listen = \"127.0.0.1:1\"\npublic");
    change(
        folder.path(),
        ADMIN,
        "[server.admin]\nlisten = \"127.0.0.1:2\"\nhosts = [\"ops.test\"]",
    );
    change(folder.path(), "\"Persona\"", "\"FavoriteBrand\"");
    // The new host is taken, and so is everything that needs no restart.
    let ready = || ask(&server, "/readyz", "host: ops.test\r\n");
    let ready = until(ready, |ready| ready.contains("server.admin.listen"));
    let ready: Value = serde_json::from_str(ready.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let keys = ["server.listen", "server.data_dir", "server.base_path", "server.admin.listen"];
    assert_eq!(ready["needs_restart"], serde_json::json!(keys));
    let log = Process::log(folder.path());
    for key in keys {
        let said = format!("this key changes with a restart only key=\"{key}\"");
        assert!(log.contains(&said), "{key}: {log}");
    }
    assert!(server.send("GET", ENRICH, &visitor, "").contains("Maison Lune"));
    // URLs go on leading to the routes that there are.
    let loader = server.send("GET", "/v1/loader.js?key=dk_test_process", &visitor, "");
    assert!(loader.contains("http://localhost:8081") && !loader.contains("/df"), "{loader}");
    assert!(!folder.path().join("other").exists());
}

/// A boot script is written once per configuration.
#[test]
fn what_the_browser_does_by_itself_changes_without_a_restart() {
    let (folder, _vendor) = set_up();
    let server = Process::serve(folder.path());
    let loader = || server.send("GET", "/v1/loader.js?key=dk_test_process", "", "");
    assert!(loader().contains(r#""browser":{"page":true,"session":true}"#));
    let section = "[pipelines.browser]\npage = false\nomit = [\"vendor_ids\"]\n\n";
    let integrations = "[[pipelines.integrations]]";
    change(folder.path(), integrations, &[section, integrations].concat());
    let changed = r#""browser":{"page":false,"session":true,"omit":["vendor_ids"]}"#;
    until(loader, |script| script.contains(changed));
}

#[test]
fn the_owner_s_listener_is_open_for_health_only() {
    let (folder, _vendor) = set_up();
    change(folder.path(), "# ADMIN", ADMIN);
    let server = Process::serve(folder.path());
    let visitor = cookie(&server.send("POST", "/v1/i?key=dk_test_process", "", IDENTIFY));
    server.send("GET", ENRICH, &visitor, "");
    for _ in 0..3 {
        server.send("GET", ENRICH, &visitor, "");
    }
    let id = visitor.split('.').nth(2).unwrap();
    let decisions = format!("/api/pipelines/dk_test_process/visitors/{id}");
    let token = fs::read_to_string(folder.path().join("data/admin.token")).unwrap();
    let with = |token: &str| format!("{LOCAL}authorization: Bearer {token}\r\n");

    for path in ["/healthz", "/readyz", "/metrics"] {
        assert!(ask(&server, path, LOCAL).starts_with("HTTP/1.1 200"), "{path}");
    }
    for path in [decisions.as_str(), "/openapi.json", "/nothing"] {
        assert!(ask(&server, path, LOCAL).starts_with("HTTP/1.1 401"), "{path}");
        assert!(ask(&server, path, &with("wrong")).starts_with("HTTP/1.1 401"), "{path}");
    }
    // A page that has made its own name point here, and one that asks across origins.
    for headers in
        ["host: evil.test\r\n".to_owned(), format!("{}origin: https://evil.test\r\n", with(&token))]
    {
        let answer = ask(&server, &decisions, &headers);
        assert!(answer.starts_with("HTTP/1.1 4") && !answer.contains("decisions"), "{answer}");
    }

    let answer = ask(&server, &decisions, &with(&token));
    let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let decision = &body["decisions"][0];
    assert_eq!(decision["source"], "vendor");
    assert_eq!(decision["steps"][0]["key"], "email_sha256");
    assert_eq!(decision["steps"][0]["outcome"], "found");
    assert_eq!(decision["times"], 1);
    // What came after it was the same thrice, and is said once.
    let repeated = &body["decisions"][1];
    assert_eq!((&repeated["source"], &repeated["times"]), (&"fresh".into(), &3.into()));
    assert_eq!(body["decisions"].as_array().unwrap().len(), 2);
    assert!(!answer.contains("alice") && !answer.contains("Style Seeker"), "{answer}");
    let openapi = ask(&server, "/openapi.json", &with(&token));
    let openapi: Value = serde_json::from_str(openapi.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert!(openapi["paths"]["/api/pipelines/{key}/visitors/{id}"].is_object());

    let metrics = ask(&server, "/metrics", LOCAL);
    for line in [
        r#"datafly_enrich_total{pipeline="dk_test_process",provider="amperity",source="vendor",personalised="off"} 1"#,
        r#"outcome="found"} 1"#,
        r#"datafly_cache_entries{cache="attributes"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    for secret in [id, "alice", token.as_str()] {
        assert!(!metrics.contains(secret), "{secret}");
    }
}

/// The link that the start made, as a browser follows it.
#[test]
fn a_one_time_link_lets_one_browser_in() {
    let (folder, _vendor) = set_up();
    change(folder.path(), "# ADMIN", ADMIN);
    let server = Process::serve(folder.path());
    let admin = server.ready["admin"].as_str().unwrap();
    let enter = server.ready["enter"].as_str().unwrap();
    let path = enter.strip_prefix(&format!("http://{admin}")).unwrap();
    let mode = fs::metadata(folder.path().join("serve.ready")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "who reads it may come in");
    let (page, pass) = path.split_once("pass=").unwrap();

    for wrong in ["/enter", "/enter?pass=", &format!("{page}pass=x{pass}")] {
        assert!(ask(&server, wrong, LOCAL).starts_with("HTTP/1.1 401"), "{wrong}");
    }
    assert!(ask(&server, path, "host: evil.test\r\n").starts_with("HTTP/1.1 421"));
    let answer = ask(&server, path, LOCAL);
    assert!(answer.starts_with("HTTP/1.1 303") && answer.contains("location: /openapi.json"));
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200"), "{cookie}");
    assert!(ask(&server, path, LOCAL).starts_with("HTTP/1.1 401"), "once");

    let cookie = cookie.split(';').next().unwrap();
    let from = |site: &str| format!("{LOCAL}cookie: a=b; {cookie}\r\nsec-fetch-site: {site}\r\n");
    for site in ["same-origin", "none"] {
        assert!(ask(&server, "/openapi.json", &from(site)).starts_with("HTTP/1.1 200"));
    }
    // A page of another port of this machine is of the same site.
    for headers in [from("same-site"), from("cross-site"), format!("{LOCAL}cookie: {cookie}\r\n")] {
        assert!(ask(&server, "/openapi.json", &headers).starts_with("HTTP/1.1 401"), "{headers}");
    }
    let other = format!("{LOCAL}cookie: {cookie}x\r\nsec-fetch-site: none\r\n");
    assert!(ask(&server, "/openapi.json", &other).starts_with("HTTP/1.1 401"));
    let log = Process::log(folder.path());
    assert!(!log.contains(pass) && !log.contains(cookie), "{log}");
}

#[test]
fn health_is_an_exit_code() {
    let (folder, _vendor) = set_up();
    change(folder.path(), "# ADMIN", ADMIN);
    let server = Process::serve(folder.path());
    let url = format!("http://{}", server.ready["admin"].as_str().unwrap());
    let output = datafly(&["health", "--url", &url, "--json"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["ready"], true);
    drop(server);
    let output = datafly(&["health", "--url", &url]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("does not answer"), "{}", text(&output.stderr));
}

#[test]
fn check_refuses_advises_and_opens_nothing() {
    let (folder, _vendor) = set_up();
    let file = folder.path().join("datafly.toml").display().to_string();
    let data = folder.path().join("data");
    let check = |arguments: &[&str]| {
        let output = datafly(&[&["check", "--config", &file], arguments].concat());
        (output.status.code(), text(&output.stdout))
    };
    let (code, said) = check(&[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("`pipelines[dk_test_process].identity.verification`"), "{said}");
    assert_eq!(check(&["--allow-advice"]).0, Some(0));
    change(folder.path(), r#"identity = { verification = "off" }"#, "");
    assert_eq!(check(&[]).0, Some(0), "{}", check(&[]).1);

    change(folder.path(), "\"Persona\"", "\"Persona,Email\"");
    change(folder.path(), "[\"http://localhost:8080\"]", "[\"https://www.other.test\"]");
    let (code, said) = check(&["--json"]);
    assert_eq!(code, Some(1));
    let said: Value = serde_json::from_str(&said).unwrap();
    let keys: Vec<_> =
        said["advice"].as_array().unwrap().iter().map(|it| it["key"].as_str().unwrap()).collect();
    assert_eq!(
        keys,
        [
            "pipelines[dk_test_process].origins",
            "pipelines[dk_test_process].amperity.browser_attribute_allowlist"
        ]
    );
    assert!(!data.exists(), "nothing was made");
}

#[test]
fn check_reports_all_mistakes_at_once() {
    let (folder, _vendor) = set_up();
    let file = folder.path().join("datafly.toml").display().to_string();
    change(folder.path(), "esm-sandbox1", "is-sandbox1");
    change(folder.path(), "listen = \"127.0.0.1:0\"", "listen = 7\nlisten_on = 8");
    change(folder.path(), "dk_test_process", "process");
    change(folder.path(), "/pkg\"", "/nothing\"");
    let output = datafly(&["check", "--config", &file]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    let lines: Vec<_> = said.lines().collect();
    for (line, start) in lines.iter().zip([
        "error: line 3: `server.listen`: invalid type: integer `7`, expected socket address",
        "error: line 4: `server.listen_on`: unknown key: write one of",
        "error: line 7: `server.bundle_dir`: the browser bundle's",
        "error: line 11: `pipelines[0].key`:",
        "error: line 20: `pipelines[0].integrations[0].event_stream_id` is `is-sandbox1`: ids that",
    ]) {
        assert!(line.starts_with(start), "{line} instead of {start}");
    }
    assert_eq!(lines.len(), 5, "{said}");

    let output = datafly(&["check", "--config", &file, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let errors = said["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 5);
    let last = &errors[4];
    assert_eq!((&last["line"], &last["value"]), (&20.into(), &"is-sandbox1".into()));
    assert_eq!(last["key"], "pipelines[0].integrations[0].event_stream_id");
    assert!(last["text"].as_str().unwrap().contains("create a real-time stream"));
    // A start says the same, and does not start.
    let output = datafly(&["serve", "--config", &file]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr).lines().count(), 5, "{}", text(&output.stderr));
}

/// A token that expires then, in seconds since 1970.
fn jwt(exp: i64) -> String {
    let claims = format!(r#"{{"exp":{exp}}}"#);
    format!("e30.{}.canary", data_encoding::BASE64URL_NOPAD.encode(claims.as_bytes()))
}

#[test]
fn tokens_are_listed_without_their_values_and_one_that_ends_is_a_finding() {
    let (folder, _vendor) = set_up();
    let config = folder.path().join("datafly.toml").display().to_string();
    let list = |more: &[&str]| datafly(&[&["token", "list", "--config", &config], more].concat());
    let opaque = list(&[]);
    assert_eq!(
        (opaque.status.code(), text(&opaque.stdout).matches("unknown").count()),
        (Some(0), 2)
    );

    let file = folder.path().join("ingest");
    let named = format!("api_key = {{ file = \"{}\" }}\nevent", file.display());
    fs::write(&file, jwt(4_102_444_800)).unwrap();
    change(folder.path(), "api_key = { env = \"INGEST\" }\nevent", &named);
    let good = list(&["--json"]);
    assert_eq!(good.status.code(), Some(0));
    let listed: Value = serde_json::from_slice(&good.stdout).unwrap();
    let events = &listed["tokens"][1];
    assert_eq!(events["expires_at"], "2100-01-01T00:00:00Z");
    assert!(events["days_left"].as_i64().unwrap() > 1000, "{listed}");
    let named =
        ["pipeline", "integration", "key", "kind"].map(|name| events[name].as_str().unwrap());
    assert_eq!(named, ["dk_test_process", "amperity", "api_key", "configured"]);

    fs::write(&file, jwt(1_577_836_800)).unwrap();
    let ended = list(&[]);
    assert_eq!(ended.status.code(), Some(1));
    let said = text(&ended.stdout);
    assert!(
        said.contains("api_key          configured  2020-01-01T00:00:00Z  has expired"),
        "{said}"
    );
    for output in [opaque, good, ended] {
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains("canary") && !said.contains("-token"), "{said}");
    }

    // And a server that runs says so by itself.
    let _server = Process::serve(folder.path());
    let log = until(|| Process::log(folder.path()), |log| log.contains("a credential has expired"));
    assert!(log.contains("key=api_key") && log.contains("days_left=-"), "{log}");
    assert!(!log.contains("canary"), "{log}");
}
