//! The record of decisions: why visitors got what they got.
//!
//! Each becomes a count, a trace event, and for the visitors seen lately an entry the owner can look up. An
//! entry names key names, outcomes and times, no attribute and no identifier.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use datafly_core::id::{CanonicalId, PipelineKey};
use datafly_store::VisitorKey;
use quick_cache::sync::Cache;
use serde::Serialize;

use crate::enrichment::Decision;
use crate::metrics::Metrics;

/// Visitors whose decisions are kept.
const VISITORS: usize = 20_000;

/// Decisions kept of each, not counting those that are like the one before.
const PER_VISITOR: usize = 8;

/// A decision, and how often in a row it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// As it was taken last.
    #[serde(flatten)]
    pub decision: Decision,
    /// Whoever looks around gets the same answer on every page: those count, and push nothing out.
    pub times: u32,
}

/// Decisions by visitor.
pub struct Decisions {
    kept: Cache<VisitorKey, Arc<Mutex<VecDeque<Recorded>>>>,
    metrics: Arc<Metrics>,
}

impl Decisions {
    /// Over nothing kept.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { kept: Cache::new(VISITORS), metrics }
    }

    /// Records a decision about a visitor.
    pub fn record(&self, pipeline: &PipelineKey, id: CanonicalId, decision: Decision) {
        self.metrics.decided(pipeline, &decision);
        tracing::debug!(
            pipeline.key = %pipeline,
            visitor.id = %id,
            provider.name = %decision.provider,
            decision.source = decision.source.as_str(),
            decision.personalised = decision.personalised.as_str(),
            decision.steps = ?decision.steps,
            "answered an enrich"
        );
        let key = VisitorKey { pipeline: pipeline.clone(), id };
        let kept = self.kept.get(&key).unwrap_or_else(|| {
            let new = Arc::<Mutex<VecDeque<Recorded>>>::default();
            self.kept.insert(key, Arc::clone(&new));
            new
        });
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = kept.back_mut()
            && last.decision.is_like(&decision)
        {
            last.decision.at = decision.at;
            last.times = last.times.saturating_add(1);
            return;
        }
        if kept.len() >= PER_VISITOR {
            kept.pop_front();
        }
        // Most visitors get two different answers: the vendor's, and from then on the cache's.
        kept.reserve_exact(1);
        kept.push_back(Recorded { decision, times: 1 });
    }

    /// The latest decisions about a visitor, oldest first.
    pub fn of(&self, pipeline: &PipelineKey, id: CanonicalId) -> Vec<Recorded> {
        let kept = self.kept.get(&VisitorKey { pipeline: pipeline.clone(), id });
        kept.map_or_else(Vec::new, |kept| {
            kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
        })
    }

    /// Drops what is kept of a visitor.
    pub fn forget(&self, pipeline: &PipelineKey, id: CanonicalId) {
        self.kept.remove(&VisitorKey { pipeline: pipeline.clone(), id });
    }
}
