//! The wire of `/v1`: what the SDK and the server say to each other.
//!
//! Shared by both sides so that a renamed field or path cannot agree with itself on one of them only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attributes::Attributes;

/// The public routes, relative to the server's base URL.
pub mod path {
    /// `GET`: the visitor's allow-listed attributes of one provider.
    pub const ENRICH: &str = "/v1/enrich";
    /// `GET`: the boot script with the pipeline's configuration.
    pub const LOADER: &str = "/v1/loader.js";
    /// `GET`: prefix of the immutable files of the bundle.
    pub const ASSETS: &str = "/v1/assets/";
    /// `POST`: log out; a new visitor, the old one tombstoned.
    pub const RESET: &str = "/v1/reset";
    /// `POST`: what the visitor consents to, a [`crate::consent::Consent`].
    pub const CONSENT: &str = "/v1/consent";
    /// `POST`: delete what is stored of this browser.
    pub const FORGET: &str = "/v1/forget";
    /// `POST`, signed, from a site's server: the profiles of one visitor, for rendering into HTML.
    pub const BOOTSTRAP: &str = "/v1/bootstrap";
    /// `POST`: one identify event.
    pub const IDENTIFY: &str = "/v1/i";
    /// `POST`: one page event.
    pub const PAGE: &str = "/v1/p";
    /// `POST`: one track event.
    pub const TRACK: &str = "/v1/t";
    /// `POST`: one group event.
    pub const GROUP: &str = "/v1/g";
    /// `POST`: several events, [`super::Batch`].
    pub const BATCH: &str = "/v1/batch";
    /// `POST`, signed, from a site's server: one event or several.
    pub const EVENTS: &str = "/v1/events";
    /// `GET`: prefix of the image that is an event, by its kind.
    pub const PIXEL: &str = "/v1/pixel/";
}

/// The handle of a visitor of whom nothing is kept, because that was not allowed. An event that carries it
/// stays nobody's, also once somebody is there.
pub const NOBODY: &str = "-";

/// Answer of [`path::ENRICH`]. An unresolved visitor has empty `attributes` and status 200.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnrichResponse {
    /// Name of the provider that was asked, for example `amperity`.
    pub provider: String,
    /// Only names on the pipeline's allowlist.
    pub attributes: Attributes,
    /// Names the visitor in events that are sent later; see [`Accepted::handle`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
}

/// The attributes of several providers, by the provider's name.
pub type Profiles = BTreeMap<String, Attributes>;

/// Answer of an accepted event, of a reset and of a consent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// Always `true`; a refusal is an [`ErrorResponse`].
    pub success: bool,
    /// An opaque name of the visitor as of now. An event that is sent later, perhaps after a log-out, carries
    /// it as `handle` and is attributed by it. It opens nothing: no profile is looked up by a handle. It is
    /// [`NOBODY`] where nothing may be kept of the visitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// With `?enrich=<provider>,…` on an event: the profiles as this very event left them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiles: Option<Profiles>,
}

/// Answer of a batch: 200 also where some of its events are refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchAccepted {
    /// Always `true`; a batch that is refused whole is an [`ErrorResponse`].
    pub success: bool,
    /// How many of its events are accepted.
    pub accepted: usize,
    /// Those that are not, in their order. They may be sent again once they are mended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<EventFailure>,
    /// Of the ids in the batch's `left`, those that have not arrived, in their order. Where there is one, nothing of
    /// the batch was taken: it is to be sent again behind what is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// See [`Accepted::handle`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
}

/// An event of a batch that is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventFailure {
    /// Its position in the batch, from 0.
    pub index: usize,
    /// Its id, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Why.
    pub error: ErrorBody,
}

/// Every refusal: `{"error":{"code":"SCREAMING_CASE","message":"…"}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorResponse {
    /// The one member.
    pub error: ErrorBody,
}

/// The inside of an [`ErrorResponse`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// Stable, for programs.
    pub code: String,
    /// For people: what happened, which field, what to do.
    pub message: String,
}

/// The configuration the server writes into the loader, as a JSON literal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoaderConfig {
    /// The pipeline's public key.
    pub pipeline_key: String,
    /// Base URL that holds the cookie: enrich, events and reset go there. No trailing slash.
    pub endpoint: String,
    /// Base URL of the bundle's files, with the trailing slash.
    pub assets: String,
    /// File name under `assets` of the module that the loader hands the page to.
    pub engine: String,
    /// File name of the wasm under `assets`.
    pub wasm: String,
    /// Providers to hydrate, in the pipeline's order.
    pub providers: Vec<String>,
    /// Milliseconds after which `onProfileReady` settles whatever happens.
    pub timeout_ms: u32,
    /// Whether this very answer read or set the visitor's cookie: if so, a first visit has its id
    /// already and the SDK need not wait for one.
    pub credentialed: bool,
    /// The profiles that were at hand, by provider, where this answer may hold a visitor's data. A provider
    /// that is missing here is asked for by `GET /v1/enrich`, as all are where this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiles: Option<Profiles>,
    /// See [`Accepted::handle`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// Whether profiles depend on what the page is about, so that a page event should ask for them:
    /// `POST /v1/p?enrich=<provider>,…`.
    #[serde(default)]
    pub context: bool,
    /// The consent categories without which no profile is given, where the owner asks for some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consent: Vec<String>,
    /// What the SDK does by itself on the pipeline's pages.
    #[serde(default)]
    pub browser: BrowserConfig,
    /// File names under `assets` of the parts that are loaded when they are needed, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub chunks: BTreeMap<String, String>,
}

/// What the SDK does by itself on a pipeline's pages. A page that uses `init` says the same there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BrowserConfig {
    /// When the browser may store something for the SDK: `necessary` (always), `never`, or the consent
    /// category that allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
    /// The consent category without which no event is sent, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collect: Option<String>,
    /// The consent platforms that are followed, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Which category a platform's own code stands for, where the usual meaning is not the owner's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mapping: BTreeMap<String, String>,
    /// Whether a page view is said by itself, on load and when the address changes.
    #[serde(default)]
    pub page: bool,
    /// Whether profiles are kept for the next page of the tab.
    #[serde(default)]
    pub session: bool,
    /// Whether attributes on elements are followed from the start, not only where the page has some then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub declare: bool,
    /// The parts of the automatic context that events go without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<String>,
}

impl Default for BrowserConfig {
    fn default() -> Self {
        Self {
            storage: None,
            collect: None,
            sources: Vec::new(),
            mapping: BTreeMap::new(),
            page: true,
            session: true,
            declare: false,
            omit: Vec::new(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_false(flag: &bool) -> bool {
    !flag
}
