//! `GET /v1/loader.js`: the boot script with the pipeline's configuration, and the visitor's profile.
//!
//! Any page may include it. A visitor is recognised, or made, and its filtered profile written in, only for
//! an include the browser marks as CORS from one of the pipeline's origins, or as same-origin; every other
//! answer holds the same public configuration, neither reads nor sets a cookie, and says that any site may
//! load it. What is cached, or comes within [`PATIENCE`], is written in; for the rest the script asks.

use std::fmt::Write;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use datafly_core::v1::{LoaderConfig, path};

use super::asked::Asked;
use super::caller;
use super::cookies::Renewal;
use super::error::EdgeError;
use super::headers::CORP_CROSS_ORIGIN;
use super::profile;
use super::visit::Visit;

/// How long the script waits for a vendor. Without the profile it is there at once, and asks itself.
const PATIENCE: Duration = Duration::from_millis(50);

const JAVASCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");

/// Writes the boot script.
pub(super) async fn loader(asked: &Asked<'_>) -> Result<Response, EdgeError> {
    let visitor = if caller::is_trusted_include(asked.headers, asked.pipeline) {
        // Without visitor state the page still boots, as one whose visitor is not known yet.
        visitor_part(asked).await.ok()
    } else {
        None
    };
    let (cookies, config) = match visitor {
        Some((cookies, config)) => (Some(cookies), config),
        None => (None, config(asked, false)),
    };
    let template = &asked.configured.bundle.loader;
    let script = [&*template.before, &script_literal(&config), &*template.after].concat();
    let mut response = script.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, JAVASCRIPT);
    match cookies {
        Some(cookies) => response.headers_mut().extend(cookies),
        None => response.headers_mut().extend([CORP_CROSS_ORIGIN]),
    }
    Ok(response)
}

/// The cookies this browser is due, and the configuration with what is known of its visitor.
async fn visitor_part(asked: &Asked<'_>) -> Result<(HeaderMap, String), EdgeError> {
    let visit = Visit::recognise(asked).await?;
    let cookies = visit.cookies(Renewal::Daily);
    let enrichments = asked.pipeline.enrichments.iter();
    let profiles = profile::object_of(&visit, enrichments, PATIENCE, false).await;
    let mut config = config(asked, true);
    // The configuration is an object with members; what is added is JSON already.
    config.pop();
    config.push_str(r#","profiles":"#);
    config.push_str(&profiles);
    config.push_str(r#","handle":""#);
    config.push_str(&visit.handle());
    config.push_str("\"}");
    Ok((cookies, config))
}

/// The pipeline's configuration as JSON, without anything of a visitor.
fn config(Asked { configured, pipeline, .. }: &Asked<'_>, credentialed: bool) -> String {
    let providers = pipeline.enrichments.iter().map(|it| it.name.to_string());
    let config = LoaderConfig {
        pipeline_key: pipeline.key.to_string(),
        endpoint: configured.public_url.clone(),
        assets: format!("{}{}", configured.asset_url, path::ASSETS),
        module: configured.bundle.module.clone(),
        wasm: configured.bundle.wasm.clone(),
        providers: providers.collect(),
        timeout_ms: u32::try_from(pipeline.ready_timeout.as_millis()).unwrap_or(u32::MAX),
        credentialed,
        profiles: None,
        handle: None,
        context: pipeline.uses_context(),
        consent: pipeline.consent.clone(),
    };
    // Texts, numbers and lists: writing them cannot fail.
    serde_json::to_string(&config).unwrap_or_else(|_| "{}".to_owned())
}

/// JSON as a JavaScript expression that is inert in any place a script can stand: no `<` closes a tag,
/// no line separator ends a line. In JSON these characters stand in texts only, where they may be escaped.
pub(super) fn script_literal(json: &str) -> String {
    let mut literal = String::with_capacity(json.len() + 16);
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
    use super::script_literal;

    #[test]
    fn a_literal_cannot_leave_its_place() {
        let text = "</script>\u{2028}\u{2029}<!--&x\");alert(1);(\"";
        let literal = script_literal(&serde_json::to_string(&text).unwrap());
        for part in ["<", ">", "&", "\u{2028}", "\u{2029}", "x\")"] {
            assert!(!literal.contains(part), "{literal}");
        }
        assert_eq!(serde_json::from_str::<String>(&literal).unwrap(), text);
    }
}
