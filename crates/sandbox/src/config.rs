//! Settings of the sandbox. The defaults are the demo's, and are public constants so that a test or a
//! generated configuration can name them.

mod algonomy;
mod destinations;
mod providers;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use self::algonomy::{ALGONOMY_OAUTH_KEY_SECRET, ALGONOMY_TENANT_HASH, AlgonomyConfig};
pub use self::destinations::{
    DestinationsConfig, GA4_API_SECRET, GA4_MEASUREMENT_ID, META_ACCESS_TOKEN, META_PIXEL_ID,
    TIKTOK_ACCESS_TOKEN, TIKTOK_PIXEL_CODE, WEBHOOK_SECRET,
};
pub use self::providers::{
    ANSIRA_CLIENT_ID, ANSIRA_CLIENT_SECRET, ANSIRA_SCOPES, INDEX_ID, INDEX_TOKENS, REST_TOKENS,
};

/// Value of the `Amperity-Tenant` header.
pub const TENANT_ID: &str = "acme";
/// Id of the real-time event stream.
pub const STREAM_ID: &str = "esm-sandbox1";
/// The `source` that the stream routes on.
pub const SOURCE: &str = "DATAFLY";
/// Id of the profile collection.
pub const COLLECTION_ID: &str = "apc-sandbox1";
/// Token that may write events.
pub const INGEST_TOKEN: &str = "sandbox-ingest-token-2f6c1d9a7b";
/// Token that may look up and read profiles.
pub const PROFILE_TOKEN: &str = "sandbox-profile-token-8e3b5a40c6";
/// Token that may ask the control API.
pub const CONTROL_TOKEN: &str = "sandbox-control-token-71d4e09bc3";
/// Token of an issuer's key, which may issue tokens of other keys and nothing else.
pub const ISSUER_TOKEN: &str = "sandbox-issuer-token-94d1c7e25f";
/// The demo pipeline; also the audience of the shop's identity tokens.
pub const PIPELINE_KEY: &str = "dk_test_sandbox";
/// Key of the shop's identity tokens (HS256).
pub const IDENTITY_SECRET: &str = "sandbox-identity-secret-not-for-production-use";
/// Name of that key, sent as `kid`.
pub const IDENTITY_KID: &str = "sandbox-1";
/// Every key that the emulated collection can link by.
pub const ALL_LINKING_KEYS: [&str; 6] =
    ["email_sha256", "email", "phone", "phone_sha256", "device_cookie", "customer_id"];

/// Everything that can be set. `Default` is a working demo.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Seed of the generated customers.
    pub seed: u64,
    /// How many customers to generate, beside the named ones.
    pub customers: u32,
    /// The only tenant.
    pub tenant_id: String,
    /// The only event stream.
    pub stream_id: String,
    /// Events with another `source` are accepted and routed to `_unknown`.
    pub source: String,
    /// What the stream does with events.
    pub stream_mode: StreamMode,
    /// The only profile collection.
    pub collection_id: String,
    /// Keys that may be looked up; with none, every lookup is 404.
    pub linking_keys: Vec<String>,
    /// Long-lived bearer tokens, each of an API key of its own.
    pub tokens: Vec<Token>,
    /// When an accepted event reaches its profile.
    pub timing: Timing,
    /// The accounts at the vendors that only take events.
    pub destinations: DestinationsConfig,
    /// The tenant at Algonomy.
    pub algonomy: AlgonomyConfig,
    /// How many requests and how many events are remembered; older ones are forgotten.
    pub request_log_len: usize,
    /// As `request_log_len`, for events; Amperity's and all other vendors' each.
    pub event_log_len: usize,
    /// The demo site.
    pub shop: ShopConfig,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            seed: 42,
            customers: 10_000,
            tenant_id: TENANT_ID.into(),
            stream_id: STREAM_ID.into(),
            source: SOURCE.into(),
            stream_mode: StreamMode::Active,
            collection_id: COLLECTION_ID.into(),
            linking_keys: ALL_LINKING_KEYS.map(Into::into).into(),
            tokens: vec![
                Token::new("ingest", Scope::Ingest, INGEST_TOKEN),
                Token::new("profile", Scope::ProfileRead, PROFILE_TOKEN),
                Token::new("control", Scope::Operator, CONTROL_TOKEN),
                Token::new("issuer", Scope::Issuer, ISSUER_TOKEN),
            ],
            timing: Timing::Auto(Duration::from_secs(1)),
            destinations: DestinationsConfig::default(),
            algonomy: AlgonomyConfig::default(),
            request_log_len: 1_000,
            event_log_len: 100_000,
            shop: ShopConfig::default(),
        }
    }
}

/// What a token may do. Use outside its scope is answered with 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `profile-events:write`.
    Ingest,
    /// `profile-collections:read` and `pii:read`.
    ProfileRead,
    /// Those of a DataGrid Operator.
    Operator,
    /// The key type API Token Issuer.
    Issuer,
}

impl Scope {
    /// The name in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::ProfileRead => "profile_read",
            Self::Operator => "datagrid_operator",
            Self::Issuer => "issuer",
        }
    }
}

/// A bearer token the vendor accepts.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Name of the token in logs, which never hold the value.
    pub label: String,
    /// What it may do.
    pub scope: Scope,
    /// The value after `Bearer `.
    pub value: String,
}

impl Token {
    /// A token from its parts.
    pub fn new(label: impl Into<String>, scope: Scope, value: impl Into<String>) -> Self {
        Self { label: label.into(), scope, value: value.into() }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("label", &self.label)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// The id of the API key whose long-lived token has that label. It is the key's client id as well.
pub fn key_id(label: &str) -> String {
    format!("ak-{label}")
}

/// The secret of that client.
pub fn client_secret(label: &str) -> String {
    format!("sandbox-client-secret-of-{label}-3d90b7a1")
}

/// Mode of an event stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamMode {
    /// Events are published: 202.
    Active,
    /// Events are accepted and discarded: 204.
    Drop,
    /// Events are refused: 409.
    Reject,
}

/// When accepted events reach their profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// This long after they were accepted, by the sandbox's clock.
    Auto(Duration),
    /// Only when [`Sandbox::apply_pending`](crate::Sandbox::apply_pending) is called.
    Manual,
}

/// Settings of the demo site.
#[derive(Clone)]
pub struct ShopConfig {
    /// Folder of the site's files; none serves no files.
    pub static_dir: Option<PathBuf>,
    /// The site's pipeline; `aud` of its identity tokens; `{{PIPELINE_KEY}}` in its pages.
    pub pipeline_key: String,
    /// Where the visitor is known; `{{ID_URL}}` in its pages.
    pub id_url: String,
    /// Where assets come from; `{{COLLECT_URL}}` in its pages.
    pub collect_url: String,
    /// Further `{{NAME}}` placeholders of its pages, such as `STUB` and `MODULE_URL`. Values go in
    /// verbatim.
    pub placeholders: BTreeMap<String, String>,
    /// Key of the identity tokens (HS256).
    pub identity_secret: String,
    /// Name of that key.
    pub identity_kid: String,
}

impl Default for ShopConfig {
    fn default() -> Self {
        Self {
            static_dir: None,
            pipeline_key: PIPELINE_KEY.into(),
            id_url: "http://localhost:8080".into(),
            collect_url: "http://localhost:8080".into(),
            placeholders: BTreeMap::new(),
            identity_secret: IDENTITY_SECRET.into(),
            identity_kid: IDENTITY_KID.into(),
        }
    }
}

impl fmt::Debug for ShopConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShopConfig")
            .field("static_dir", &self.static_dir)
            .field("pipeline_key", &self.pipeline_key)
            .field("id_url", &self.id_url)
            .field("collect_url", &self.collect_url)
            .field("identity_kid", &self.identity_kid)
            .finish_non_exhaustive()
    }
}
