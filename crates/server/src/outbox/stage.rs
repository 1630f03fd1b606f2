//! The one enrich stage of a pipeline: from accepted events to what its destinations read.
//!
//! Events are enriched side by side and handed on in their order. An event whose vendor does not answer in time goes
//! on without, and says so; it never waits for more than a page would.
//!
//! The stage keeps only so far before the furthest destination. What is accepted faster than anybody takes it waits
//! as it came: a burst is then not slowed down by work that nobody can use yet, and an event carries the attributes of
//! when it is delivered rather than of when it was queued.

use std::sync::Arc;

use datafly_core::consent::Consent;
use datafly_core::id::PipelineKey;
use datafly_core::linking_key::Identifiers;
use datafly_core::visitor::Verification;
use datafly_store::StoreError;
use datafly_store::queue::{Limit, Position, QueuedEvent};
use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Accepted, Enriched, Known};
use crate::app::{App, Pipeline};
use crate::enrichment::{Ask, DEADLINE, Enrichment, Gathered, Source, WholeProfile};

/// Events that are read at once, and enriched side by side.
const BATCH: Limit = Limit { events: 256, bytes: 4 * 1024 * 1024 };

/// How many enriched events may wait for the furthest destination: two seconds of what Amperity takes.
const MAX_UNREAD: u64 = 1024;

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// There may be more to enrich.
    Enriched,
    /// There was nothing to enrich.
    Idle,
    /// There may be something, but what is enriched already has to be read first.
    Ahead,
}

/// Enriches what waits.
pub(super) async fn step(app: &App, key: &PipelineKey) -> Result<Step, StoreError> {
    let configured = app.configured();
    let Some(pipeline) = configured.pipelines.get(key.as_str()) else { return Ok(Step::Idle) };
    let queue = &app.outbox.queue;
    if MAX_UNREAD <= queue.unread(key).await? {
        return Ok(Step::Ahead);
    }
    let waiting = queue.accepted(key, Position::START, BATCH).await?;
    if waiting.is_empty() {
        return Ok(Step::Idle);
    }
    let enriched = stream::iter(waiting).map(|event| enrich(app, pipeline, event));
    let enriched: Vec<_> = enriched.buffered(BATCH.events).collect().await;
    queue.enriched(key, enriched).await?;
    app.outbox.enriched.notify_waiters();
    Ok(Step::Enriched)
}

async fn enrich(app: &App, pipeline: &Pipeline, queued: QueuedEvent) -> QueuedEvent {
    let Ok(accepted) = serde_json::from_slice::<Accepted>(&queued.body) else {
        // Each destination finds that it cannot be read, and keeps it as a dead letter.
        return queued;
    };
    let body = enriched(app, pipeline, accepted).await.to_bytes();
    QueuedEvent { body, ..queued }
}

async fn enriched(app: &App, pipeline: &Pipeline, accepted: Accepted) -> Enriched {
    let now = app.clock.now();
    let known = match pipeline.verification {
        Verification::Required | Verification::Optional => &accepted.proven,
        Verification::Off => &accepted.usable,
    };
    let mut partner_attrs = Map::new();
    let mut profile_ids = Vec::new();
    let mut unenriched = Vec::new();
    if pipeline.consent.may_look_up(consent_of(&accepted.event).as_ref()) {
        let providers = pipeline.enrichments.iter().filter(|provider| provider.enriches_events);
        let gathered =
            providers.map(|provider| gather(app, pipeline, provider, &accepted, known, now));
        for (name, Gathered { profile, decision }, id) in
            futures_util::future::join_all(gathered).await
        {
            if matches!(decision.source, Source::Deadline | Source::VendorFailed | Source::NotAsked)
            {
                unenriched.push(name.to_string());
            }
            profile_ids.extend(id.map(|id| (name.to_string(), id)));
            let Some(WholeProfile { attributes, personalised, .. }) = profile else { continue };
            partner_attrs.insert(name.to_string(), Value::Object(attributes));
            if let Some(personalised) = personalised {
                partner_attrs.insert(format!("{name}_personalized"), Value::Object(personalised));
            }
        }
    }
    let known = Known { identifiers: known.clone(), profile_ids };
    Enriched { event: accepted.event, visitor: known, partner_attrs, unenriched }
}

/// A provider's answer, and the id of the profile that what is known leads to.
async fn gather(
    app: &App,
    pipeline: &Pipeline,
    provider: &Enrichment,
    accepted: &Accepted,
    known: &Identifiers,
    now: Timestamp,
) -> (Arc<str>, Gathered, Option<String>) {
    let ask = |who, plain| Ask {
        who,
        proven: None,
        record: &accepted.visitor,
        now,
        refresh: false,
        plain,
        patience: DEADLINE,
        may_call: &|| true,
    };
    let id_of = |gathered: &Gathered| {
        gathered.profile.as_ref().map(|profile| profile.id.expose().to_owned())
    };
    let only_id =
        Identifiers { canonical_id: accepted.usable.canonical_id, ..Identifiers::default() };
    let gathered = if accepted.is_first && accepted.usable == only_id {
        provider.nothing(Source::Minted, now)
    } else {
        provider.gather(&ask(&accepted.usable, false)).await
    };
    app.metrics.decided(&pipeline.key, &gathered.decision);
    let id = if accepted.usable == *known {
        id_of(&gathered)
    } else {
        // What claims lead to names nobody to a vendor.
        id_of(&provider.gather(&ask(known, true)).await)
    };
    (Arc::clone(&provider.name), gathered, id)
}

fn consent_of(event: &Value) -> Option<Consent> {
    Consent::parse(event.get("context")?.get("consent")?).ok()
}
