//! `GET /v1/loader.js`: the boot script with the pipeline's configuration, and the visitor's profile.
//!
//! Any page may include it. A visitor is recognised, or made, and its filtered profile written in, only for
//! an include the browser marks as CORS from one of the pipeline's origins, or as same-origin; every other
//! answer holds the same public configuration, neither reads nor sets a cookie, and says that any site may
//! load it. What is cached, or comes at once, is written in; for the rest the script asks.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use datafly_core::v1::{LoaderConfig, path};

use super::asked::Asked;
use super::caller;
use super::cookies::Renewal;
use super::error::EdgeError;
use super::headers::CORP_CROSS_ORIGIN;
use super::profile::{self, Purpose};
use super::visit::Visit;
use crate::boot_script::BootScript;

const JAVASCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");

/// Answers with the boot script.
pub(super) async fn loader(asked: &Asked<'_>) -> Result<Response, EdgeError> {
    let script = asked.pipeline.boot_script.get_or_init(|| script(asked));
    let with_visitor = if caller::is_trusted_include(asked.headers, asked.pipeline) {
        // Without visitor state the page still boots, as one whose visitor is not known yet.
        with_visitor(asked, script).await.ok()
    } else {
        None
    };
    let mut response = match with_visitor {
        Some((cookies, script)) => answer(script.into(), cookies),
        None => answer(script.public().into(), HeaderMap::from_iter([CORP_CROSS_ORIGIN])),
    };
    response.headers_mut().insert(header::CONTENT_TYPE, JAVASCRIPT);
    Ok(response)
}

fn answer(body: Body, headers: HeaderMap) -> Response {
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response
}

/// The cookies this browser is due, and the script with what is known of its visitor.
async fn with_visitor(
    asked: &Asked<'_>,
    script: &BootScript,
) -> Result<(HeaderMap, String), EdgeError> {
    let visit = Visit::recognise(asked).await?;
    let cookies = visit.cookies(Renewal::Daily);
    let enrichments = asked.pipeline.enrichments.iter();
    let profiles = profile::object_of(&visit, enrichments, Purpose::Loader).await;
    Ok((cookies, script.with_visitor(&profiles, visit.handle())))
}

fn script(Asked { configured, pipeline, .. }: &Asked<'_>) -> BootScript {
    let providers = pipeline.enrichments.iter().map(|it| it.name.to_string());
    let config = LoaderConfig {
        pipeline_key: pipeline.key.to_string(),
        endpoint: configured.public_url.clone(),
        assets: format!("{}{}", configured.asset_url, path::ASSETS),
        engine: configured.bundle.engine.clone(),
        wasm: configured.bundle.wasm.clone(),
        providers: providers.collect(),
        timeout_ms: u32::try_from(pipeline.ready_timeout.as_millis()).unwrap_or(u32::MAX),
        credentialed: false,
        profiles: None,
        handle: None,
        context: pipeline.uses_context(),
        consent: pipeline.consent.for_profiles(),
        browser: pipeline.browser.clone(),
        chunks: configured.bundle.chunks.clone(),
    };
    BootScript::new(&configured.bundle.loader, config)
}
