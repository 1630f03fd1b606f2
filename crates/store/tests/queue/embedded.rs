//! What only the embedded engine promises: its files.

use std::fs;
use std::path::Path;

use datafly_store::Accept as _;
use datafly_store::queue::{DeadLetterFilter, RetrySettlement, Settlement};

use super::*;

fn open_at(folder: &Path) -> Embedded {
    Embedded::open(folder, None).unwrap()
}

#[test]
fn passes_the_suite() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open_at(&folder.path().join("queue"));
    runtime().block_on(suite::suite(Arc::new(queue)));
}

#[test]
fn files_left_half_made_are_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("queue");
    let unfinished = folder.path().join("queue.new");
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join("0.jnl"), b"half of a journal").unwrap();
    drop(open_at(&files));
    assert!(files.exists() && !unfinished.exists());
}

/// The last batch was not synced when the power went: its end is on disk, its middle is not.
#[test]
fn a_journal_with_a_hole_in_its_last_batch_opens() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("queue");
    let p = pipeline("hole");
    runtime().block_on(async {
        let queue = open_at(&files);
        append(&queue, &p, &["kept-1", "kept-2"]).await;
        append(&queue, &p, &["torn"]).await;
        // Its files are as they are when it dies now.
        std::mem::forget(queue);
    });
    let copy = folder.path().join("copy");
    super::model::copy(&files, &copy);
    let journal = copy.join("0.jnl");
    let mut bytes = fs::read(&journal).unwrap();
    let body = b"{\"messageId\":\"torn\"}";
    let hole = bytes.windows(body.len()).position(|window| window == body).unwrap();
    bytes[hole..hole + body.len()].fill(0);
    fs::write(&journal, bytes).unwrap();
    runtime().block_on(async {
        let queue = open_at(&copy);
        let found = queue.accepted(&p, Position::START, ALL).await.unwrap();
        assert_eq!(ids(&found), ["kept-1", "kept-2"]);
        assert_eq!(
            append(&queue, &p, &["torn", "kept-1"]).await,
            [Admission::Fresh, Admission::Duplicate]
        );
        drop(queue);
        let found = open_at(&copy).accepted(&p, Position::START, ALL).await.unwrap();
        assert_eq!(ids(&found), ["kept-1", "kept-2", "torn"]);
    });
}

/// Whether any file below holds the text.
pub(crate) fn holds(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = fs::read(&path).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[test]
fn a_forgotten_visitors_bytes_are_gone_within_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("queue");
    runtime().block_on(async {
        let queue = open_at(&files);
        let p = pipeline("erase");
        let c = consumer(&p, "c");
        open(&queue, &[&c]).await;
        let canary = |id: &str, of| NewEvent {
            body: Bytes::from(format!("canary-{of}-{id}")),
            ..event_of(&p, id, of)
        };
        for of in [1, 2] {
            let ids = ["done", "retry", "dead", "lag", "accepted"];
            let events = ids.iter().map(|id| canary(&format!("{of}{id}"), of)).collect();
            queue.append(events, START).await.unwrap();
        }
        let events = queue.accepted(&p, Position::START, ALL).await.unwrap();
        queue.enriched(&p, events[..9].to_vec()).await.unwrap();
        for n in [0, 5] {
            let at = [n, n + 1, n + 2].map(|n| events[n].position);
            let details = Bytes::from(format!("canary-{}-trace", if n == 0 { 1 } else { 2 }));
            let settlement = Settlement {
                up_to: at[2],
                retry: vec![(at[1], retry(after(1), 1))],
                dead: vec![(at[2], Death { details, ..death("x", START) })],
            };
            queue.settle(&c, settlement).await.unwrap();
        }
        queue.forget(&p, visitor(1), START).await.unwrap();
        while queue.upkeep(after(60 * 60)).await.unwrap() {}
        assert!(holds(&files, "canary-1"), "nothing is rewritten for each single visitor");
        while queue.upkeep(days(1)).await.unwrap() {}
        assert!(!holds(&files, "canary-1"));
        assert!(holds(&files, "canary-2"));
        let rest = deliverable(&queue, &c).await;
        assert_eq!(ids(&rest), ["2lag"]);
        let usage = queue.usage().await.unwrap().pipelines.remove(0);
        assert_eq!(usage.consumers[0].retries.events, 1);
        assert_eq!(usage.consumers[0].dead_letters.events, 1);
    });
    // The journal that was let go takes nothing with it.
    runtime().block_on(async {
        let queue = open_at(&files);
        let c = consumer(&pipeline("erase"), "c");
        assert_eq!(queue.due(&c, days(2), ALL).await.unwrap().len(), 1);
        let dead = queue.dead_letters(&DeadLetterFilter::default(), None, 9).await.unwrap();
        assert_eq!(dead.letters.len(), 1);
        let again = event_of(&c.pipeline, "1lag", 1);
        assert_eq!(queue.append(vec![again], days(2)).await.unwrap(), [Admission::Duplicate]);
    });
}

pub(crate) fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) => std::os::unix::fs::MetadataExt::blocks(&metadata) * 512,
            Err(_) => 0,
        })
        .sum()
}

#[test]
fn the_disk_does_not_grow_with_what_has_passed() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("queue");
    runtime().block_on(async {
        let queue = open_at(&files);
        let p = pipeline("passing");
        let c = consumer(&p, "c");
        open(&queue, &[&c]).await;
        let body = Bytes::from(vec![b'x'; 60_000]);
        let mut passed = 0_u64;
        let mut largest = 0;
        // 300 MB, a third of them through the retry store.
        for round in 0..50 {
            let events = (0..100)
                .map(|n| NewEvent { body: body.clone(), ..event(&p, &format!("{round}-{n}")) });
            queue.append(events.collect(), after(round)).await.unwrap();
            passed += 100 * body.len() as u64;
            enrich(&queue, &p).await;
            let events = deliverable(&queue, &c).await;
            let retries = events.iter().step_by(3).map(|e| (e.position, retry(after(0), 1)));
            let up_to = events.last().unwrap().position;
            let retry = retries.collect::<Vec<_>>();
            let done = retry.iter().map(|(position, _)| *position).collect();
            queue.settle(&c, Settlement { up_to, retry, ..Default::default() }).await.unwrap();
            let settlement = RetrySettlement { done, ..Default::default() };
            queue.settle_retries(&c, settlement).await.unwrap();
            while queue.upkeep(after(round)).await.unwrap() {}
            largest = largest.max(size(&files));
        }
        assert!(passed >= 300_000_000);
        let bytes = queue.usage().await.unwrap().bytes;
        assert!(largest < 300_000_000, "{largest} bytes at the most, {bytes} at the end");
        assert!(bytes < 60_000_000, "{bytes} bytes at the end");
    });
}

#[test]
fn a_backup_holds_everything_while_writing_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    runtime().block_on(async {
        let queue = Arc::new(open_at(&folder.path().join("queue")));
        let p = pipeline("backup");
        let c = consumer(&p, "c");
        open(&*queue, &[&c]).await;
        append(&*queue, &p, &["a", "b", "c"]).await;
        enrich(&*queue, &p).await;
        let at: Vec<Position> =
            deliverable(&*queue, &c).await.iter().map(|event| event.position).collect();
        let retries = vec![(at[0], retry(after(1), 1))];
        let settlement = Settlement { up_to: at[0], retry: retries, ..Default::default() };
        queue.settle(&c, settlement).await.unwrap();
        append(&*queue, &p, &["d"]).await;
        let writing = {
            let (queue, p) = (Arc::clone(&queue), p.clone());
            tokio::spawn(async move {
                for n in 0..50 {
                    append(&*queue, &p, &[&format!("while-{n}")]).await;
                }
            })
        };
        queue.backup(&copy).await.unwrap();
        writing.await.unwrap();
        let error = queue.backup(&copy).await.unwrap_err();
        assert!(error.to_string().contains("something of that name"), "{error}");

        let copy = open_at(&copy);
        assert_eq!(ids(&deliverable(&copy, &c).await), ["b", "c"]);
        assert_eq!(copy.due(&c, after(1), ALL).await.unwrap().len(), 1);
        let accepted = copy.accepted(&p, Position::START, ALL).await.unwrap();
        assert_eq!(ids(&accepted)[0], "d");
        assert_eq!(append(&copy, &p, &["a", "d"]).await, [Admission::Duplicate; 2]);
        assert_eq!(append(&copy, &p, &["new"]).await, [Admission::Fresh]);
        // The copy goes on by itself, also when it is opened again.
        enrich(&copy, &p).await;
        assert!(deliverable(&copy, &c).await.len() >= 4);
    });
}

#[test]
fn past_the_limit_nothing_is_appended_while_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let limit = 20_000_000;
        let queue = Embedded::open(&folder.path().join("queue"), Some(limit)).unwrap();
        let p = pipeline("full");
        let c = consumer(&p, "c");
        open(&queue, &[&c]).await;
        let body = Bytes::from(vec![b'x'; 60_000]);
        let big = |n: usize| NewEvent { body: body.clone(), ..event(&p, &format!("{n}")) };
        let mut appended = 0;
        let refused = loop {
            match queue.append((0..10).map(|k| big(appended + k)).collect(), START).await {
                Ok(_) => appended += 10,
                Err(error) => break error,
            }
            assert!(appended < 1000, "the limit is never met");
        };
        let StoreError::Full { bytes, limit: said } = refused else { panic!("{refused}") };
        assert!(bytes >= limit && said == limit);
        let all = queue.accepted(&p, Position::START, ALL).await.unwrap();
        assert_eq!(all.len(), appended);
        for some in all.chunks(10) {
            queue.enriched(&p, some.to_vec()).await.unwrap();
            let up_to = some.last().unwrap().position;
            queue.settle(&c, Settlement { up_to, ..Default::default() }).await.unwrap();
        }
        while queue.upkeep(START).await.unwrap() {}
        assert_eq!(queue.append(vec![big(5000)], START).await.unwrap(), [Admission::Fresh]);
    });
}
