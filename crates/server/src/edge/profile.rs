//! A visitor's attributes: what has to be so before anybody is looked up, and the decision afterwards.

use std::sync::Arc;
use std::time::Duration;

use datafly_core::visitor::Verification;
use futures_util::future::join_all;

use super::asked::Asked;
use super::client;
use super::error::EdgeError;
use super::visit::Visit;
use crate::app::Pipeline;
use crate::enrichment::{Answer, Ask, DEADLINE, Enrichment, Source};

/// What a browser is shown of one provider.
pub(super) struct Shown {
    /// A JSON object.
    pub(super) attributes: Arc<str>,
    /// Whether the time was up before anything was known.
    late: bool,
}

/// What the attributes are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// An enrich. `refresh`: the page asked for newer than cached.
    Enrich {
        /// See there.
        refresh: bool,
    },
    /// The answer to an event.
    Event,
    /// To be written into the boot script. The context known then is the last page's, so these are the
    /// plain attributes, and nobody waits long: what is missing the script asks for itself.
    Loader,
}

impl Purpose {
    fn patience(self) -> Duration {
        match self {
            Self::Enrich { .. } | Self::Event => DEADLINE,
            Self::Loader => LOADER_PATIENCE,
        }
    }
}

/// How long the boot script waits for a vendor.
const LOADER_PATIENCE: Duration = Duration::from_millis(50);

/// The attributes of one provider.
pub(super) async fn of(visit: &Visit<'_>, enrichment: &Enrichment, purpose: Purpose) -> Shown {
    let Answer { attributes, decision } = match without_asking(visit) {
        Some(source) => enrichment.without(source, visit.now),
        None => ask(visit, enrichment, purpose).await,
    };
    let late = decision.source == Source::Deadline;
    let Asked { app, pipeline, .. } = *visit.asked;
    if visit.is_kept() {
        app.decisions.record(&pipeline.key, visit.present.id, decision);
    } else {
        app.metrics.decided(&pipeline.key, &decision);
    }
    Shown { attributes, late }
}

/// Why nobody is looked up, if so.
fn without_asking(visit: &Visit<'_>) -> Option<Source> {
    if !visit.is_kept() {
        return Some(Source::NoConsent);
    }
    if visit.present.minted {
        return Some(Source::Minted);
    }
    if client::is_crawler(visit.asked.headers) {
        return Some(Source::Bot);
    }
    (!visit.consents()).then_some(Source::NoConsent)
}

async fn ask(visit: &Visit<'_>, enrichment: &Enrichment, purpose: Purpose) -> Answer {
    let mode = visit.asked.pipeline.verification;
    let who = visit.identifiers(mode);
    let proven =
        (mode == Verification::Optional).then(|| visit.identifiers(Verification::Required));
    let ask = Ask {
        who: &who,
        proven: proven.as_ref(),
        record: &visit.present.record,
        now: visit.now,
        refresh: purpose == Purpose::Enrich { refresh: true },
        plain: purpose == Purpose::Loader,
        patience: purpose.patience(),
        may_call: &|| visit.work().is_ok(),
    };
    enrichment.answer(&ask).await
}

/// The providers of these names. One named twice would be the same work, and the same member, twice.
pub(super) fn wanted<'p, 'n>(
    pipeline: &'p Pipeline,
    names: impl Iterator<Item = &'n str>,
) -> Result<Vec<&'p Enrichment>, EdgeError> {
    let mut wanted = Vec::<&Enrichment>::new();
    for name in names {
        if wanted.iter().any(|other| *other.name == *name) {
            return Err(EdgeError::DoubledProvider);
        }
        wanted.push(pipeline.enrichment(name).ok_or(EdgeError::UnknownProvider)?);
    }
    Ok(wanted)
}

/// The attributes of several providers at once, as a JSON object by provider.
pub(super) async fn object_of<'e>(
    visit: &Visit<'_>,
    enrichments: impl Iterator<Item = &'e Enrichment>,
    purpose: Purpose,
) -> String {
    let answers = enrichments
        .map(|enrichment| async move { (enrichment, of(visit, enrichment, purpose).await) });
    let answers = join_all(answers).await;
    let shown = answers.iter().filter(|(_, shown)| purpose != Purpose::Loader || !shown.late);
    object(shown.map(|(enrichment, shown)| (&*enrichment.name, &*shown.attributes)))
}

/// Writes a JSON object of members that are JSON already.
pub(super) fn object<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut json = "{".to_owned();
    for (name, value) in members {
        if json.len() > 1 {
            json.push(',');
        }
        // Names of providers are plain words.
        json.push('"');
        json.push_str(name);
        json.push_str("\":");
        json.push_str(value);
    }
    json.push('}');
    json
}
