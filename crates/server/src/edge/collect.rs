//! `POST /v1/p`, `/v1/t`, `/v1/i`: events, and what they change about their visitor.
//!
//! 200 means the visitor's state and its version are durable, and the next enrich of the same browser
//! sees them.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use datafly_core::event::{Event, EventKind, IdentityToken, Submission};
use datafly_core::v1::Accepted;
use datafly_core::visitor::{Binding, Claims, Verification};

use super::body;
use super::caller::{self, Caller};
use super::cookies::{self, Renewal};
use super::error::EdgeError;
use super::headers::CORP_CROSS_ORIGIN;
use super::key::ForPipeline;
use crate::app::{App, Pipeline};
use crate::identity;

/// What an accepted event or a log-out is answered with.
pub(super) type AcceptedAnswer = (HeaderMap, Json<Accepted>);

type Answer = Result<AcceptedAnswer, EdgeError>;

/// Takes a page or track event.
pub(super) async fn event(
    kind: EventKind,
    State(app): State<Arc<App>>,
    ForPipeline(pipeline): ForPipeline,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let caller = caller::of_post(&headers, &pipeline)?;
    let submission = Submission::parse(&body::read_event(&headers, body).await?, kind)?;
    if caller == Caller::Server {
        return accept_from_server(&submission.event);
    }
    let sent = cookies::credential(&headers, &app, &pipeline);
    let present = app.visitors.recognise(&pipeline.key, sent.as_ref()).await?;
    let present = app.visitors.touch(&pipeline.key, present).await?;
    let cookies = cookies::due(&app, &pipeline, &present, sent.as_ref(), Renewal::Daily);
    Ok(accepted(cookies))
}

/// Takes an identify: claims, and where a token comes with them, proof.
pub(super) async fn identify(
    State(app): State<Arc<App>>,
    ForPipeline(pipeline): ForPipeline,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let caller = caller::of_post(&headers, &pipeline)?;
    let body = body::read_event(&headers, body).await?;
    let Submission { event, token } = Submission::parse(&body, EventKind::Identify)?;
    let claims = identity::claims_of(&event)?;
    let proof = proof(&app, &pipeline, token.as_ref(), &claims)?;
    if caller == Caller::Server {
        return accept_from_server(&event);
    }
    let sent = cookies::credential(&headers, &app, &pipeline);
    let present = app.visitors.recognise(&pipeline.key, sent.as_ref()).await?;
    let present = app.visitors.identify(&pipeline.key, present, claims, proof).await?;
    let cookies = cookies::due(&app, &pipeline, &present, sent.as_ref(), Renewal::Daily);
    Ok(accepted(cookies))
}

/// What the token proves. A bad one is refused where proof matters; under `off` it proves nothing.
fn proof(
    app: &App,
    pipeline: &Pipeline,
    token: Option<&IdentityToken>,
    claims: &Claims,
) -> Result<Option<Binding>, EdgeError> {
    let Some(token) = token else { return Ok(None) };
    let proof = pipeline.verifier.verify(token, app.clock.now()).and_then(|proof| {
        identity::check_contradiction(claims, &proof)?;
        Ok(proof)
    });
    match proof {
        Ok(proof) => Ok(Some(proof)),
        Err(_) if pipeline.verification == Verification::Off => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A server's client has no cookie, so it must say whose event it is; that is a claim, and changes
/// nothing about any browser's visitor.
fn accept_from_server(event: &Event) -> Answer {
    if event.anonymous_id.is_none() && event.user_id.is_none() {
        return Err(EdgeError::NoSubject);
    }
    Ok(accepted(HeaderMap::new()))
}

/// Holds no visitor's data, and says so: an event also comes as a beacon, which is no CORS request, and
/// whose answer the page's console would otherwise report as blocked.
pub(super) fn accepted(mut headers: HeaderMap) -> AcceptedAnswer {
    headers.extend([CORP_CROSS_ORIGIN]);
    (headers, Json(Accepted::OK))
}
