//! The `Accept` port over the embedded engine: a visitor's record and its events, or neither.

use datafly_core::visitor::Visitor;
use datafly_store::{Accept as _, Acceptance, Durable, Put, State as _, VisitorKey, VisitorWrite};

use super::*;

fn opened() -> (tempfile::TempDir, Embedded) {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(&folder.path().join("store"), None).unwrap();
    (folder, store)
}

fn key(p: &PipelineKey) -> VisitorKey {
    VisitorKey { pipeline: p.clone(), id: visitor(1) }
}

/// The record as one that was first seen then.
fn record(seconds: i64) -> Arc<Visitor> {
    let mut visitor = Visitor::default();
    visitor.note_event(after(seconds));
    Arc::new(visitor)
}

fn write(p: &PipelineKey, seconds: i64, expected: u64) -> VisitorWrite {
    VisitorWrite { key: key(p), visitor: record(seconds), expected, expires_at: days(1) }
}

async fn accepted(store: &Embedded, p: &PipelineKey) -> Vec<String> {
    let events = store.accepted(p, Position::START, ALL).await.unwrap();
    ids(&events).into_iter().map(str::to_owned).collect()
}

#[test]
fn the_record_and_the_events_are_both_there_or_neither_is() {
    let (_folder, store) = opened();
    let p = pipeline("shop");
    runtime().block_on(async {
        let done = store.accept(Some(write(&p, 1, 0)), vec![event(&p, "m1")], START).await.unwrap();
        assert_eq!(done, Acceptance::Done(vec![Admission::Fresh]));
        let stored = store.get(&key(&p), START).await.unwrap().unwrap();
        assert_eq!((stored.version, &stored.visitor), (1, &*record(1)));

        // Another request of the same visitor was first.
        let late = store.accept(Some(write(&p, 2, 0)), vec![event(&p, "m2")], START).await.unwrap();
        assert_eq!(late, Acceptance::Overtaken);
        assert_eq!(accepted(&store, &p).await, ["m1"]);
        assert_eq!(store.get(&key(&p), START).await.unwrap().unwrap().visitor, *record(1));

        // The same events again, as after a lost answer: the record is written, and none is there twice.
        let again = vec![event(&p, "m1"), event(&p, "m2")];
        let done = store.accept(Some(write(&p, 2, 1)), again, START).await.unwrap();
        assert_eq!(done, Acceptance::Done(vec![Admission::Duplicate, Admission::Fresh]));
        assert_eq!(accepted(&store, &p).await, ["m1", "m2"]);
        assert_eq!(store.get(&key(&p), START).await.unwrap().unwrap().version, 2);
    });
}

#[test]
fn of_many_at_once_each_version_is_written_by_one() {
    let (_folder, store) = opened();
    let p = pipeline("shop");
    runtime().block_on(async {
        let all = (0..64).map(|n| {
            let (store, p) = (&store, &p);
            async move {
                let new = vec![event(p, &format!("m{n}"))];
                store.accept(Some(write(p, n, 0)), new, START).await.unwrap()
            }
        });
        let all = futures_util::future::join_all(all).await;
        let done = all.iter().filter(|it| **it != Acceptance::Overtaken).count();
        assert_eq!((done, accepted(&store, &p).await.len()), (1, 1));
    });
}

#[test]
fn nothing_is_written_past_the_limit_of_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(&folder.path().join("store"), Some(100)).unwrap();
    let p = pipeline("shop");
    runtime().block_on(async {
        store.accept(None, vec![event(&p, "m1")], START).await.unwrap();
        let full = store.accept(Some(write(&p, 1, 0)), vec![event(&p, "m2")], START).await;
        assert!(matches!(full, Err(StoreError::Full { .. })), "{full:?}");
        assert_eq!(store.get(&key(&p), START).await.unwrap(), None);
        let put =
            store.put(&key(&p), &record(1), 0, days(1), Durable::AtOnce, START).await.unwrap();
        assert_eq!(put, Put::Done { version: 1 });
    });
}

#[test]
fn what_would_be_a_duplicate_is_known() {
    let (_folder, store) = opened();
    let (shop, other) = (pipeline("shop"), pipeline("other"));
    let ids = || vec!["m2".parse().unwrap(), "m1".parse().unwrap(), "m1".parse().unwrap()];
    runtime().block_on(async {
        store.accept(None, vec![event(&shop, "m1")], START).await.unwrap();
        let known = async |p, now| store.known(p, ids(), now).await.unwrap();
        assert_eq!(known(&shop, START).await, [false, true, true]);
        assert_eq!(known(&shop, days(6)).await, [false, true, true]);
        assert_eq!(known(&shop, days(22)).await, [false; 3], "no longer");
        assert_eq!(known(&other, START).await, [false; 3]);
        assert_eq!(accepted(&store, &shop).await, ["m1"], "nothing was written");
    });
}
