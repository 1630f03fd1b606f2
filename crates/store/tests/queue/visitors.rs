//! What only the embedded engine promises of visitors: their share of the files.

use datafly_core::id::Identifier;
use datafly_core::visitor::{Claims, Verification, Visitor};
use datafly_store::{Durable, State, VisitorKey};
use futures_util::future::join_all;

use super::embedded::{holds, size};
use super::*;

/// A record of half a kilobyte.
fn record(of: u32) -> Visitor {
    let text = |name: &str| Identifier::new(format!("{name}-{of:0>120}")).ok();
    let claims = Claims {
        user_id: text("user"),
        email: text("email"),
        phone: text("phone"),
        anonymous_id: text("client"),
    };
    let mut visitor = Visitor::default();
    visitor.identify(claims, None, Verification::Off, START);
    visitor
}

fn key(p: &PipelineKey, of: u32) -> VisitorKey {
    let mut bytes = [0; 16];
    // As random ids do, they fall anywhere.
    bytes[..4].copy_from_slice(&of.wrapping_mul(0x9e37_79b9).to_be_bytes());
    VisitorKey { pipeline: p.clone(), id: CanonicalId::from_random_bytes(bytes) }
}

async fn write(store: &Embedded, p: &PipelineKey, visitors: std::ops::Range<u32>, now: Timestamp) {
    for some in visitors.collect::<Vec<_>>().chunks(256) {
        let puts = some.iter().map(|of| async move {
            let (key, record, until) = (key(p, *of), record(*of), now + DAY);
            let durable = Durable::WithNextAppend;
            store.put(&key, &record, 0, until, durable, now).await.unwrap();
        });
        join_all(puts).await;
    }
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

#[test]
fn the_limit_of_the_queue_is_not_for_visitors() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("store");
    runtime().block_on(async {
        let limit = 1_000_000;
        let store = Embedded::open(&files, Some(limit)).unwrap();
        let p = pipeline("limit");
        write(&store, &p, 0..10_000, START).await;
        assert!(size(&files) > 2 * limit, "{} bytes", size(&files));
        assert_eq!(append(&store, &p, &["a"]).await, [Admission::Fresh]);
        assert!(store.usage().await.unwrap().bytes < limit / 10);
    });
}

#[test]
fn the_disk_does_not_grow_with_visitors_who_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("store");
    runtime().block_on(async {
        let store = Embedded::open(&files, None).unwrap();
        let p = pipeline("gone");
        let mut largest = 0;
        for day in 0..12 {
            let each = 15_000;
            let first = u32::try_from(day).unwrap() * each;
            write(&store, &p, first..first + each, days(day)).await;
            store.sweep(days(day), usize::MAX).await.unwrap();
            while store.upkeep(days(day)).await.unwrap() {}
            largest = largest.max(size(&files.join("keyspaces")));
        }
        // 120 MB were written.
        assert!(largest < 70_000_000, "{largest} bytes");
        assert_eq!(store.sweep(days(12), usize::MAX).await.unwrap(), 15_000);
    });
}

#[test]
fn what_a_forgotten_visitors_record_was_is_gone_within_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("store");
    runtime().block_on(async {
        let store = Embedded::open(&files, None).unwrap();
        let p = pipeline("record");
        append(&store, &p, &["a"]).await;
        for (of, word) in [(1, "canary"), (2, "somebody")] {
            let (key, mut record) = (key(&p, of), Visitor::default());
            let user_id = Identifier::new(word).ok();
            let claims = Claims { user_id, ..Claims::default() };
            record.identify(claims, None, Verification::Off, START);
            let durable = Durable::WithNextAppend;
            store.put(&key, &record, 0, days(400), durable, START).await.unwrap();
        }
        let (key, tombstone) = (key(&p, 1), Visitor::tombstone(START));
        store.put(&key, &tombstone, 1, days(400), Durable::AtOnce, START).await.unwrap();
        store.forget(&p, key.id, START).await.unwrap();
        assert!(holds(&files, "canary"));
        while store.upkeep(days(1)).await.unwrap() {}
        assert!(!holds(&files, "canary"));
        assert!(holds(&files, "somebody"));
        assert_eq!(store.get(&key, START).await.unwrap().unwrap().visitor, tombstone);
    });
}
