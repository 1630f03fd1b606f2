//! Ansira's limit for each address is kept in every second, however that second is cut, also where a token ends while
//! all of it is used.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use datafly_core::id::Identifier;
use datafly_core::linking_key::KeyValue;
use datafly_provider::Turns;
use datafly_provider::http::{Network, Transport};
use datafly_sandbox::{Fault, Sandbox, system_clock};
use datafly_server::protection::Guards;
use datafly_server::runtime;
use datafly_tests::InProcess;
use datafly_tests::ansira::{Ansira, Clock, paused_clock, vendor};
use jiff::{SignedDuration, Timestamp};

use crate::tell;

/// The same clock, as the server has it.
struct Ours(Clock);

impl runtime::Clock for Ours {
    fn now(&self) -> Timestamp {
        (self.0)()
    }
}

struct Load {
    ansira: Ansira,
    guards: Arc<Guards>,
    clock: Arc<dyn runtime::Clock>,
    found: AtomicU64,
}

impl Load {
    fn new(
        sandbox: &Sandbox,
        transport: Arc<dyn Transport>,
        host: &str,
        clock: &Clock,
        more: &str,
    ) -> Arc<Self> {
        let guards = Arc::new(Guards::default());
        let ours: Arc<dyn runtime::Clock> = Arc::new(Ours(Arc::clone(clock)));
        let (theirs, their_clock) = (Arc::clone(&guards), Arc::clone(&ours));
        // As the server's wiring has it.
        let turns: Turns = Arc::new(move |quota| {
            let guard = theirs.of(quota, &their_clock);
            Box::pin(async move { guard.further_turn().await })
        });
        let ansira = Ansira::over(sandbox, transport, host, clock, turns, more);
        Arc::new(Self { ansira, guards, clock: ours, found: AtomicU64::new(0) })
    }

    /// So many look-ups a second, evenly, with a new assertion in every fifth of them.
    async fn run(self: &Arc<Self>, seconds: u32, a_second: u32) {
        let gap = Duration::from_secs(1) / a_second;
        for n in 0..seconds * a_second {
            if n % (5 * a_second) == 2 * a_second {
                let new = self.ansira.sandbox.new_ansira_assertion();
                *self.ansira.file.lock().unwrap() = Some(new);
            }
            let load = Arc::clone(self);
            tokio::spawn(async move {
                let provider = &load.ansira.provider;
                let email = Identifier::new(format!("customer-{n}@example.com")).unwrap();
                let key = KeyValue { key: "email".into(), value: email };
                let guard = load.guards.of(provider.quota(), &load.clock);
                if guard.call(|| provider.look_up(&key)).await.is_ok() {
                    load.found.fetch_add(1, Ordering::Relaxed);
                }
            });
            tokio::time::sleep(gap).await;
        }
        tokio::time::sleep(Duration::from_secs(6)).await;
    }

    fn most_in_a_second(&self) -> usize {
        let requests = self.ansira.sandbox.requests();
        let sent: Vec<_> =
            requests.iter().filter(|it| it.route == "ansira.records").map(|it| it.at).collect();
        let second = SignedDuration::from_secs(1);
        let from = |start: &Timestamp| {
            sent.iter()
                .filter(|at| (SignedDuration::ZERO..second).contains(&at.duration_since(*start)))
                .count()
        };
        sent.iter().map(from).max().unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn at_fifty_times_the_limit_no_second_holds_more_than_it() {
    for (environment, limit) in [("stage", 5), ("production", 10)] {
        let clock = paused_clock();
        let sandbox = vendor(&clock);
        sandbox.update_ansira(|client| client.requests_per_second = limit);
        let transport = Arc::new(InProcess::new(sandbox.router()));
        let more = format!("environment = '{environment}'");
        let load = Load::new(&sandbox, transport, "127.0.0.1:1", &clock, &more);
        load.run(20, 50 * u32::try_from(limit).unwrap()).await;
        let (most, found) = (load.most_in_a_second(), load.found.load(Ordering::Relaxed));
        let counts = sandbox.ansira_counts();
        assert!(most <= limit, "{environment}: {most}");
        assert_eq!(counts.limited, 0, "{environment}");
        assert!(counts.forbidden > 0, "tokens ended under load");
        // Nearly all of the budget was used, what a token's end costs included.
        let made = found + counts.forbidden;
        assert!(made >= 20 * u64::try_from(limit).unwrap() * 8 / 10, "{environment}: {made}");
        tell(&format!("{environment}: {found} look-ups in 20 s, at most {most} in a second"));
    }
}

/// Who waits for the first token has had a turn long ago by the time it comes.
#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_token_are_not_sent_together() {
    let clock = paused_clock();
    let sandbox = vendor(&clock);
    sandbox.fault("ansira.token", Some(1), Fault::delay(Duration::from_secs(3))).unwrap();
    let transport = Arc::new(InProcess::new(sandbox.router()));
    let load = Load::new(&sandbox, transport, "127.0.0.1:1", &clock, "");
    load.run(2, 100).await;
    assert!(load.most_in_a_second() <= 10, "{}", load.most_in_a_second());
    assert_eq!(sandbox.ansira_counts().limited, 0);
    assert!(load.found.load(Ordering::Relaxed) >= 15, "{:?}", load.found);
}

/// In real time, over sockets: what arrives may be as late as a network and a busy machine make it.
#[tokio::test(flavor = "multi_thread")]
async fn at_nine_tenths_of_the_limit_the_vendor_never_says_too_many() {
    let clock: Clock = system_clock();
    let sandbox = vendor(&clock);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(sandbox.clone().serve(listener, std::future::pending()));
    let network = Arc::new(Network::new().unwrap());
    let load = Load::new(&sandbox, network, &host, &clock, "requests_per_second = 9");
    load.run(3, 90).await;
    assert_eq!(sandbox.ansira_counts().limited, 0);
    assert!(load.found.load(Ordering::Relaxed) >= 15, "{:?}", load.found);
}
