use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use futures_util::future::join_all;

use super::*;

const KEY: &str = "assertion_file";
const MARGIN: Margin =
    Margin { part: 5, least: Duration::from_secs(30), most: Duration::from_hours(1) };

/// A vendor in one variable: tokens are called `1`, `2`, and so on.
struct Vendor {
    clock: Clock,
    life: SignedDuration,
    delay: Duration,
    state: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    ends: BTreeMap<String, Timestamp>,
    asked: Vec<BTreeSet<String>>,
    widened: usize,
    fails: Option<TokenError>,
    /// What tokens are good for: all that was asked for, or only this.
    only: Option<&'static str>,
}

impl Vendor {
    fn new(life: u64, delay: u64) -> Arc<Self> {
        let life = SignedDuration::from_secs(i64::try_from(life).unwrap());
        let delay = Duration::from_secs(delay);
        Arc::new(Self { clock: clock(), life, delay, state: Mutex::default() })
    }

    fn source(self: &Arc<Self>) -> Issued {
        Issued::new(KEY, Asking(Arc::clone(self)), MARGIN, Arc::clone(&self.clock))
    }

    fn takes(&self, token: &str) -> bool {
        let now = (self.clock)();
        self.state.lock().unwrap().ends.get(token).is_some_and(|end| now < *end)
    }

    fn invalidate(&self) {
        self.state.lock().unwrap().ends.clear();
    }

    fn fail(&self, error: Option<TokenError>) {
        self.state.lock().unwrap().fails = error;
    }

    fn asked(&self) -> usize {
        self.state.lock().unwrap().asked.len()
    }
}

struct Asking(Arc<Vendor>);

#[async_trait]
impl Issuer for Asking {
    async fn issue(&self, asked: &Asked) -> Result<Grant, TokenError> {
        tokio::time::sleep(self.0.delay).await;
        let now = (self.0.clock)();
        let mut state = self.0.state.lock().unwrap();
        state.asked.push(asked.scopes.clone());
        if let Some(error) = &state.fails {
            return Err(error.clone());
        }
        state.widened += usize::from(asked.to_widen.is_some());
        let expires_at = asked.to_widen.as_ref().map_or(now + self.0.life, |(_, end)| *end);
        let secret = state.asked.len().to_string();
        state.ends.insert(secret.clone(), expires_at);
        let only = state.only.map(|scope| BTreeSet::from([scope.to_owned()]));
        let scopes = Some(only.unwrap_or_else(|| asked.scopes.clone()));
        Ok(Grant { secret: secret.into(), expires_at, scopes })
    }
}

fn down() -> TokenError {
    TokenError::Unavailable { reason: "the issuer answered status 503".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_first_uses_make_one_request() {
    let vendor = Vendor::new(300, 2);
    let source = vendor.source();
    let tokens = join_all((0..100).map(|_| source.token("a"))).await;
    assert!(tokens.iter().all(|token| text(token.as_ref().unwrap()) == "1"));
    assert_eq!(vendor.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_gives_up_does_not_end_the_renewal() {
    let vendor = Vendor::new(300, 2);
    let source = vendor.source();
    let impatient = tokio::time::timeout(Duration::from_secs(1), source.token("a"));
    assert!(impatient.await.is_err());
    pass(1).await;
    assert_eq!(text(&source.token("a").await.unwrap()), "1");
    assert_eq!(vendor.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn for_days_nothing_expired_is_sent_and_renewals_are_as_many_as_they_must_be() {
    for (life, margin) in [(300, 60), (3600, 720), (86_400, 3600)] {
        let vendor = Vendor::new(life, 1);
        let source = vendor.source();
        let began = Instant::now();
        for _ in 0..10_000 * days() {
            assert_eq!(call(&source, "a", |token| vendor.takes(token)).await, Ok(true));
            tokio::time::sleep(Duration::from_millis(8640)).await;
        }
        assert_eq!(source.status()[0].refused, 0, "every token was taken");
        let cycle = Duration::from_secs(life - margin).as_secs_f64();
        let due = began.elapsed().as_secs_f64() / cycle;
        assert_renewals(vendor.asked() as u64 - 1, due);
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_uses_is_not_renewed() {
    let vendor = Vendor::new(300, 0);
    let source = vendor.source();
    source.token("a").await.unwrap();
    // Renewed once, as it was used, and then left alone.
    pass(86_400).await;
    assert_eq!(vendor.asked(), 2);
    assert_eq!(text(&source.token("a").await.unwrap()), "3");
}

#[tokio::test(start_paused = true)]
async fn while_it_is_renewed_the_old_one_serves() {
    let vendor = Vendor::new(300, 10);
    let source = vendor.source();
    source.token("a").await.unwrap();
    pass(245).await;
    let asked = Instant::now();
    assert_eq!(text(&source.token("a").await.unwrap()), "1");
    assert_eq!(asked.elapsed(), Duration::ZERO);
    pass(10).await;
    assert_eq!(text(&source.token("a").await.unwrap()), "2");
}

#[tokio::test(start_paused = true)]
async fn an_invalidated_token_is_replaced_with_one_failed_try_for_each_request_under_way() {
    let vendor = Vendor::new(300, 1);
    let source = vendor.source();
    assert_eq!(call(&source, "a", |token| vendor.takes(token)).await, Ok(true));
    vendor.invalidate();
    let calls = join_all((0..50).map(|_| call(&source, "a", |token| vendor.takes(token)))).await;
    assert!(calls.into_iter().all(|taken| taken == Ok(true)));
    assert_eq!((vendor.asked(), source.status()[0].refused), (2, 50));
    assert_eq!(call(&source, "a", |token| vendor.takes(token)).await, Ok(true));
    assert_eq!(source.status()[0].refused, 50);
    // And at once a second time.
    vendor.invalidate();
    assert_eq!(call(&source, "a", |token| vendor.takes(token)).await, Ok(true));
}

#[tokio::test(start_paused = true)]
async fn a_scope_that_is_refused_twice_renews_nothing_for_a_minute() {
    let vendor = Vendor::new(3600, 0);
    let source = vendor.source();
    let ask =
        async |scope: &str| call(&source, scope, |token| scope != "b" && vendor.takes(token)).await;
    assert_eq!(ask("b").await, Ok(false));
    assert_eq!(vendor.asked(), 2);
    for _ in 0..100 {
        assert_eq!((ask("b").await, ask("a").await), (Ok(false), Ok(true)));
    }
    // The first call for `a` needed a token that is asked for with it.
    assert_eq!(vendor.asked(), 3);
    pass(60).await;
    assert_eq!(ask("b").await, Ok(false));
    assert_eq!(vendor.asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lacks_a_scope_is_widened_and_lives_no_longer() {
    let vendor = Vendor::new(300, 1);
    let source = vendor.source();
    source.token("a").await.unwrap();
    pass(100).await;
    let wide = source.token("b").await.unwrap();
    assert_eq!(text(&wide), "2");
    assert_eq!(text(&source.token("a").await.unwrap()), "2", "it is good for both");
    assert_eq!(vendor.state.lock().unwrap().widened, 1);
    assert_eq!(
        source.status()[0].expires_at,
        Some(Timestamp::constant(1_800_000_000, 0) + SignedDuration::from_secs(301))
    );
    // A scope that comes while another renewal is under way is not forgotten.
    let (c, d) = tokio::join!(source.token("c"), source.token("d"));
    assert!(c.is_ok() && d.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_scope_that_is_never_granted_is_said() {
    let vendor = Vendor::new(300, 0);
    vendor.state.lock().unwrap().only = Some("a");
    let source = vendor.source();
    assert!(source.token("a").await.is_ok());
    let error = source.token("b").await.unwrap_err();
    assert_eq!(error.to_mend(), Some(KEY));
    let asked = vendor.asked();
    for _ in 0..100 {
        assert!(source.token("b").await.is_err());
        assert!(source.token("a").await.is_ok());
    }
    assert_eq!(vendor.asked(), asked, "it is not asked for again and again");
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_fails_is_asked_less_and_less_often() {
    let vendor = Vendor::new(300, 0);
    vendor.fail(Some(down()));
    let source = vendor.source();
    let began = Instant::now();
    while began.elapsed() < Duration::from_mins(10) {
        assert_eq!(source.token("a").await.unwrap_err(), down());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // After 0, 1, 3, 7, 15, 31 and 63 seconds, then each minute.
    assert_eq!(vendor.asked(), 15);
    vendor.fail(None);
    pass(60).await;
    assert!(source.token("a").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_valid_token_outlives_its_issuers_trouble() {
    let vendor = Vendor::new(300, 0);
    let source = vendor.source();
    source.token("a").await.unwrap();
    vendor.fail(Some(down()));
    for _ in 0..299 {
        assert!(source.token("a").await.is_ok());
        pass(1).await;
    }
    pass(1).await;
    assert_eq!(source.token("a").await.unwrap_err(), down());
}
