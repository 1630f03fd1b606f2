//! Metrics, in the OpenMetrics text form. Labels are names of the configuration and words of a fixed list:
//! nothing a page or a visitor sends becomes one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafly_core::id::PipelineKey;
use datafly_store::queue::{Backlog, Consumer, Usage};
use jiff::Timestamp;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::enrichment::{Decision, Engine};
use crate::limits::Limit;
use crate::outbox::Late;
use crate::protection::{BreakerState, Guards};
use crate::tokens::Credential;

/// A name of the configuration, shared with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Name(Arc<str>);

impl EncodeLabelValue for Name {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        EncodeLabelValue::encode(&&*self.0, encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EnrichLabels {
    pipeline: Name,
    provider: Name,
    source: &'static str,
    personalised: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SiteLabels {
    pipeline: Name,
    provider: Name,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ErasureLabels {
    pipeline: Name,
    provider: Name,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KeyLabels {
    pipeline: Name,
    provider: Name,
    key: Name,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabels {
    limit: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheLabels {
    cache: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AccountLabels {
    account: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    account: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    account: String,
    why: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    pipeline: Name,
    destination: String,
    fate: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BacklogLabels {
    pipeline: Name,
    /// Empty where the enrich stage is what is waited for.
    destination: String,
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    pipeline: Name,
    integration: String,
    key: String,
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DestinationLabels {
    pipeline: Name,
    destination: String,
}

/// Since 1970.
fn seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}

/// All metrics.
pub struct Metrics {
    registry: Registry,
    enriched: Family<EnrichLabels, Counter>,
    keys: Family<KeyLabels, Counter>,
    unproven: Family<SiteLabels, Counter>,
    limited: Family<LimitLabels, Counter>,
    erased: Family<ErasureLabels, Counter>,
    delivered: Family<DeliveryLabels, Counter>,
    backlog: Family<BacklogLabels, Gauge>,
    backlog_since: Family<BacklogLabels, Gauge<f64, AtomicU64>>,
    late: Family<DestinationLabels, Gauge>,
    outbox_bytes: Gauge,
    reloads: Family<ReloadLabels, Counter>,
    cache_entries: Family<CacheLabels, Gauge>,
    cache_bytes: Family<CacheLabels, Gauge>,
    breakers: Family<AccountLabels, Gauge>,
    calls: Family<CallLabels, Counter>,
    refusals: Family<RefusalLabels, Counter>,
    token_expiry: Family<TokenLabels, Gauge<f64, AtomicU64>>,
    tokens_issued: Family<TokenLabels, Counter>,
    tokens_failed: Family<TokenLabels, Counter>,
    tokens_refused: Family<TokenLabels, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("datafly");
        macro_rules! family {
            ($name:literal, $help:literal) => {{
                let family = Family::default();
                registry.register($name, $help, Family::clone(&family));
                family
            }};
        }
        Self {
            enriched: family!("enrich", "Answers, by where the attributes came from"),
            backlog: family!("outbox_events", "Events that wait, by destination and for what"),
            backlog_since: family!(
                "outbox_oldest_seconds",
                "When the oldest of them came, in seconds since 1970; 0 where none waits"
            ),
            late: family!(
                "outbox_late",
                "1 while events are accepted faster than they are delivered to a destination that is well"
            ),
            outbox_bytes: {
                let gauge = Gauge::default();
                registry.register("outbox_bytes", "Bytes of the outbox on disk", gauge.clone());
                gauge
            },
            delivered: family!(
                "deliveries",
                "Events handed to a destination, by what became of them"
            ),
            keys: family!("enrich_key", "Linking keys tried, by what came of it"),
            unproven: family!("enrich_unproven", "Look-ups that `required` would have denied"),
            limited: family!("limited", "Requests and work refused by a limit"),
            erased: family!(
                "erasure",
                "Requests to vendors to forget somebody, by what came of them"
            ),
            reloads: family!("reload", "Changed configurations, by what came of them"),
            cache_entries: family!("cache_entries", "Entries of a cache"),
            cache_bytes: family!("cache_bytes", "Counted bytes of a cache"),
            breakers: family!("breaker_open", "1 while a vendor's breaker is not closed"),
            calls: family!("vendor_call", "Calls to a vendor, by what came of them"),
            refusals: family!("vendor_refusal", "Calls to a vendor that were not made, by why"),
            token_expiry: family!(
                "token_expiry_seconds",
                "When a credential expires, in seconds since 1970; absent where nobody says"
            ),
            tokens_issued: family!("token_issued", "Tokens that a vendor issued to us"),
            tokens_failed: family!("token_failed", "Tokens that could not be issued"),
            tokens_refused: family!("token_refused", "Requests whose token the vendor refused"),
            registry,
        }
    }
}

impl Metrics {
    pub(crate) fn decided(&self, pipeline: &PipelineKey, decision: &Decision) {
        let site = || Name(pipeline.shared());
        let provider = || Name(Arc::clone(&decision.provider));
        self.enriched
            .get_or_create(&EnrichLabels {
                pipeline: site(),
                provider: provider(),
                source: decision.source.as_str(),
                personalised: decision.personalised.as_str(),
            })
            .inc();
        for step in &decision.steps {
            self.keys
                .get_or_create(&KeyLabels {
                    pipeline: site(),
                    provider: provider(),
                    key: Name(Arc::clone(&step.key)),
                    outcome: step.outcome.as_str(),
                })
                .inc();
        }
        if decision.unproven {
            let labels = SiteLabels { pipeline: site(), provider: provider() };
            self.unproven.get_or_create(&labels).inc();
        }
    }

    /// Counts what became of an event at a destination.
    pub(crate) fn delivered(&self, pipeline: &PipelineKey, destination: &str, fate: &'static str) {
        let pipeline = Name(pipeline.shared());
        let labels = DeliveryLabels { pipeline, destination: destination.to_owned(), fate };
        self.delivered.get_or_create(&labels).inc();
    }

    /// Counts what came of having a vendor forget somebody.
    pub(crate) fn erased(
        &self,
        pipeline: &PipelineKey,
        provider: &Arc<str>,
        outcome: &'static str,
    ) {
        let (pipeline, provider) = (Name(pipeline.shared()), Name(Arc::clone(provider)));
        self.erased.get_or_create(&ErasureLabels { pipeline, provider, outcome }).inc();
    }

    pub(crate) fn limited(&self, limit: Limit) {
        self.limited.get_or_create(&LimitLabels { limit: limit.as_str() }).inc();
    }

    pub(crate) fn reloaded(&self, served: bool) {
        let outcome = if served { "served" } else { "refused" };
        self.reloads.get_or_create(&ReloadLabels { outcome }).inc();
    }

    /// Notes what waits in the outbox, and for whom it does so too long.
    pub(crate) fn note_outbox(&self, usage: &Usage, late: &BTreeMap<Consumer, Late>) {
        self.late.clear();
        self.backlog.clear();
        self.backlog_since.clear();
        self.outbox_bytes.set(i64::try_from(usage.bytes).unwrap_or(i64::MAX));
        for pipeline in &usage.pipelines {
            let note = |destination: &str, kind: &'static str, backlog: &Backlog| {
                let pipeline = Name(pipeline.pipeline.shared());
                let labels = BacklogLabels { pipeline, destination: destination.to_owned(), kind };
                let oldest = backlog.oldest.map_or(0.0, seconds);
                self.backlog_since.get_or_create(&labels).set(oldest);
                let events = i64::try_from(backlog.events).unwrap_or(i64::MAX);
                self.backlog.get_or_create(&labels).set(events);
            };
            note("", "accepted", &pipeline.accepted);
            for consumer in &pipeline.consumers {
                let destination = consumer.destination.as_str();
                note(destination, "lag", &consumer.lag);
                note(destination, "retry", &consumer.retries);
                note(destination, "dead_letter", &consumer.dead_letters);
                let is_late = late.keys().any(|it| {
                    it.pipeline == pipeline.pipeline && it.destination == consumer.destination
                });
                let (pipeline, destination) =
                    (Name(pipeline.pipeline.shared()), destination.to_owned());
                let labels = DestinationLabels { pipeline, destination };
                self.late.get_or_create(&labels).set(i64::from(is_late));
            }
        }
    }

    /// Notes all credentials. What is counted of them is counted by their sources.
    pub(crate) fn note_tokens(&self, credentials: &[Credential]) {
        self.token_expiry.clear();
        let counters = [&self.tokens_issued, &self.tokens_failed, &self.tokens_refused];
        counters.into_iter().for_each(Family::clear);
        for Credential { pipeline, integration, status } in credentials {
            let labels = TokenLabels {
                pipeline: Name(pipeline.shared()),
                integration: integration.clone(),
                key: status.key.clone(),
                kind: status.kind.as_str(),
            };
            if let Some(expires_at) = status.expires_at {
                self.token_expiry.get_or_create(&labels).set(seconds(expires_at));
            }
            let counts = [status.issued, status.failed, status.refused];
            for (counter, count) in counters.into_iter().zip(counts) {
                counter.get_or_create(&labels).inner().store(count, Ordering::Relaxed);
            }
        }
    }

    /// All of it as text. What others keep, states and counts, is looked at now.
    pub fn text(&self, engine: &Engine, guards: &Guards) -> Result<String, fmt::Error> {
        for filled in engine.caches().filled() {
            let labels = CacheLabels { cache: filled.cache };
            let entries = i64::try_from(filled.entries).unwrap_or(i64::MAX);
            let bytes = i64::try_from(filled.bytes).unwrap_or(i64::MAX);
            self.cache_entries.get_or_create(&labels).set(entries);
            self.cache_bytes.get_or_create(&labels).set(bytes);
        }
        // Accounts may have gone with a reload.
        self.breakers.clear();
        for guard in guards.all() {
            let account = || guard.account().to_owned();
            let open = guard.breaker() != BreakerState::Closed;
            let labels = AccountLabels { account: account() };
            self.breakers.get_or_create(&labels).set(i64::from(open));
            let counts = guard.counts();
            for (outcome, count) in counts.calls {
                let calls = self.calls.get_or_create(&CallLabels { account: account(), outcome });
                calls.inner().store(count, Ordering::Relaxed);
            }
            for (why, count) in counts.refusals {
                let labels = RefusalLabels { account: account(), why };
                self.refusals.get_or_create(&labels).inner().store(count, Ordering::Relaxed);
            }
        }
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
