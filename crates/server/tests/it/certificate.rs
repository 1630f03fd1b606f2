//! The certificate is renewed while the server runs, as ACME clients do it: one file after the other.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto};

use crate::harness::{Process, set_up, until};
use crate::operator::{ADMIN, LOCAL, ask, change};

const HOST: &str = "id.shop.test";

struct Pair {
    leaf: CertificateDer<'static>,
    certificate: String,
    key: String,
}

fn pair() -> Pair {
    let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
    Pair {
        leaf: made.cert.der().clone(),
        certificate: made.cert.pem(),
        key: made.signing_key.serialize_pem(),
    }
}

type Connection = StreamOwned<ClientConnection, TcpStream>;

/// A connection of a client that trusts these certificates.
fn connect(server: &Process, pairs: [&Pair; 2]) -> Connection {
    let mut roots = RootCertStore::empty();
    for pair in pairs {
        roots.add(pair.leaf.clone()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), HOST.try_into().unwrap()).unwrap();
    let mut connection = StreamOwned::new(client, server.connect());
    assert!(request(&mut connection).starts_with("HTTP/1.1 200"));
    connection
}

/// One request on a connection that stays open.
fn request(connection: &mut Connection) -> String {
    let head = format!("GET /v1/loader.js?key=dk_test_process HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
    connection.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !answer.ends_with(b")") {
        let read = connection.read(&mut buffer).unwrap();
        assert_ne!(read, 0, "closed after {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(answer).unwrap()
}

fn is_shown(pair: &Pair, connection: &Connection) -> bool {
    connection.conn.peer_certificates().unwrap()[0] == pair.leaf
}

fn write(folder: &Path, name: &str, content: &str) {
    // As careful clients do: never half a file.
    let unfinished = folder.join("unfinished");
    fs::write(&unfinished, content).unwrap();
    fs::rename(unfinished, folder.join(name)).unwrap();
}

#[test]
fn a_renewed_pair_is_served_and_half_of_one_is_not() {
    let (folder, _vendor) = set_up();
    let folder = folder.path();
    let path = |name: &str| folder.join(name).display().to_string();
    let (old, new) = (pair(), pair());
    write(folder, "cert.pem", &old.certificate);
    write(folder, "key.pem", &old.key);
    let tls = format!(
        "[server.tls]\ncertificate = '{}'\nkey = '{}'\n{ADMIN}",
        path("cert.pem"),
        path("key.pem")
    );
    change(folder, "# ADMIN", &tls);
    let server = Process::serve(folder);
    // Of a change that was looked at: refused, or else it is the next one.
    let refusals = |count: usize| {
        let line = format!("datafly_reload_total{{outcome=\"refused\"}} {count}\n");
        until(|| ask(&server, "/metrics", LOCAL), |metrics| metrics.contains(&line));
    };
    let mut before = connect(&server, [&old, &new]);
    assert!(is_shown(&old, &before));

    // Half of the new pair: the old one is served, and it is said once, however often it is looked at.
    write(folder, "cert.pem", &new.certificate);
    let ready = || ask(&server, "/readyz", LOCAL);
    until(ready, |ready| ready.contains("`server.tls.key`: it is not the certificate's"));
    // Time for two more looks, which may find no change.
    sleep(Duration::from_millis(600));
    assert!(is_shown(&old, &connect(&server, [&old, &new])));
    refusals(1);
    let log = Process::log(folder);
    let said =
        log.lines().filter(|line| line.contains("`server.tls.key`: it is not the certificate's"));
    assert_eq!(said.count(), 1, "{log}");

    write(folder, "key.pem", &new.key);
    until(ready, |ready| ready.contains(r#""refused_configuration":null"#));
    assert!(is_shown(&new, &connect(&server, [&old, &new])));
    // Who came before stays.
    assert!(request(&mut before).starts_with("HTTP/1.1 200"));
    refusals(1);

    // Broken, and gone: the pair that was good is served on.
    write(folder, "cert.pem", "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n");
    refusals(2);
    fs::remove_file(folder.join("key.pem")).unwrap();
    refusals(3);
    assert!(is_shown(&new, &connect(&server, [&old, &new])));
}

/// The two files seldom change at the same moment, and may change right while they are read.
#[test]
fn files_that_change_one_after_the_other_at_any_distance_are_served_in_the_end() {
    let (folder, _vendor) = set_up();
    let folder = folder.path();
    let path = |name: &str| folder.join(name).display().to_string();
    let mut before = pair();
    write(folder, "cert.pem", &before.certificate);
    write(folder, "key.pem", &before.key);
    let tls =
        format!("tls = {{ certificate = '{}', key = '{}' }}", path("cert.pem"), path("key.pem"));
    change(folder, "# ADMIN", &tls);
    let server = Process::serve(folder);
    for distance in [0, 40, 110, 230, 260] {
        let last = pair();
        write(folder, "key.pem", &last.key);
        sleep(Duration::from_millis(distance));
        write(folder, "cert.pem", &last.certificate);
        let shown = || is_shown(&last, &connect(&server, [&before, &last])).to_string();
        until(shown, |shown| shown == "true");
        before = last;
    }
}
