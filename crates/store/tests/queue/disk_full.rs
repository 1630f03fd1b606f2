//! A real full disk: a small file system in memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use datafly_core::visitor::Visitor;
use datafly_store::queue::Settlement;
use datafly_store::{Accept as _, Durable, State as _, VisitorKey};

use super::*;

/// A mounted file system of so many megabytes, unmounted when it goes.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, megabytes: usize) -> Self {
        let options = format!("size={megabytes}m");
        let mut mount = Command::new("mount");
        let status = mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at).status().unwrap();
        assert!(
            status.success(),
            "a small file system could not be mounted: run this test as root"
        );
        Self(at.to_owned())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_disk_that_was_full_is_used_again_and_has_lost_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(folder.path(), 80);
    let files = folder.path().join("queue");
    let filler = folder.path().join("filler");
    fs::write(&filler, vec![1; 50 << 20]).unwrap();
    runtime().block_on(async {
        let queue = Embedded::open(&files, None).unwrap();
        let p = pipeline("small");
        let c = consumer(&p, "c");
        open(&queue, &[&c]).await;
        let body = Bytes::from(vec![b'x'; 50_000]);
        let some = |n: usize| NewEvent { body: body.clone(), ..event(&p, &format!("{n}")) };
        let mut acknowledged = Vec::new();
        let key = |n: usize| {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&n.to_be_bytes());
            VisitorKey { pipeline: p.clone(), id: CanonicalId::from_random_bytes(id) }
        };
        let put = |n: usize| {
            let (queue, key) = (&queue, key(n));
            let durable =
                if n.is_multiple_of(2) { Durable::AtOnce } else { Durable::WithNextAppend };
            async move {
                queue.put(&key, &Visitor::default(), 0, days(400), durable, START).await.is_ok()
            }
        };
        let mut written = Vec::new();
        let mut refused = 0;
        for n in 0..2000 {
            if put(n).await {
                written.push(n);
            }
            match queue.append(vec![some(n)], START).await {
                Ok(admission) => {
                    assert_eq!(admission, [Admission::Fresh]);
                    acknowledged.push(n.to_string());
                }
                Err(StoreError::Engine { .. }) => refused += 1,
                Err(error) => panic!("{error}"),
            }
            if refused > 5 {
                break;
            }
        }
        assert!(refused > 5 && acknowledged.len() > 100, "{} fitted", acknowledged.len());
        fs::remove_file(&filler).unwrap();
        // The first call after that opens the files again.
        let mut healed = false;
        for n in 5000..5003 {
            healed = put(n).await && queue.append(vec![some(n)], START).await.is_ok();
        }
        assert!(healed, "there is room and nothing is appended");

        let found = queue.accepted(&p, Position::START, ALL).await.unwrap();
        let found_ids = ids(&found);
        for id in &acknowledged {
            assert!(found_ids.contains(&id.as_str()), "{id} was acknowledged and is lost");
        }
        for n in &written {
            let stored = queue.get(&key(*n), START).await.unwrap();
            assert!(stored.is_some(), "visitor {n} was acknowledged and is lost");
        }
        queue.enriched(&p, found).await.unwrap();
        let delivered = deliverable(&queue, &c).await;
        assert!(delivered.len() >= acknowledged.len());
        let up_to = delivered.last().unwrap().position;
        queue.settle(&c, Settlement { up_to, ..Default::default() }).await.unwrap();
        assert!(deliverable(&queue, &c).await.is_empty());
        drop(queue);
        let queue = Embedded::open(&files, None).unwrap();
        assert!(deliverable(&queue, &c).await.is_empty());
    });
    drop(disk);
}
