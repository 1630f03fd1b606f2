//! `POST /v1/p`, `/v1/t`, `/v1/i`: events, and what they change about their visitor.
//!
//! 200 means the visitor's state and its version are durable, and the next enrich of the same browser
//! sees them. With `?enrich=<provider>,…` the answer carries the profiles as this very event left them, so
//! that a first page is personalised by its own context in one request.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use datafly_core::event::{Event, EventKind, IdentityToken, Submission};
use datafly_core::id::CanonicalId;
use datafly_core::visitor::{Binding, Claims, Doing, Verification};
use jiff::Timestamp;

use super::answer::accepted;
use super::asked::Asked;
use super::body;
use super::caller::{self, Caller};
use super::cookies::Renewal;
use super::error::EdgeError;
use super::profile::{self, Purpose};
use super::visit::{Subject, Visit};
use crate::app::Pipeline;
use crate::enrichment::Enrichment;
use crate::identity;
use crate::visitors::News;

type Answer = Result<Response, EdgeError>;

/// Takes an event of any kind.
pub(super) async fn event(kind: EventKind, asked: &Asked<'_>, body: Body) -> Answer {
    let caller = caller::of_post(asked.headers, asked.pipeline)?;
    let wanted = wanted(asked)?;
    let body = body::read(asked.headers, body).await?;
    let Submission { event, token, handle } = Submission::parse(&body, kind)?;
    let now = asked.app.clock.now();
    let identity = (kind == EventKind::Identify)
        .then(|| identity_of(&event, token.as_ref(), asked.pipeline, now))
        .transpose()?;
    let news = news(&event, asked.pipeline, now)?;
    if caller == Caller::Server {
        return accept_from_server(&event);
    }
    let mut visit = Visit::recognise(asked).await?;
    visit.work()?;
    match visit.subject(handle.as_deref()) {
        Subject::Present => take(&mut visit, identity, news).await?,
        // It says nothing about who is here now, but for a log-in after the other one's log-out.
        Subject::Other(id) => {
            if let Some(proof) = proof_after_log_out(asked, id, identity).await? {
                // What the one who left had allowed went with them.
                let news = News { consent: None, ..news };
                take(&mut visit, Some((Claims::default(), Some(proof))), news).await?;
            }
        }
        Subject::Nobody => {}
    }
    // Before the vendor is waited for: a cookie that comes late could undo a log-out.
    let cookies = visit.cookies(Renewal::Daily);
    let Some(wanted) = wanted else {
        return Ok(accepted(cookies, Some(visit.handle()), None));
    };
    let profiles = profile::object_of(&visit, wanted.into_iter(), Purpose::Event).await;
    Ok(accepted(cookies, Some(visit.handle()), Some(&profiles)))
}

/// What an identify says and proves.
type Identity = (Claims, Option<Binding>);

/// Applies an event to its visitor. One of whom nothing may be kept stays nobody.
async fn take(
    visit: &mut Visit<'_>,
    identity: Option<Identity>,
    news: News,
) -> Result<(), EdgeError> {
    let Pipeline { key, verification, consent, .. } = visit.asked.pipeline;
    if !visit.is_kept() && !consent.may_keep(news.consent.as_ref()) {
        return Ok(());
    }
    let consented = visit.consents();
    let (visitors, present) = (&visit.asked.app.visitors, visit.present.clone());
    let present = match identity {
        Some((claims, proof)) => {
            visitors.identify(key, present, claims, proof, *verification, news).await?
        }
        None => visitors.note_event(key, present, news).await?,
    };
    let before = std::mem::replace(&mut visit.present, present);
    if !visit.is_kept() {
        // Taken back, or somebody else is here, who has allowed nothing yet.
        visit.forget().await?;
    } else if consented && !visit.consents() && before.id == visit.present.id {
        visit.drop_profiles();
    }
    Ok(())
}

/// What a token proves that was issued after a visitor's log-out: a tab that has not heard of the log-out yet
/// sends it with that visitor's handle.
async fn proof_after_log_out(
    asked: &Asked<'_>,
    id: CanonicalId,
    identity: Option<Identity>,
) -> Result<Option<Binding>, EdgeError> {
    let Some((_, Some(proof))) = identity else { return Ok(None) };
    let left_at = asked.app.visitors.left_at(&asked.pipeline.key, id).await?;
    Ok(left_at.is_some_and(|left_at| left_at < proof.issued_at).then_some(proof))
}

fn identity_of(
    event: &Event,
    token: Option<&IdentityToken>,
    pipeline: &Pipeline,
    now: Timestamp,
) -> Result<Identity, EdgeError> {
    let claims = identity::claims_of(event)?;
    let proof = proof(pipeline, token, &claims, now)?;
    Ok((claims, proof))
}

/// What the token proves. A bad one is refused where proof matters; under `off` it proves nothing.
fn proof(
    pipeline: &Pipeline,
    token: Option<&IdentityToken>,
    claims: &Claims,
    now: Timestamp,
) -> Result<Option<Binding>, EdgeError> {
    let Some(token) = token else { return Ok(None) };
    let proof = pipeline.verifier.verify(token, now).and_then(|proof| {
        identity::check_contradiction(claims, &proof)?;
        Ok(proof)
    });
    match proof {
        Ok(proof) => Ok(Some(proof)),
        Err(_) if pipeline.verification == Verification::Off => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What the event says of its visitor, as far as this pipeline uses it.
fn news(event: &Event, pipeline: &Pipeline, now: Timestamp) -> Result<News, EdgeError> {
    let doing = pipeline.uses_context().then(|| {
        let json = event.to_json();
        let context = pipeline.enrichments.iter().filter(|it| !it.context.is_empty());
        let context = context.map(|it| (it.name.to_string(), it.context.of_event(&json)));
        Doing { at: event.occurred_at(now), context: context.collect::<BTreeMap<_, _>>() }
    });
    Ok(News { doing, consent: event.consent()? })
}

/// The providers whose profiles the answer is to carry.
fn wanted<'r>(asked: &Asked<'r>) -> Result<Option<Vec<&'r Enrichment>>, EdgeError> {
    let Some(list) = asked.query.parameter("enrich")? else { return Ok(None) };
    profile::wanted(asked.pipeline, list.split(',').map(str::trim)).map(Some)
}

/// A server's client has no cookie, so it must say whose event it is; that is a claim, and changes
/// nothing about any browser's visitor.
fn accept_from_server(event: &Event) -> Answer {
    if event.anonymous_id.is_none() && event.user_id.is_none() {
        return Err(EdgeError::NoSubject);
    }
    Ok(accepted(HeaderMap::new(), None, None))
}
