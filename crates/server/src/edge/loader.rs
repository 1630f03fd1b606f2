//! `GET /v1/loader.js`: the boot script with the pipeline's configuration.
//!
//! Any page may include it. A visitor is recognised, or made, only for an include the browser marks as
//! CORS from one of the pipeline's origins, or as same-origin; every other answer holds the same public
//! configuration, neither reads nor sets a cookie, and says that any site may load it.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use datafly_core::v1::{LoaderConfig, path};

use super::caller;
use super::cookies::{self, Renewal};
use super::error::EdgeError;
use super::headers::CORP_CROSS_ORIGIN;
use super::key::ForPipeline;
use crate::app::{App, Pipeline};

const JAVASCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");

/// Writes the boot script.
pub(super) async fn loader(
    State(app): State<Arc<App>>,
    ForPipeline(pipeline): ForPipeline,
    headers: HeaderMap,
) -> Response {
    let cookies = if caller::is_trusted_include(&headers, &pipeline) {
        // Without visitor state the page still boots, as one whose visitor is not known yet.
        recognise(&app, &pipeline, &headers).await.ok()
    } else {
        None
    };
    let mut response = script(&app, &pipeline, cookies.is_some()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, JAVASCRIPT);
    match cookies {
        Some(cookies) => response.headers_mut().extend(cookies),
        None => response.headers_mut().extend([CORP_CROSS_ORIGIN]),
    }
    response
}

/// The cookies this browser is due.
async fn recognise(
    app: &App,
    pipeline: &Pipeline,
    headers: &HeaderMap,
) -> Result<HeaderMap, EdgeError> {
    let sent = cookies::credential(headers, app, pipeline);
    let present = app.visitors.recognise(&pipeline.key, sent.as_ref()).await?;
    Ok(cookies::due(app, pipeline, &present, sent.as_ref(), Renewal::Daily))
}

fn script(app: &App, pipeline: &Pipeline, credentialed: bool) -> String {
    let config = LoaderConfig {
        pipeline_key: pipeline.key.to_string(),
        endpoint: app.public_url.clone(),
        assets: format!("{}{}", app.asset_url, path::ASSETS),
        module: app.bundle.module.clone(),
        wasm: app.bundle.wasm.clone(),
        providers: pipeline.enrichments.iter().map(|provider| provider.name.clone()).collect(),
        timeout_ms: u32::try_from(pipeline.ready_timeout.as_millis()).unwrap_or(u32::MAX),
        credentialed,
    };
    let template = &app.bundle.loader;
    [&template.before, &json_literal(&config), &template.after].map(String::as_str).concat()
}

/// JSON as a JavaScript expression that is inert in any place a script can stand: no `<` closes a tag,
/// no line separator ends a line.
fn json_literal(value: &impl serde::Serialize) -> String {
    // The configuration is texts, numbers and lists; writing it cannot fail, and if it ever does the
    // loader finds no configuration and the page's timeout settles it.
    let json = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
    let mut literal = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a `String` cannot fail.
                let _ = write!(literal, "\\u{:04x}", u32::from(character));
            }
            _ => literal.push(character),
        }
    }
    literal
}

#[cfg(test)]
mod tests {
    use super::json_literal;

    #[test]
    fn a_literal_cannot_leave_its_place() {
        let text = "</script>\u{2028}\u{2029}<!--&x\");alert(1);(\"";
        let literal = json_literal(&text);
        for part in ["<", ">", "&", "\u{2028}", "\u{2029}", "x\")"] {
            assert!(!literal.contains(part), "{literal}");
        }
        assert_eq!(serde_json::from_str::<String>(&literal).unwrap(), text);
    }
}
