//! The accounts and credentials that the emulators accept, as a configuration needs them.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::{
    ANSIRA_CLIENT_ID, ANSIRA_CLIENT_SECRET, ANSIRA_SCOPES, INDEX_ID, INDEX_TOKENS, REST_TOKENS,
    client_secret,
};
use crate::sandbox::Sandbox;

pub(super) async fn shown(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({ "tenants": tenants(&sandbox), "tokens": tokens(&sandbox) }))
}

/// Each vendor's account: where it is, and the configuration keys that name it.
fn tenants(sandbox: &Sandbox) -> Value {
    let config = sandbox.config();
    let to = &config.destinations;
    json!([
        { "vendor": "amperity", "path": "/amperity", "settings": {
            "tenant_id": config.tenant_id, "event_stream_id": config.stream_id,
            "source_value": config.source, "profile_collection_id": config.collection_id,
            "linking_keys": sandbox.linking_keys().join(", "),
        }},
        { "vendor": "amperity_index", "path": "/amperity_index", "settings": {
            "tenant_id": config.tenant_id, "index_id": INDEX_ID,
        }},
        { "vendor": "algonomy", "path": "/algonomy", "settings": {
            "linking_keys": "gcrId, mobile_number, email_address, customer_code_external",
        }},
        { "vendor": "ansira", "path": "/ansira", "settings": {
            "client_id": ANSIRA_CLIENT_ID, "scopes": ANSIRA_SCOPES.join(", "),
        }},
        { "vendor": "rest", "path": "/rest/customers/{value}", "settings": {} },
        { "vendor": "ga4", "path": "/ga4", "settings": { "measurement_id": to.ga4_measurement_id }},
        { "vendor": "meta_capi", "path": "/meta_capi", "settings": { "pixel_id": to.meta_pixel_id }},
        { "vendor": "tiktok", "path": "/tiktok", "settings": { "pixel_code": to.tiktok_pixel_code }},
        { "vendor": "webhook", "path": "/webhook", "settings": {} },
    ])
}

/// Each credential: whose it is, what it is called and good for, when it ends, and its value. They are made up and open
/// nothing but this process, and a developer has to copy them from somewhere.
fn tokens(sandbox: &Sandbox) -> Vec<Value> {
    let config = sandbox.config();
    let pasted = config.tokens.iter().map(|token| {
        shown_token("amperity", &token.label, token.scope.as_str(), None, &token.value)
    });
    let clients = sandbox.keys().into_iter().map(|key| {
        let secret = client_secret(&key.label);
        shown_token("amperity", &key.id, &format!("client of {}", key.scope), None, &secret)
    });
    let assertion_ends = sandbox.ansira_client().assertion_expires_at;
    let assertion = sandbox.ansira_assertion();
    let assertion = shown_token("ansira", "assertion", "tokens", Some(assertion_ends), &assertion);
    pasted.chain(clients).chain([assertion]).chain(lasting(sandbox)).collect()
}

/// Those that never end.
fn lasting(sandbox: &Sandbox) -> Vec<Value> {
    let config = sandbox.config();
    let (to, algonomy) = (&config.destinations, &config.algonomy);
    let secret = algonomy.oauth_key_secret.as_deref();
    let oauth = secret.map(|value| ("algonomy", "oauth_key_secret", "tokens", value));
    let each = [
        ("amperity_index", "profile_api_key", "profiles", INDEX_TOKENS[0]),
        ("algonomy", "tenant_hash", "tokens", &algonomy.tenant_hash),
        ("ansira", "client_secret", "tokens", ANSIRA_CLIENT_SECRET),
        ("rest", "bearer", "profiles", REST_TOKENS[0]),
        ("ga4", "api_secret", "events", &to.ga4_api_secret),
        ("meta_capi", "access_token", "events", &to.meta_access_token),
        ("tiktok", "access_token", "events", &to.tiktok_access_token),
        ("webhook", "secret", "events", &to.webhook_secret),
    ];
    let all = each.into_iter().chain(oauth);
    all.map(|(vendor, name, kind, value)| shown_token(vendor, name, kind, None, value)).collect()
}

fn shown_token(
    vendor: &str,
    name: &str,
    kind: &str,
    expires_at: Option<Timestamp>,
    value: &str,
) -> Value {
    json!({ "vendor": vendor, "name": name, "kind": kind, "expires_at": expires_at, "value": value })
}
