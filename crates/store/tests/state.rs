//! The one suite that every adapter of the `State` port passes. An adapter joins by a module at the end
//! that opens it and calls [`suite`].

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::Arc;

use datafly_core::id::{CanonicalId, Identifier};
use datafly_core::visitor::{Claims, Verification, Visitor};
use datafly_store::{Durable, Put, State, VisitorKey};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn after(seconds: i64) -> Timestamp {
    START + SignedDuration::from_secs(seconds)
}

fn key(pipeline: &str, visitor: u8) -> VisitorKey {
    VisitorKey {
        pipeline: pipeline.parse().unwrap(),
        id: CanonicalId::from_random_bytes([visitor; 16]),
    }
}

fn visitor(user: u8) -> Visitor {
    let mut visitor = Visitor::default();
    let user_id = Identifier::new(format!("user-{user}")).ok();
    visitor.identify(
        Claims { user_id, ..Claims::default() },
        None,
        Verification::Required,
        Timestamp::UNIX_EPOCH,
    );
    visitor
}

/// Everything an adapter must do, on an empty engine.
async fn suite(state: Arc<dyn State>) {
    versions_grow_by_one_and_stale_writes_conflict(&*state).await;
    pipelines_share_nothing(&*state).await;
    expired_records_are_gone(&*state).await;
    one_of_many_writers_wins_each_version(&state).await;
    whoever_is_answered_sees_it(&state).await;
}

async fn versions_grow_by_one_and_stale_writes_conflict(state: &dyn State) {
    let key = key("dk_test_versions", 1);
    assert_eq!(state.get(&key, START).await.unwrap(), None);
    for version in 1..=3 {
        let put = state
            .put(&key, &visitor(1), version - 1, after(60), Durable::AtOnce, START)
            .await
            .unwrap();
        assert_eq!(put, Put::Done { version });
    }
    for stale in [0, 1, 2, 4] {
        let put =
            state.put(&key, &visitor(2), stale, after(60), Durable::AtOnce, START).await.unwrap();
        assert_eq!(put, Put::Conflict, "expected {stale}");
    }
    let stored = state.get(&key, START).await.unwrap().unwrap();
    assert_eq!((stored.visitor, stored.version, stored.expires_at), (visitor(1), 3, after(60)));
}

async fn pipelines_share_nothing(state: &dyn State) {
    state
        .put(&key("dk_test_aaaa", 9), &visitor(1), 0, after(60), Durable::AtOnce, START)
        .await
        .unwrap();
    assert_eq!(state.get(&key("dk_test_bbbb", 9), START).await.unwrap(), None);
}

async fn expired_records_are_gone(state: &dyn State) {
    let (short, long) = (key("dk_test_expiry", 1), key("dk_test_expiry", 2));
    state.put(&short, &visitor(1), 0, after(10), Durable::AtOnce, START).await.unwrap();
    state.put(&long, &visitor(1), 0, after(10), Durable::AtOnce, START).await.unwrap();
    state.put(&long, &visitor(2), 1, after(1000), Durable::AtOnce, START).await.unwrap();
    assert!(state.get(&short, after(9)).await.unwrap().is_some());
    assert_eq!(state.get(&short, after(10)).await.unwrap(), None);

    assert_eq!(state.sweep(after(10), 100).await.unwrap(), 1);
    assert_eq!(state.sweep(after(10), 100).await.unwrap(), 0);
    // Seen from before its expiry, the record is really gone, and the renewed one is really there.
    assert_eq!(state.get(&short, START).await.unwrap(), None);
    assert!(state.get(&long, after(999)).await.unwrap().is_some());
    // An expired record starts again at version 1.
    let put =
        state.put(&long, &visitor(3), 0, after(5000), Durable::AtOnce, after(1000)).await.unwrap();
    assert_eq!(put, Put::Done { version: 1 });
}

async fn one_of_many_writers_wins_each_version(state: &Arc<dyn State>) {
    let key = key("dk_test_race", 1);
    for round in 0..5 {
        let writers: Vec<_> = (0..40)
            .map(|n| {
                let (state, key) = (Arc::clone(state), key.clone());
                tokio::spawn(async move {
                    state
                        .put(&key, &visitor(n), round, after(60), Durable::AtOnce, START)
                        .await
                        .unwrap()
                })
            })
            .collect();
        let mut wins = 0;
        for writer in writers {
            wins += usize::from(writer.await.unwrap() == Put::Done { version: round + 1 });
        }
        assert_eq!(wins, 1, "round {round}");
    }
}

async fn whoever_is_answered_sees_it(state: &Arc<dyn State>) {
    let visitors = (0..8).map(|n| {
        let state = Arc::clone(state);
        tokio::spawn(async move {
            let key = key("dk_test_seen", n);
            for version in 0..20 {
                let durable =
                    if version % 2 == 0 { Durable::WithNextAppend } else { Durable::AtOnce };
                let put = state.put(&key, &visitor(n), version, after(60), durable, START).await;
                assert_eq!(put.unwrap(), Put::Done { version: version + 1 });
                let stored = state.get(&key, START).await.unwrap().unwrap();
                assert_eq!(stored.version, version + 1);
            }
        })
    });
    for visitor in visitors.collect::<Vec<_>>() {
        visitor.await.unwrap();
    }
}

#[derive(Debug, Clone)]
enum Step {
    Put { visitor: u8, expected_off_by: u64, user: u8, lives: i64 },
    Get { visitor: u8 },
    Sweep { limit: usize },
    Wait { seconds: i64 },
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_u8..4, prop_oneof![4 => Just(0_u64), 1 => 1_u64..3], any::<u8>(), 1_i64..50)
            .prop_map(|(visitor, expected_off_by, user, lives)| Step::Put {
                visitor, expected_off_by, user, lives,
            }),
        4 => (0_u8..4).prop_map(|visitor| Step::Get { visitor }),
        1 => (0_usize..4).prop_map(|limit| Step::Sweep { limit }),
        2 => (0_i64..20).prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

/// Random operations against a map in memory, the engine closed and opened in between.
async fn agrees_with_a_map<S: State>(open: impl Fn() -> S, steps: Vec<Step>) {
    let mut state = Some(open());
    let mut model = HashMap::<u8, (Visitor, u64, Timestamp)>::new();
    let mut now = START;
    for step in steps {
        let engine = state.as_ref().unwrap();
        match step {
            Step::Put { visitor: v, expected_off_by, user, lives } => {
                let live = model.get(&v).filter(|(_, _, end)| now < *end);
                let current = live.map_or(0, |(_, version, _)| *version);
                let expires_at = now + SignedDuration::from_secs(lives);
                let put = engine
                    .put(
                        &key("dk_test_model", v),
                        &visitor(user),
                        current + expected_off_by,
                        expires_at,
                        if user % 2 == 0 { Durable::AtOnce } else { Durable::WithNextAppend },
                        now,
                    )
                    .await
                    .unwrap();
                if expected_off_by == 0 {
                    assert_eq!(put, Put::Done { version: current + 1 });
                    model.insert(v, (visitor(user), current + 1, expires_at));
                } else {
                    assert_eq!(put, Put::Conflict);
                }
            }
            Step::Get { visitor: v } => {
                let live = model.get(&v).filter(|(_, _, end)| now < *end).cloned();
                let stored = engine.get(&key("dk_test_model", v), now).await.unwrap();
                assert_eq!(stored.map(|s| (s.visitor, s.version, s.expires_at)), live);
            }
            Step::Sweep { limit } => {
                let due = model.values().filter(|(_, _, end)| *end <= now).count();
                assert_eq!(engine.sweep(now, limit).await.unwrap(), due.min(limit));
                // Which of the due ones went is the engine's choice; sweep the rest to agree again.
                engine.sweep(now, usize::MAX).await.unwrap();
                model.retain(|_, (_, _, end)| now < *end);
            }
            Step::Wait { seconds } => now += SignedDuration::from_secs(seconds),
            Step::Reopen => {
                drop(state.take());
                state = Some(open());
            }
        }
    }
}

mod embedded {
    use std::path::Path;

    use datafly_store::embedded::Embedded;
    use datafly_store::{Backup, StoreError};

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap()
    }

    fn open(folder: &Path) -> Embedded {
        Embedded::open(folder, None).unwrap()
    }

    /// Does something with a store of the files behind the engine's back.
    fn tamper(folder: &Path, store: &str, tamper: impl FnOnce(&fjall::Keyspace)) {
        let database = fjall::Database::builder(folder).open().unwrap();
        tamper(&database.keyspace(store, fjall::KeyspaceCreateOptions::default).unwrap());
    }

    #[test]
    fn passes_the_suite() {
        let folder = tempfile::tempdir().unwrap();
        let state = open(&folder.path().join("store"));
        runtime().block_on(suite(Arc::new(state)));
    }

    #[test]
    fn files_in_use_are_refused_with_their_reason() {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("store");
        let _first = open(&files);
        let error = Embedded::open(&files, None).unwrap_err();
        assert!(matches!(error, StoreError::InUse), "{error}");
        assert!(error.to_string().contains("in use by another process"), "{error}");
    }

    #[test]
    fn files_of_another_format_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("store");
        drop(open(&files));
        tamper(&files, "meta", |meta| meta.insert("format", 99_u64.to_be_bytes()).unwrap());
        let error = Embedded::open(&files, None).unwrap_err();
        assert!(matches!(error, StoreError::Format { found: 99, expected: 1 }), "{error}");
    }

    #[test]
    fn files_left_half_made_are_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (files, unfinished) = (folder.path().join("store"), folder.path().join("store.new"));
        std::fs::create_dir(&unfinished).unwrap();
        std::fs::write(unfinished.join("0.jnl"), b"half of a journal").unwrap();
        drop(open(&files));
        assert!(files.exists() && !unfinished.exists());
    }

    #[test]
    fn a_damaged_record_counts_as_none_is_replaced_and_expires() {
        for left in [0, 10, 20] {
            let folder = tempfile::tempdir().unwrap();
            let files = folder.path().join("store");
            let key = key("dk_test_damaged", 1);
            let put = |state: &Embedded| {
                let visitor = visitor(1);
                let put = state.put(&key, &visitor, 0, after(60), Durable::AtOnce, START);
                assert_eq!(runtime().block_on(put).unwrap(), Put::Done { version: 1 });
            };
            let damage = || {
                tamper(&files, "visitors", |visitors| {
                    let (key, record) = visitors.first_key_value().unwrap().into_inner().unwrap();
                    visitors.insert(key, &record[..left]).unwrap();
                });
            };
            put(&open(&files));
            damage();
            let state = open(&files);
            assert_eq!(runtime().block_on(state.get(&key, START)).unwrap(), None);
            put(&state);
            drop(state);
            damage();
            let state = open(&files);
            let a_day_later = after(60 + 24 * 60 * 60);
            assert_eq!(runtime().block_on(state.sweep(a_day_later, 9)).unwrap(), 1);
            drop(state);
            tamper(&files, "visitors", |visitors| assert!(visitors.is_empty().unwrap()));
            tamper(&files, "expiries", |expiries| assert!(expiries.is_empty().unwrap()));
        }
    }

    /// Its entry in the index moves once a day, and goes with it.
    #[test]
    fn a_record_that_is_written_all_day_has_one_expiry() {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("store");
        let key = key("dk_test_often", 1);
        runtime().block_on(async {
            let state = open(&files);
            for version in 0..60 {
                let hours = i64::try_from(version).unwrap();
                let (now, until) = (after(hours * 3600), after((hours + 400 * 24) * 3600));
                let durable = Durable::WithNextAppend;
                state.put(&key, &visitor(1), version, until, durable, now).await.unwrap();
            }
        });
        tamper(&files, "expiries", |expiries| {
            assert_eq!(expiries.len().unwrap(), 1);
            // Each day costs an entry, and the removal of the one before.
            assert!(expiries.approximate_len() <= 2 * 4, "{}", expiries.approximate_len());
        });
        runtime().block_on(async {
            let state = open(&files);
            let end = after((59 + 400 * 24) * 3600);
            assert_eq!(state.sweep(end - SignedDuration::from_secs(1), 9).await.unwrap(), 0);
            assert_eq!(state.sweep(end, 9).await.unwrap(), 1);
        });
        tamper(&files, "expiries", |expiries| assert!(expiries.is_empty().unwrap()));
    }

    #[test]
    fn a_backup_holds_what_was_answered_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let (files, copy) = (folder.path().join("store"), folder.path().join("copy"));
        std::fs::create_dir(folder.path().join("copy.new")).unwrap();
        std::fs::write(folder.path().join("copy.new/0.jnl"), b"what was left").unwrap();
        let state = open(&files);
        let key = key("dk_test_backup", 1);
        runtime().block_on(async {
            let durable = Durable::WithNextAppend;
            state.put(&key, &visitor(1), 0, after(60), durable, START).await.unwrap();
            state.backup(&copy).await.unwrap();
            state.put(&key, &visitor(2), 1, after(60), durable, START).await.unwrap();
            state.backup(&copy).await.unwrap_err();
            let copy = open(&copy);
            let stored = copy.get(&key, START).await.unwrap().unwrap();
            assert_eq!((stored.visitor, stored.version), (visitor(1), 1));
            assert_eq!(copy.sweep(after(60), 9).await.unwrap(), 1);
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn agrees_with_a_map_across_reopening(steps in steps()) {
            let folder = tempfile::tempdir().unwrap();
            let files = folder.path().join("store");
            runtime().block_on(agrees_with_a_map(|| open(&files), steps));
        }
    }
}
