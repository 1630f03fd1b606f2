//! The real binary: killed, stopped, and talked to slowly.

use std::fs;
use std::io::{Read, Write};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::harness::{ORIGIN, Process, cookie, set_up};

const ALICE: &str = r#"{"userId":"user-123","traits":{"email":"alice@example.com"}}"#;
const ENRICH: &str = "/v1/enrich?provider=amperity&key=dk_test_process";

/// 200 means durable: the identify is there after `kill -9`, and the same cookie, signed with the key that
/// the first start made, still names the visitor.
#[test]
fn an_acknowledged_identify_survives_kill_9() {
    let (folder, _vendor) = set_up();
    let mut visitors = Vec::<String>::new();
    for _ in 0..5 {
        let server = Process::serve(folder.path());
        for known in &visitors {
            let answer = server.send("GET", ENRICH, known, "");
            assert!(answer.contains("Style Seeker"), "{answer}");
        }
        let answer = server.send("POST", "/v1/i?key=dk_test_process", "", ALICE);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        server.signal("-KILL");
        visitors.push(cookie(&answer));
    }
}

#[test]
fn on_http_localhost_the_cookies_have_no_prefix_and_are_not_secure() {
    let (folder, _vendor) = set_up();
    let server = Process::serve(folder.path());
    let answer = server.send("GET", ENRICH, "", "");
    let cookies: Vec<_> = answer.lines().filter(|line| line.starts_with("set-cookie: ")).collect();
    assert_eq!(cookies.len(), 2);
    for cookie in cookies {
        assert!(!cookie.contains("Secure") && !cookie.contains("__Host-"), "{cookie}");
        assert!(cookie.contains("HttpOnly; SameSite=Lax; Path=/"), "{cookie}");
    }
}

#[test]
fn sigterm_lets_a_request_in_flight_end_and_exits_with_0() {
    let (folder, _vendor) = set_up();
    let mut server = Process::serve(folder.path());
    let mut stream = server.connect();
    let length = ALICE.len();
    let head = format!(
        "POST /v1/i?key=dk_test_process HTTP/1.1\r\nhost: localhost\r\norigin: {ORIGIN}\r\n\
         content-type: text/plain\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    sleep(Duration::from_millis(200));
    server.signal("-TERM");
    sleep(Duration::from_millis(200));
    stream.write_all(ALICE.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

/// A client that sends its head, or its body, a byte at a time holds a place for ten seconds, no longer.
#[test]
fn slow_heads_and_bodies_are_ended() {
    let (folder, _vendor) = set_up();
    let server = Process::serve(folder.path());
    let mut head = server.connect();
    head.write_all(b"GET /v1/enrich HTTP/1.1\r\nhost: localhost\r\nx: ").unwrap();
    let mut body = server.connect();
    let start = format!(
        "POST /v1/p?key=dk_test_process HTTP/1.1\r\nhost: localhost\r\norigin: {ORIGIN}\r\n\
         content-type: text/plain\r\ncontent-length: 10\r\n\r\n{{"
    );
    body.write_all(start.as_bytes()).unwrap();

    let mut answer = Vec::new();
    body.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("BODY_TIMEOUT"), "{answer}");
    let mut rest = Vec::new();
    head.read_to_end(&mut rest).unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains(" 200 "));
}

/// So does one that sends nothing, half a preface, or a preface and then nothing.
#[test]
fn silent_connections_are_ended() {
    let (folder, _vendor) = set_up();
    let server = Process::serve(folder.path());
    let settings = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    let waiting: Vec<_> = [&b""[..], b"P", b"PRI * HTTP/2.0\r\n", settings]
        .into_iter()
        .map(|bytes| {
            let mut stream = server.connect();
            stream.write_all(bytes).unwrap();
            stream
        })
        .collect();
    for mut stream in waiting {
        let mut rest = Vec::new();
        // Ends, or is cut off, within the read time-out of 20 s.
        if let Err(error) = stream.read_to_end(&mut rest) {
            assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock);
        }
    }
}

/// A proxy keeps its connections for a while and expects us to do so too; the ten seconds are a new one's.
#[test]
fn an_idle_connection_is_kept() {
    let (folder, _vendor) = set_up();
    let server = Process::serve(folder.path());
    let mut stream = server.connect();
    for pause in [Duration::ZERO, Duration::from_secs(12)] {
        sleep(pause);
        stream.write_all(b"GET /nothing HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 404");
        let mut rest = [0; 2048];
        assert!(stream.read(&mut rest).unwrap() > 0);
    }
}

#[test]
fn a_head_that_is_too_long_is_refused() {
    let (folder, _vendor) = set_up();
    let server = Process::serve(folder.path());
    let answer = server.send("GET", ENRICH, &"x".repeat(60_000), "");
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[test]
fn a_wrong_configuration_ends_with_1_and_names_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("datafly.toml");
    fs::write(&file, "[server]\nlisten = 7\n").unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_datafly")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, error) = run(&["serve", "--config", file.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(error.contains("listen"), "{error}");
    let (code, error) = run(&["serve", "--config", "/nonexistent.toml"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("/nonexistent.toml"), "{error}");
    assert_eq!(run(&["serve", "--no-such-flag"]).0, Some(2));
}
