//! The one suite that every adapter of the `State` port passes. An adapter joins by a module at the end
//! that opens it and calls [`suite`].

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::Arc;

use datafly_core::id::{CanonicalId, Identifier};
use datafly_core::visitor::{Claims, Verification, Visitor};
use datafly_store::{Put, State, VisitorKey};
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
}

async fn versions_grow_by_one_and_stale_writes_conflict(state: &dyn State) {
    let key = key("dk_test_versions", 1);
    assert_eq!(state.get(&key, START).await.unwrap(), None);
    for version in 1..=3 {
        let put = state.put(&key, &visitor(1), version - 1, after(60), START).await.unwrap();
        assert_eq!(put, Put::Done { version });
    }
    for stale in [0, 1, 2, 4] {
        let put = state.put(&key, &visitor(2), stale, after(60), START).await.unwrap();
        assert_eq!(put, Put::Conflict, "expected {stale}");
    }
    let stored = state.get(&key, START).await.unwrap().unwrap();
    assert_eq!((stored.visitor, stored.version, stored.expires_at), (visitor(1), 3, after(60)));
}

async fn pipelines_share_nothing(state: &dyn State) {
    state.put(&key("dk_test_aaaa", 9), &visitor(1), 0, after(60), START).await.unwrap();
    assert_eq!(state.get(&key("dk_test_bbbb", 9), START).await.unwrap(), None);
}

async fn expired_records_are_gone(state: &dyn State) {
    let (short, long) = (key("dk_test_expiry", 1), key("dk_test_expiry", 2));
    state.put(&short, &visitor(1), 0, after(10), START).await.unwrap();
    state.put(&long, &visitor(1), 0, after(10), START).await.unwrap();
    state.put(&long, &visitor(2), 1, after(1000), START).await.unwrap();
    assert!(state.get(&short, after(9)).await.unwrap().is_some());
    assert_eq!(state.get(&short, after(10)).await.unwrap(), None);

    assert_eq!(state.sweep(after(10), 100).await.unwrap(), 1);
    assert_eq!(state.sweep(after(10), 100).await.unwrap(), 0);
    // Seen from before its expiry, the record is really gone, and the renewed one is really there.
    assert_eq!(state.get(&short, START).await.unwrap(), None);
    assert!(state.get(&long, after(999)).await.unwrap().is_some());
    // An expired record starts again at version 1.
    let put = state.put(&long, &visitor(3), 0, after(5000), after(1000)).await.unwrap();
    assert_eq!(put, Put::Done { version: 1 });
}

async fn one_of_many_writers_wins_each_version(state: &Arc<dyn State>) {
    let key = key("dk_test_race", 1);
    for round in 0..5 {
        let writers: Vec<_> = (0..40)
            .map(|n| {
                let (state, key) = (Arc::clone(state), key.clone());
                tokio::spawn(async move {
                    state.put(&key, &visitor(n), round, after(60), START).await.unwrap()
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
    use datafly_store::StateError;
    use datafly_store::embedded::EmbeddedState;

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap()
    }

    #[test]
    fn passes_the_suite() {
        let folder = tempfile::tempdir().unwrap();
        let state = EmbeddedState::open(&folder.path().join("state.redb")).unwrap();
        runtime().block_on(suite(Arc::new(state)));
    }

    #[test]
    fn a_file_in_use_is_refused_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.redb");
        let _first = EmbeddedState::open(&file).unwrap();
        let error = EmbeddedState::open(&file).unwrap_err().to_string();
        assert!(error.contains("failed to open the state file"), "{error}");
    }

    #[test]
    fn a_file_of_another_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.redb");
        let database = redb::Database::create(&file).unwrap();
        let transaction = database.begin_write().unwrap();
        let meta = redb::TableDefinition::<&str, u64>::new("meta");
        transaction.open_table(meta).unwrap().insert("format", 99).unwrap();
        transaction.commit().unwrap();
        drop(database);
        let error = EmbeddedState::open(&file).unwrap_err();
        assert!(matches!(error, StateError::Format { found: 99, expected: 1 }), "{error}");
    }

    #[test]
    fn a_damaged_record_counts_as_none_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.redb");
        let key = key("dk_test_damaged", 1);
        let put = |state: &EmbeddedState| {
            let visitor = visitor(1);
            let put = state.put(&key, &visitor, 0, after(60), START);
            assert_eq!(runtime().block_on(put).unwrap(), Put::Done { version: 1 });
        };
        put(&EmbeddedState::open(&file).unwrap());
        let database = redb::Database::open(&file).unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let name = redb::TableDefinition::<&[u8], &[u8]>::new("visitors");
            let mut visitors = transaction.open_table(name).unwrap();
            let bytes = redb::ReadableTable::first(&visitors).unwrap().unwrap().0.value().to_vec();
            visitors.insert(bytes.as_slice(), b"{\"half\":".as_slice()).unwrap();
        }
        transaction.commit().unwrap();
        drop(database);
        let state = EmbeddedState::open(&file).unwrap();
        assert_eq!(runtime().block_on(state.get(&key, START)).unwrap(), None);
        put(&state);
    }

    #[test]
    fn a_file_left_half_made_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.redb");
        std::fs::write(folder.path().join("state.redb.new"), b"half of a head").unwrap();
        drop(EmbeddedState::open(&file).unwrap());
        assert!(file.exists() && !folder.path().join("state.redb.new").exists());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn agrees_with_a_map_across_reopening(steps in steps()) {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("state.redb");
            runtime().block_on(agrees_with_a_map(|| EmbeddedState::open(&file).unwrap(), steps));
        }
    }
}
