//! The accounts and credentials that the emulators accept.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

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
        { "vendor": "ga4", "path": "/ga4", "settings": { "measurement_id": to.ga4_measurement_id }},
        { "vendor": "meta_capi", "path": "/meta_capi", "settings": { "pixel_id": to.meta_pixel_id }},
        { "vendor": "tiktok", "path": "/tiktok", "settings": { "pixel_code": to.tiktok_pixel_code }},
        { "vendor": "webhook", "path": "/webhook", "settings": {} },
    ])
}

/// Each credential: whose it is, what it is called and good for, when it ends, and its value.
fn tokens(sandbox: &Sandbox) -> Vec<Value> {
    let config = sandbox.config();
    let to = &config.destinations;
    let of_tenant = config.tokens.iter().map(|token| {
        json!({
            "vendor": "amperity", "name": token.label, "kind": token.scope.as_str(),
            "expires_at": null, "value": token.value,
        })
    });
    let of_destinations = [
        ("ga4", "api_secret", &to.ga4_api_secret),
        ("meta_capi", "access_token", &to.meta_access_token),
        ("tiktok", "access_token", &to.tiktok_access_token),
        ("webhook", "secret", &to.webhook_secret),
    ];
    let of_destinations = of_destinations.map(|(vendor, name, value)| {
        json!({
            "vendor": vendor, "name": name, "kind": "events", "expires_at": null, "value": value,
        })
    });
    of_tenant.chain(of_destinations).collect()
}
