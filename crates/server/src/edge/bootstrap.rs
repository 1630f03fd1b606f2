//! `POST /v1/bootstrap`: server to server, the filtered profiles of one visitor, for rendering into HTML.
//!
//! The body names the visitor and is signed ([`crate::signature`]), so what it says counts as verified: the
//! site's server has to have proven it, by its own session. `canonicalId` is what the `_dfid` cookie holds; any
//! page of the site's domain can set that one, so a server that passes it on says that it trusts them all.
//!
//! The answer is JSON that may be written into `<script type="application/json">` as it is.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use datafly_core::consent::Consent;
use datafly_core::id::{CanonicalId, Identifier};
use datafly_core::linking_key::Identifiers;
use datafly_core::v1::path;
use datafly_core::visitor::Visitor;
use futures_util::future::join_all;
use serde::Deserialize;

use super::asked::Asked;
use super::caller::{self, Caller};
use super::error::EdgeError;
use super::{answer, body, profile};
use crate::app::Pipeline;
use crate::boot_script::script_literal;
use crate::enrichment::{Ask, DEADLINE, Enrichment, Source};
use crate::limits::Worker;
use crate::signature::Signed;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[derive(Default)]
struct Bootstrap {
    canonical_id: Option<CanonicalId>,
    user_id: Option<Identifier>,
    email: Option<Identifier>,
    phone: Option<Identifier>,
    /// What the visitor allows, where the server knows it and the browser has not said so yet.
    consent: Option<serde_json::Value>,
    /// All of the pipeline's where absent.
    providers: Option<Vec<String>>,
}

/// Answers `{"profiles":{…}}`.
pub(super) async fn bootstrap(asked: &Asked<'_>, body: Body) -> Result<Response, EdgeError> {
    let Asked { app, pipeline, headers, .. } = *asked;
    // A browser has no business here, signed or not.
    if caller::of_post(headers, pipeline)? != Caller::Server {
        return Err(EdgeError::OriginNotAllowed);
    }
    let body = body::read_event(headers, body).await?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signed = Signed { route: path::BOOTSTRAP, pipeline: pipeline.key.as_str(), body: &body };
    let now = app.clock.now();
    pipeline.server_keys.verify(text("x-timestamp"), text("x-signature"), &signed, now)?;

    let wish: Bootstrap = serde_json::from_slice(&body)
        .map_err(|error| EdgeError::InvalidBootstrap(error.to_string()))?;
    let wanted = wanted(pipeline, wish.providers.as_deref())?;
    let present = match wish.canonical_id {
        Some(id) => app.visitors.look_at(&pipeline.key, id).await?,
        None => Some(Arc::new(Visitor::default())),
    };
    let stated = wish.consent.as_ref().map(Consent::parse).transpose()?;
    let consents = |record: &Visitor| {
        let consent = stated.as_ref().or_else(|| record.consent());
        let category = pipeline.consent.as_deref();
        category.is_none_or(|category| consent.is_some_and(|consent| consent.grants(category)))
    };
    let who = Identifiers {
        canonical_id: wish.canonical_id,
        anonymous_id: None,
        user_id: wish.user_id,
        email: wish.email,
        phone: wish.phone,
    };
    let address = asked.client.address;
    let worker = Worker { pipeline: &pipeline.key, visitor: who.canonical_id, address };
    let limits = &asked.configured.limits;
    let may_call = || limits.work(&worker).inspect_err(|it| app.metrics.limited(it.limit)).is_ok();
    let answers = wanted.iter().map(|enrichment| async {
        let answer = match &present {
            None => enrichment.without(Source::NoIdentifier, now),
            Some(record) if !consents(record) => enrichment.without(Source::NoConsent, now),
            Some(record) => {
                let ask = Ask {
                    who: &who,
                    proven: None,
                    record,
                    now,
                    refresh: false,
                    plain: false,
                    patience: DEADLINE,
                    may_call: &may_call,
                };
                enrichment.answer(&ask).await
            }
        };
        if let Some(id) = who.canonical_id {
            app.decisions.record(&pipeline.key, id, answer.decision);
        }
        (enrichment.name.clone(), answer.attributes)
    });
    let answers = join_all(answers).await;
    let profiles = profile::object(answers.iter().map(|(name, json)| (&**name, &**json)));
    let json = format!(r#"{{"profiles":{profiles}}}"#);
    Ok(answer::json(script_literal(&json)))
}

fn wanted<'p>(
    pipeline: &'p Pipeline,
    names: Option<&[String]>,
) -> Result<Vec<&'p Enrichment>, EdgeError> {
    match names {
        None => Ok(pipeline.enrichments.iter().collect()),
        Some(names) => names
            .iter()
            .map(|name| pipeline.enrichment(name).ok_or(EdgeError::UnknownProvider))
            .collect(),
    }
}
