//! Providers beside Amperity's, each with an attribute of its own.

/// Integrations that answer look-ups only, as they fit the sandbox: `amperity_index`, `ansira`, and two declared ones,
/// `loyalty` (by GET) and `search` (by POST).
pub const PROVIDERS: &str = r#"
[[pipelines.integrations]]
vendor = "amperity_index"
tenant_subdomain = "acme"
tenant_id = "acme"
profile_api_key = { env = "INDEX" }
index_id = "ix-sandbox1"
base_url = "http://VENDOR/amperity_index"
linking_keys = [{ source = "canonical_id", key = "device_cookie" }]
browser_attribute_allowlist = "Persona"

[[pipelines.integrations]]
vendor = "ansira"
client_id = "sandbox-client"
client_secret = { env = "ANSIRA" }
assertion_file = "FOLDER/ansira.assertion"
scopes = ["contacts.read"]
records_path = "v1/contacts"
filter = "{key} eq {value}"
base_url = "http://VENDOR/ansira"
token_url = "http://VENDOR/ansira/oauth/v2/oauth-token"
linking_keys = [{ source = "canonical_id", key = "device_cookie" }]
browser_attribute_allowlist = "LifetimeTier"

[[pipelines.integrations]]
vendor = "rest"
name = "loyalty"
url = "http://VENDOR/rest/customers/{value}?by={key}"
private_host = "127.0.0.1"
auth_secret = { env = "REST" }
attributes = "/customer"
linking_keys = [{ source = "canonical_id", key = "device_cookie" }]
browser_attribute_allowlist = "FavoriteBrand"

[[pipelines.integrations]]
vendor = "rest"
name = "search"
url = "http://VENDOR/rest/search"
private_host = "127.0.0.1"
method = "POST"
body = '{"by": "{key}", "value": "{value}"}'
auth_secret = { env = "REST" }
attributes = "/customer"
linking_keys = [{ source = "canonical_id", key = "device_cookie" }]
browser_attribute_allowlist = "ChurnRisk"
"#;
