//! Memory of the caches: `cargo run --release --package datafly-server --example cache_memory -- 1000000`.
//!
//! Fills them with that many visitors, each with a profile of its own that was shown once, and prints the
//! process's growth per visitor, with and without the attributes themselves.

#![expect(clippy::print_stdout, reason = "this is what it is run for")]

use std::error::Error;
use std::sync::Arc;
use std::{env, fs};

use async_trait::async_trait;
use datafly_core::allowlist::Allowlist;
use datafly_core::attributes::Attributes;
use datafly_core::context::{ContextMappings, ContextValues};
use datafly_core::id::CanonicalId;
use datafly_core::linking_key::{Identifiers, KeyValue, LinkingKeys};
use datafly_core::visitor::Visitor;
use datafly_provider::{Profile, ProfileId, ProfileProvider, ProviderError, Quota, TokenStatus};
use datafly_server::enrichment::{
    Ask, Caches, DEADLINE, Engine, Enrichment, Lifetimes, Parts, Vendor,
};
use datafly_server::protection::Guards;
use datafly_server::runtime::Runtime;

/// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A vendor that knows everybody, by a profile like the floor's of the benchmarks.
struct Everybody;

#[async_trait]
impl ProfileProvider for Everybody {
    async fn look_up(&self, key: &KeyValue) -> Result<Option<Profile>, ProviderError> {
        let id = ProfileId::new(key.value.expose());
        Ok(Some(Profile { id, attributes: attributes(key.value.expose()) }))
    }

    async fn profile(&self, _: &ProfileId) -> Result<Option<Profile>, ProviderError> {
        Ok(None)
    }

    async fn personalised(
        &self,
        _: &ProfileId,
        _: &ContextValues,
    ) -> Result<Option<Attributes>, ProviderError> {
        Ok(None)
    }

    fn identity(&self) -> String {
        "everybody".to_owned()
    }

    fn quota(&self) -> Quota {
        Quota { account: "everybody".to_owned(), requests_per_second: u32::MAX }
    }

    fn tokens(&self) -> Vec<TokenStatus> {
        Vec::new()
    }
}

fn attributes(id: &str) -> Attributes {
    let pairs = [
        ("CustomerId", id),
        ("Persona", "Value Hunter"),
        ("FavoriteBrand", "Maison Lune"),
        ("LifetimeTier", "Platinum"),
        ("InternalMargin", "0.42"),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

/// Resident bytes of this process.
fn resident() -> Result<u64, Box<dyn Error>> {
    let pages = fs::read_to_string("/proc/self/statm")?;
    Ok(pages.split(' ').nth(1).ok_or("no resident pages")?.parse::<u64>()? * 4096)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let visitors: u64 = env::args().nth(1).map_or(Ok(100_000), |count| count.parse())?;
    let clock = Runtime::system().clock;
    let caches = Caches::new(8 << 30, [7; 16]);
    let engine = Arc::new(Engine::new(caches, Arc::clone(&clock)));
    let guard = Guards::default().of(Everybody.quota(), &clock);
    let linking_keys: LinkingKeys =
        serde_json::from_str(r#"[{"source": "canonical_id", "key": "device_cookie"}]"#)?;
    let parts = Parts {
        name: "everybody".to_owned(),
        linking_keys,
        allowlist: Allowlist::from_csv("Persona,FavoriteBrand,LifetimeTier")?,
        context: ContextMappings::default(),
        contexts_per_minute: 0,
        vendor: Some(Vendor::new(Arc::new(Everybody), guard, Lifetimes::default())),
        enriches_events: false,
    };
    let enrichment = Enrichment::new(parts, Arc::clone(&engine));

    let record = Visitor::default();
    let before = resident()?;
    let mut said = 0;
    for n in 0..visitors {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&n.to_be_bytes());
        let id = CanonicalId::from_random_bytes(bytes);
        said += serde_json::to_vec(&attributes(&id.to_string()))?.len() as u64;
        let who = Identifiers {
            canonical_id: Some(id),
            anonymous_id: None,
            user_id: None,
            email: None,
            phone: None,
        };
        let ask = Ask {
            who: &who,
            proven: None,
            record: &record,
            now: clock.now(),
            refresh: false,
            plain: false,
            patience: DEADLINE,
            may_call: &|| true,
        };
        enrichment.answer(&ask).await;
        // The task of the call ends before the next visitor comes, as it does on a server.
        tokio::task::yield_now().await;
    }
    let grown = resident()? - before;
    for cache in engine.caches().filled() {
        println!("{:>14}: {} entries, {} bytes counted", cache.cache, cache.entries, cache.bytes);
    }
    println!("{visitors} visitors: {} MB resident", grown / 1_000_000);
    println!("per visitor: {} bytes, of which attributes {}", grown / visitors, said / visitors);
    println!("beyond the attributes: {} bytes (at most 600)", (grown - said) / visitors);
    Ok(())
}
