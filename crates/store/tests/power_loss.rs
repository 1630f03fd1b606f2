//! Power loss: the engine runs over bytes that tell synced from unsynced. At a random write or sync of the
//! engine's own, also in the middle of a commit, the power goes; of what was not yet synced, each write
//! is kept, dropped, or torn. The engine must open, and every write acknowledged by then must be there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use datafly_core::id::CanonicalId;
use datafly_core::visitor::Visitor;
use datafly_store::embedded::EmbeddedState;
use datafly_store::{Put, State, VisitorKey};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestRng;
use redb::StorageBackend;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

#[derive(Clone)]
enum Change {
    Write { offset: u64, bytes: Vec<u8> },
    Resize { length: u64 },
}

/// A disk with a write-back cache.
struct Disk {
    /// What the operating system shows.
    visible: Vec<u8>,
    /// What survives a power loss for certain.
    synced: Vec<u8>,
    /// What was done since the last sync.
    unsynced: Vec<Change>,
    /// Whose writes the engine's caller was told are done.
    acknowledged: Vec<u8>,
    /// Whether there is no room for any write.
    full: bool,
    /// How many more operations until the power goes.
    left: usize,
    /// The disk as the next boot finds it, and the acknowledgements given before, once the power went.
    after: Option<(Vec<u8>, Vec<u8>)>,
    rng: TestRng,
}

impl Disk {
    fn holding(bytes: Vec<u8>, left: usize, rng: TestRng) -> Self {
        let (visible, synced) = (bytes.clone(), bytes);
        Self {
            visible,
            synced,
            unsynced: Vec::new(),
            acknowledged: Vec::new(),
            full: false,
            left,
            after: None,
            rng,
        }
    }

    /// Called before every operation of the engine.
    fn tick(&mut self) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.cut_power();
        }
    }

    fn cut_power(&mut self) {
        if self.after.is_some() {
            return;
        }
        let mut bytes = self.synced.clone();
        for change in &self.unsynced {
            if let Some(change) = change.survive(&mut self.rng) {
                change.apply(&mut bytes);
            }
        }
        self.after = Some((bytes, self.acknowledged.clone()));
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes: new } => {
                let start = usize::try_from(*offset).unwrap();
                let end = start + new.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[start..end].copy_from_slice(new);
            }
            Self::Resize { length } => bytes.resize(usize::try_from(*length).unwrap(), 0),
        }
    }

    /// What a disk may have made of it: all, nothing, or the first part of a write.
    fn survive(&self, rng: &mut TestRng) -> Option<Self> {
        match (rng.random_range(0..3), self) {
            (0, _) => None,
            (1, Self::Write { offset, bytes }) => {
                let kept = rng.random_range(0..=bytes.len());
                Some(Self::Write { offset: *offset, bytes: bytes[..kept].to_vec() })
            }
            _ => Some(self.clone()),
        }
    }
}

#[derive(Clone)]
struct Backend(Arc<Mutex<Disk>>);

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Backend")
    }
}

impl Backend {
    fn over(disk: Disk) -> Self {
        Self(Arc::new(Mutex::new(disk)))
    }

    fn change(&self, change: Change) -> Result<(), io::Error> {
        let mut disk = self.0.lock().unwrap();
        if disk.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        disk.tick();
        change.apply(&mut disk.visible);
        disk.unsynced.push(change);
        Ok(())
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.0.lock().unwrap().visible.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let disk = self.0.lock().unwrap();
        let start = usize::try_from(offset).unwrap();
        let bytes = disk
            .visible
            .get(start..start + out.len())
            .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<(), io::Error> {
        self.change(Change::Resize { length })
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        let mut disk = self.0.lock().unwrap();
        disk.tick();
        disk.synced = disk.visible.clone();
        disk.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.change(Change::Write { offset, bytes: data.to_vec() })
    }
}

fn key(visitor: u8) -> VisitorKey {
    VisitorKey {
        pipeline: "dk_test_power".parse().unwrap(),
        id: CanonicalId::from_random_bytes([visitor; 16]),
    }
}

fn open(disk: &Backend) -> EmbeddedState {
    let disk = disk.clone();
    EmbeddedState::over(move || disk.clone()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_acknowledged_write_survives(
        // Groups of visitors, each written once in its group.
        groups in prop::collection::vec(prop::collection::btree_set(0_u8..8, 1..6), 1..8),
        left in 1_usize..400,
        rng in Just(()).prop_perturb(|(), rng| rng),
    ) {
        // A new file takes its name only once it is whole (`EmbeddedState::open`), so the power never
        // goes while it is made.
        let fresh = Backend::over(Disk::holding(Vec::new(), usize::MAX, rng.clone()));
        drop(open(&fresh));
        let made = fresh.0.lock().unwrap().visible.clone();

        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let disk = Backend::over(Disk::holding(made, left, rng.clone()));
        let expires_at = NOW + SignedDuration::from_hours(1);
        let state = open(&disk);
        let mut versions = [0_u64; 8];
        for group in &groups {
            // All at once, so that they share a transaction.
            let puts = group.iter().map(|v| {
                let (state, disk, version) = (&state, &disk, versions[usize::from(*v)]);
                async move {
                    let (key, visitor) = (key(*v), Visitor::default());
                    let put = state.put(&key, &visitor, version, expires_at, NOW).await;
                    assert_eq!(put.unwrap(), Put::Done { version: version + 1 });
                    disk.0.lock().unwrap().acknowledged.push(*v);
                }
            });
            runtime.block_on(futures_util::future::join_all(puts));
            for v in group {
                versions[usize::from(*v)] += 1;
            }
        }
        // At the latest now, while the engine is open: nothing is flushed by a clean close.
        disk.0.lock().unwrap().cut_power();
        let (bytes, acknowledged) = disk.0.lock().unwrap().after.take().unwrap();
        drop(state);

        let state = open(&Backend::over(Disk::holding(bytes, usize::MAX, rng)));
        for v in 0..8 {
            let promised = acknowledged.iter().map(|seen| u64::from(*seen == v)).sum::<u64>();
            let stored = runtime.block_on(state.get(&key(v), NOW)).unwrap();
            let found = stored.map_or(0, |stored| stored.version);
            // One more may have been on its way to the disk.
            prop_assert!((promised..=promised + 1).contains(&found), "{found} of {promised}");
        }
    }
}

/// A full disk refuses what it cannot take, loses nothing it has taken, and is used again once there is
/// room, without a restart.
#[tokio::test]
async fn a_disk_that_was_full_is_used_again() {
    let rng = TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    let disk = Backend::over(Disk::holding(Vec::new(), usize::MAX, rng));
    let state = open(&disk);
    let expires_at = NOW + SignedDuration::from_hours(1);
    let put = |v: u8| {
        let state = &state;
        async move { state.put(&key(v), &Visitor::default(), 0, expires_at, NOW).await }
    };
    assert_eq!(put(1).await.unwrap(), Put::Done { version: 1 });
    disk.0.lock().unwrap().full = true;
    for v in 2..5 {
        put(v).await.unwrap_err();
    }
    disk.0.lock().unwrap().full = false;
    // The first try after that opens the file again.
    let _ = put(5).await;
    assert_eq!(put(6).await.unwrap(), Put::Done { version: 1 });
    assert_eq!(state.get(&key(1), NOW).await.unwrap().unwrap().version, 1);
    assert_eq!(state.get(&key(2), NOW).await.unwrap(), None);
}
