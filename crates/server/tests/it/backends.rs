//! The examples for a site's backend, run as they stand: what they sign is what the server takes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use datafly_core::event::{EventKind, Submission};
use datafly_server::identity::{IdentityError, IdentityKey, Verifier};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::DecodingKey;

const SECRET: &str = "a secret of the shop's own backend, long enough";
const PIPELINE: &str = "dk_live_shop";
const WHO: [&str; 4] = ["k1", PIPELINE, "user-123", "alice@example.com"];

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/identity").join(name)
}

/// The example that `cargo test` has built, or builds now where only some of the tests are run.
fn rust_example() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args([
        "run",
        "--quiet",
        "--package",
        "datafly-server",
        "--example",
        "sign_identity",
        "--",
    ]);
    command
}

fn run(command: &mut Command, input: &str) -> String {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| {
        let program = command.get_program().display();
        panic!("the tests need {program}, which does not start ({error}): install it")
    });
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "the examples sign by the machine's clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn verify(key: IdentityKey, token: &str) -> Result<String, IdentityError> {
    let body = serde_json::json!({"userId": "user-123", "token": token}).to_string();
    let submission = Submission::parse(body.as_bytes(), EventKind::Identify).unwrap();
    let pipeline = PIPELINE.parse().unwrap();
    let verifier = Verifier::new(pipeline, vec![key], SignedDuration::from_hours(24));
    let binding = verifier.verify(&submission.token.unwrap(), now())?;
    let email = binding.email.map(|email| email.expose().to_owned()).unwrap_or_default();
    Ok(format!("{} {email}", binding.user_id.expose()))
}

fn shared() -> IdentityKey {
    IdentityKey::hs256("k1".to_owned(), SECRET.as_bytes())
}

#[test]
fn what_every_backend_signs_with_a_shared_secret_is_taken() {
    let node = run(Command::new("node").arg(example("sign.mjs")).arg("HS256").args(WHO), SECRET);
    let python = run(Command::new("python3").arg(example("sign.py")).args(WHO), SECRET);
    let rust = run(rust_example().arg("HS256").args(WHO), SECRET);
    for token in [node, python, rust] {
        assert_eq!(verify(shared(), &token).unwrap(), "user-123 alice@example.com");
    }
}

#[test]
fn so_is_what_they_sign_with_a_private_key_and_nothing_confuses_the_two() {
    let make = "const k = require('crypto').generateKeyPairSync('ec', {namedCurve: 'P-256', \
                publicKeyEncoding: {type: 'spki', format: 'pem'}, \
                privateKeyEncoding: {type: 'pkcs8', format: 'pem'}}); \
                console.log(k.privateKey + '~' + k.publicKey)";
    let pair = run(Command::new("node").args(["-e", make]), "");
    let (private, public) = pair.split_once('~').unwrap();
    let key = || {
        let key = DecodingKey::from_ec_pem(public.as_bytes()).unwrap();
        IdentityKey::es256("k1".to_owned(), key)
    };
    let node = run(Command::new("node").arg(example("sign.mjs")).arg("ES256").args(WHO), private);
    let rust = run(rust_example().arg("ES256").args(WHO), private);
    for token in [&node, &rust] {
        assert_eq!(verify(key(), token).unwrap(), "user-123 alice@example.com");
        assert_eq!(verify(shared(), token), Err(IdentityError::WrongAlgorithm));
    }
    // The classic confusion: the public key, which everybody may know, used as a shared secret.
    let confused =
        run(Command::new("node").arg(example("sign.mjs")).arg("HS256").args(WHO), public);
    assert_eq!(verify(key(), &confused), Err(IdentityError::WrongAlgorithm));
    let mut forged = node.clone();
    forged.pop();
    forged.push(if node.ends_with('A') { 'Q' } else { 'A' });
    assert_eq!(verify(key(), &forged), Err(IdentityError::BadSignature));
}
