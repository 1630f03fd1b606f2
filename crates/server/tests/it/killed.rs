//! The outbox of a server that is killed again and again while events come in: what was acknowledged arrives.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{ORIGIN, Process, set_up};

/// How often it is killed.
#[expect(clippy::disallowed_methods, reason = "how a count gets into a test")]
fn kills() -> u64 {
    std::env::var("DATAFLY_KILLS").map_or(20, |count| count.parse().unwrap())
}

/// The answer to a track event, if one came before the server was gone.
fn track(address: &str, id: &str) -> Option<String> {
    let body = json!({"event": "view_cart", "messageId": id}).to_string();
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let head = format!(
        "POST /v1/t?key=dk_test_process HTTP/1.1\r\nhost: localhost\r\norigin: {ORIGIN}\r\n\
         content-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// Sends events from two connections until the server is killed; the ids of those that were acknowledged.
fn load(server: &Process, round: u64, life: Duration) -> BTreeSet<String> {
    let address = server.ready["address"].as_str().unwrap();
    let killed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let senders = ["a", "b"].map(|sender| {
            let killed = &killed;
            scope.spawn(move || {
                let ids = (0..).map(|n| format!("m-{round}-{sender}-{n}"));
                let sent = ids.take_while(|_| !killed.load(Ordering::Relaxed));
                sent.filter(|id| {
                    track(address, id).is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
                })
                .collect::<Vec<_>>()
            })
        });
        std::thread::sleep(life);
        server.signal("-KILL");
        killed.store(true, Ordering::Relaxed);
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    })
}

/// How often the vendor has taken each event.
fn taken(vendor: &Process) -> BTreeMap<String, u32> {
    let mut stream = vendor.connect_to("vendor");
    let head = "GET /_control/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let mut taken = BTreeMap::new();
    for event in body["events"].as_array().unwrap() {
        *taken.entry(event["body"]["message_id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    taken
}

#[test]
#[expect(clippy::disallowed_methods, reason = "real processes take real time")]
fn what_was_acknowledged_arrives_however_often_the_server_is_killed() {
    let (folder, vendor) = set_up();
    let mut acknowledged = BTreeSet::new();
    let mut times = BTreeMap::<String, u32>::new();
    for round in 0..kills() {
        let server = Process::serve(folder.path());
        // Between at once and well into delivering.
        let life = Duration::from_millis(20 + round * 37 % 180);
        acknowledged.extend(load(&server, round, life));
    }
    assert!(acknowledged.len() as u64 > kills(), "{}", acknowledged.len());
    let server = Process::serve(folder.path());
    let end = Instant::now() + Duration::from_mins(1);
    while !acknowledged.iter().all(|id| times.contains_key(id)) {
        let missing = acknowledged.iter().filter(|id| !times.contains_key(*id)).count();
        assert!(Instant::now() < end, "{missing} of {} did not arrive", acknowledged.len());
        std::thread::sleep(Duration::from_millis(100));
        times = taken(&vendor);
    }
    drop(server);
    // A kill between the vendor's answer and its settlement costs a copy of what was under way, no more.
    let copies: u32 = times.values().map(|times| times - 1).sum();
    println!(
        "killed {} times: {} events acknowledged, all arrived; {copies} copies of {} events",
        kills(),
        acknowledged.len(),
        times.len()
    );
    assert!(times.values().all(|times| u64::from(*times) <= kills()));
}
