//! The configuration, as the facade hands it over: a `v1::LoaderConfig` in JavaScript.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::http::member;

/// What the engine needs of it. The rest is the facade's.
pub(crate) struct Config {
    pub(crate) pipeline_key: String,
    /// Without a trailing slash.
    pub(crate) endpoint: String,
    pub(crate) providers: Vec<String>,
    pub(crate) timeout_ms: u32,
    pub(crate) credentialed: bool,
    /// What the tabs had stored when the early requests left. Put in by the facade.
    pub(crate) shared: String,
}

impl Config {
    /// Reads it member by member: `serde_wasm_bindgen::from_value` does the same for 17 KB (brotli) more,
    /// most of it for error messages that nobody would see. The facade has checked the types.
    pub(crate) fn read(config: &JsValue) -> Self {
        let text = |name| member(config, name).as_string().unwrap_or_default();
        let providers: Array = member(config, "providers").unchecked_into();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds")]
        let timeout_ms = member(config, "timeoutMs").as_f64().unwrap_or_default() as u32;
        Self {
            pipeline_key: text("pipelineKey"),
            endpoint: text("endpoint"),
            providers: providers.iter().filter_map(|name| name.as_string()).collect(),
            timeout_ms,
            credentialed: member(config, "credentialed").is_truthy(),
            shared: text("shared"),
        }
    }
}
