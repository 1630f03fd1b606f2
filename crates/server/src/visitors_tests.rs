use std::sync::Mutex;

use datafly_core::id::Identifier;
use datafly_store::embedded::Embedded;

use super::*;
use crate::runtime::{Clock, Entropy};

const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

struct Surroundings {
    now: Mutex<Timestamp>,
    minted: Mutex<u8>,
}

impl Clock for Surroundings {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
}

impl Entropy for Surroundings {
    fn bytes(&self) -> Result<[u8; 16], EntropyError> {
        let mut minted = self.minted.lock().unwrap();
        *minted += 1;
        Ok([*minted; 16])
    }
}

struct Site {
    _folder: tempfile::TempDir,
    surroundings: Arc<Surroundings>,
    visitors: Visitors,
    pipeline: PipelineKey,
}

impl Site {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = Embedded::open(&folder.path().join("store"), None).unwrap();
        let surroundings = Arc::new(Surroundings { now: Mutex::new(START), minted: Mutex::new(0) });
        let runtime = Runtime {
            clock: Arc::clone(&surroundings) as Arc<dyn Clock>,
            entropy: Arc::clone(&surroundings) as Arc<dyn Entropy>,
        };
        Self {
            _folder: folder,
            visitors: Visitors::new(Arc::new(state), runtime),
            surroundings,
            pipeline: "dk_test_visitors".parse().unwrap(),
        }
    }

    fn wait(&self, hours: i64) {
        *self.surroundings.now.lock().unwrap() += SignedDuration::from_hours(hours);
    }

    fn now(&self) -> Timestamp {
        *self.surroundings.now.lock().unwrap()
    }

    async fn recognise(&self, present: &Present) -> Present {
        let credential = Credential { id: present.id, version: present.version, day: 0 };
        self.visitors.recognise(&self.pipeline, Some(&credential), self.now()).await.unwrap()
    }

    async fn new_visitor(&self) -> Present {
        self.visitors.recognise(&self.pipeline, None, self.now()).await.unwrap()
    }

    async fn touch(&self, present: Present) -> Present {
        self.visitors.note_event(&self.pipeline, present, News::default()).await.unwrap()
    }

    async fn identify(&self, present: Present, user: &str, proven: bool) -> Present {
        let user_id = Identifier::new(user).unwrap();
        let proof = proven.then(|| Binding {
            user_id: user_id.clone(),
            email: None,
            phone: None,
            issued_at: self.visitors.runtime.clock.now(),
            expires_at: START + SignedDuration::from_hours(1000),
        });
        let claims = Claims { user_id: Some(user_id), ..Claims::default() };
        let mode = Verification::Required;
        let (visitors, pipeline) = (&self.visitors, &self.pipeline);
        visitors.identify(pipeline, present, claims, proof, mode, News::default()).await.unwrap()
    }

    fn user_of(present: &Present) -> Option<String> {
        let who = present.record.identifiers(present.id, Verification::Off, START);
        who.user_id.map(|user| user.expose().to_owned())
    }
}

#[tokio::test]
async fn an_id_without_an_event_leaves_no_record() {
    let site = Site::open();
    let minted = site.new_visitor().await;
    assert!(minted.minted);
    let again = site.recognise(&minted).await;
    assert_eq!((again.id, again.version, again.minted), (minted.id, 0, false));
}

#[tokio::test]
async fn the_first_event_makes_version_1_and_later_ones_cost_no_write() {
    let site = Site::open();
    let first = site.new_visitor().await;
    let first = site.touch(first).await;
    assert_eq!(first.version, 1);
    for _ in 0..3 {
        let next = site.recognise(&first).await;
        assert_eq!(site.touch(next).await.version, 1);
    }
    site.wait(25);
    let next_day = site.recognise(&first).await;
    assert_eq!(site.touch(next_day).await.version, 2, "its life is renewed once a day");
}

#[tokio::test]
async fn the_same_identify_twice_is_one_version() {
    let site = Site::open();
    let visitor = site.new_visitor().await;
    let visitor = site.identify(visitor, "u1", true).await;
    assert_eq!(visitor.version, 1);
    let again = site.recognise(&visitor).await;
    assert_eq!(site.identify(again, "u1", true).await.version, 1);
}

#[tokio::test]
async fn a_log_out_kills_the_old_id_for_as_long_as_a_cookie_can_live() {
    let site = Site::open();
    let visitor = site.new_visitor().await;
    let old = site.identify(visitor, "u1", true).await;
    let fresh = site.visitors.reset(&site.pipeline, old.clone()).await.unwrap();
    assert_ne!(fresh.id, old.id);
    assert_eq!((fresh.version, Site::user_of(&fresh)), (0, None));

    // Whoever still presents the old id, another tab for one, is somebody new.
    let late = site.recognise(&old).await;
    assert!(late.minted && late.id != old.id);
    // Also when it was recognised just before the log-out and writes just after.
    let mut overtaken = old.clone();
    overtaken.expires_at = Timestamp::MIN;
    let written = site.touch(overtaken).await;
    assert_ne!(written.id, old.id);

    // Also much later, when the answer to the log-out never reached the browser.
    site.wait(399 * 24);
    assert!(site.recognise(&old).await.minted);
    site.wait(48);
    assert_eq!(site.visitors.sweep().await.unwrap(), 2);
}

#[tokio::test]
async fn an_identify_from_before_a_log_out_binds_nobody_after_it() {
    let site = Site::open();
    let visitor = site.new_visitor().await;
    let alice = site.identify(visitor, "alice", true).await;
    site.visitors.reset(&site.pipeline, alice.clone()).await.unwrap();
    for proven in [true, false] {
        // As it arrives: recognised after the log-out, and recognised just before it.
        for late in [site.recognise(&alice).await, alice.clone()] {
            let next = site.identify(late, "alice", proven).await;
            let next = site.recognise(&next).await;
            assert_ne!(next.id, alice.id);
            assert_eq!(Site::user_of(&next), None);
        }
    }
    // Alice logs in again: her site's backend signs a new token.
    site.wait(1);
    let late = site.recognise(&alice).await;
    assert_eq!(Site::user_of(&site.identify(late, "alice", true).await).as_deref(), Some("alice"));
}

#[tokio::test]
async fn somebody_else_proven_or_claimed_is_a_new_visitor() {
    for proven in [true, false] {
        let site = Site::open();
        let visitor = site.new_visitor().await;
        let first = site.identify(visitor, "u1", true).await;
        let second = site.identify(first.clone(), "u2", proven).await;
        assert_ne!(second.id, first.id);
        assert_eq!(Site::user_of(&second).as_deref(), Some("u2"));
        assert!(site.recognise(&first).await.minted, "the first person's id is dead");
    }
}

#[tokio::test]
async fn racing_identifies_of_one_visitor_all_land() {
    let site = Arc::new(Site::open());
    let visitor = site.new_visitor().await;
    let visitor = site.touch(visitor).await;
    let traits = |n: usize| {
        let text = Identifier::new(format!("value-{n}")).ok();
        match n {
            0 => Claims { email: text, ..Claims::default() },
            1 => Claims { phone: text, ..Claims::default() },
            _ => Claims { anonymous_id: text, ..Claims::default() },
        }
    };
    let calls = (0..3).map(|n| {
        let (site, visitor) = (Arc::clone(&site), visitor.clone());
        tokio::spawn(async move {
            site.visitors
                .identify(
                    &site.pipeline,
                    visitor,
                    traits(n),
                    None,
                    Verification::Required,
                    News::default(),
                )
                .await
                .unwrap();
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    let last = site.recognise(&visitor).await;
    assert_eq!(last.version, 4);
    let who = last.record.identifiers(last.id, Verification::Off, START);
    assert!(who.email.is_some() && who.phone.is_some() && who.anonymous_id.is_some());
}
