//! What other people's clients ask for before they send: Segment's `/v1/projects/{key}/settings`, RudderStack's
//! `/sourceConfig/`. Nothing but the pipeline's public key and where this server is, in the shape each client
//! expects; the shapes are what the clients' own servers answer for a source without destinations.

use axum::response::Response;
use serde_json::{Value, json};

use super::answer;
use super::asked::Asked;
use super::headers::CORP_CROSS_ORIGIN;

/// Whose client asks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Client {
    /// `@segment/analytics-next`.
    Segment,
    /// `@rudderstack/analytics-js`.
    RudderStack,
}

/// Answers with the settings.
pub(super) fn settings(client: Client, asked: &Asked<'_>) -> Response {
    let key = asked.pipeline.key.as_str();
    let settings = match client {
        Client::Segment => segment(key, &asked.configured.public_url),
        Client::RudderStack => rudderstack(key),
    };
    let mut response = answer::json(settings.to_string());
    response.headers_mut().extend([CORP_CROSS_ORIGIN]);
    response
}

/// A page that names us for the settings alone means us with its events too: left out, they would go to Segment.
fn segment(key: &str, public_url: &str) -> Value {
    let (protocol, host) = public_url.split_once("://").unwrap_or(("https", public_url));
    let api_host = format!("{host}/v1");
    json!({
        "integrations": { "Segment.io": {
            "apiKey": key, "apiHost": api_host, "protocol": protocol, "unbundledIntegrations": [],
        } },
        "plan": { "track": { "__default": { "enabled": true, "integrations": {} } } },
        "edgeFunction": {},
        "metrics": { "sampleRate": 0 },
        "remotePlugins": []
    })
}

fn rudderstack(key: &str) -> Value {
    let reports = json!({ "enabled": false });
    json!({
        "source": {
            "id": key,
            "name": "datafly",
            "writeKey": key,
            "workspaceId": "datafly",
            "enabled": true,
            "connections": [],
            "destinations": [],
            "dataplanes": {},
            "config": { "statsCollection": { "errors": reports, "metrics": reports } }
        }
    })
}
