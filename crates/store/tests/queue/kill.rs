//! `kill -9` at random moments, again and again over the same files: they open every time, and hold what
//! was promised.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::writer::{Promises, writer};
use super::*;

#[test]
fn what_was_promised_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("queue");
    let mut rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut promises = Promises::default();
    for run in 0..count("DATAFLY_QUEUE_KILLS", 20) {
        let mut child =
            writer(&files, run, 1_000_000, 2_000).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "open", "run {run}");
        let hearing = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
        std::thread::sleep(Duration::from_millis(rng.random_range(0..300)));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in hearing.join().unwrap() {
            promises.hear(&line);
        }
        runtime().block_on(promises.are_kept(&files, false));
    }
    assert!(promises.appended.len() > 100 && promises.settled.len() > 50, "too little was done");
    assert!(promises.records.values().sum::<u64>() > 100, "too few visitors were written");
}
