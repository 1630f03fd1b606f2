//! `POST /v1/bootstrap`: server to server, the filtered profiles of one visitor, for rendering into HTML.
//!
//! The body names the visitor and is signed ([`crate::signature`]), so what it says counts as verified: the
//! site's server has to have proven it, by its own session. `canonicalId` is what the `_dfid` cookie holds; any
//! page of the site's domain can set that one, so a server that passes it on says that it trusts them all.
//!
//! The answer is JSON that may be written into `<script type="application/json">` as it is.

use axum::body::Body;
use axum::response::Response;
use datafly_core::consent::Consent;
use datafly_core::event::MAX_EVENT_BYTES;
use datafly_core::id::{CanonicalId, Identifier};
use datafly_core::linking_key::Identifiers;
use datafly_core::v1::path;
use futures_util::future::join_all;
use serde::Deserialize;

use super::asked::Asked;
use super::caller::{self, Caller};
use super::error::EdgeError;
use super::{answer, body, profile};
use crate::boot_script::script_literal;
use crate::enrichment::{Ask, DEADLINE, Source};
use crate::signature::Signed;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
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
    let body = body::read(headers, body, MAX_EVENT_BYTES).await?;
    let signed = Signed::Route { route: path::BOOTSTRAP, pipeline: pipeline.key.as_str() };
    let now = app.clock.now();
    pipeline.server_keys.verify(headers, signed, &body, now)?;

    let wish: Bootstrap = serde_json::from_slice(&body)
        .map_err(|error| EdgeError::InvalidBootstrap(error.to_string()))?;
    let wanted = match &wish.providers {
        None => pipeline.enrichments.iter().collect(),
        Some(names) => profile::wanted(pipeline, names.iter().map(String::as_str))?,
    };
    let known = match wish.canonical_id {
        Some(id) => app.visitors.look_at(&pipeline.key, id).await?,
        None => None,
    };
    let known = known.filter(|record| pipeline.consent.may_keep(record.consent()));
    // What else the body names is proven all the same.
    let canonical_id = wish.canonical_id.filter(|_| known.is_some());
    let record = known.unwrap_or_default();
    let stated = wish.consent.as_ref().map(Consent::parse).transpose()?;
    // What the visitor said in the browser counts before what the server knows.
    let consents = pipeline.consent.may_look_up(record.consent().or(stated.as_ref()));
    let who = Identifiers {
        canonical_id,
        anonymous_id: None,
        user_id: wish.user_id,
        email: wish.email,
        phone: wish.phone,
    };
    // Its address is not counted: it is a server's, which asks for many visitors, and has signed.
    let may_call = || asked.work(who.canonical_id, None).is_ok();
    let answers = wanted.iter().map(|enrichment| async {
        let answer = if consents {
            let ask = Ask {
                who: &who,
                proven: None,
                record: &record,
                now,
                refresh: false,
                plain: false,
                patience: DEADLINE,
                may_call: &may_call,
            };
            enrichment.answer(&ask).await
        } else {
            enrichment.without(Source::NoConsent, now)
        };
        match who.canonical_id {
            Some(id) => app.decisions.record(&pipeline.key, id, answer.decision),
            None => app.metrics.decided(&pipeline.key, &answer.decision),
        }
        (enrichment.name.clone(), answer.attributes)
    });
    let answers = join_all(answers).await;
    let profiles = profile::object(answers.iter().map(|(name, json)| (&**name, &**json)));
    let json = format!(r#"{{"profiles":{profiles}}}"#);
    Ok(answer::json(script_literal(&json)))
}
