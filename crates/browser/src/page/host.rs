//! What the facade lends to the engine.

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The facade's callbacks. None of them runs the page's own code before it returns.
    pub type Host;

    /// A new profile, in one step.
    #[wasm_bindgen(method)]
    pub(crate) fn swap(this: &Host, profile: &JsValue, epoch: u32);

    /// What the tabs have stored; nothing where storage is denied.
    #[wasm_bindgen(method)]
    pub(crate) fn recall(this: &Host) -> String;

    /// Tells the other tabs. Where storage is denied or full, this tab goes on alone.
    #[wasm_bindgen(method)]
    pub(crate) fn remember(this: &Host, text: &str);

    /// Whether the browser took this to send by itself.
    #[wasm_bindgen(method)]
    pub(crate) fn beacon(this: &Host, url: &str, body: &str) -> bool;

    /// The epoch, which may have changed.
    #[wasm_bindgen(method)]
    pub(crate) fn epoch(this: &Host, epoch: u32);

    /// A failure the page should hear of: `{code, message}`.
    #[wasm_bindgen(method)]
    pub(crate) fn report(this: &Host, failure: &JsValue);

    /// Sends a request and calls [`super::engine::Engine::answered`]. Without one: as if unreachable.
    #[wasm_bindgen(method)]
    pub(crate) fn send(this: &Host, id: u32, request: Option<&web_sys::Request>);

    /// Calls [`super::engine::Engine::due`] after a time.
    #[wasm_bindgen(method)]
    pub(crate) fn later(this: &Host, id: u32, after_ms: u32);
}

/// A value of ours as the page sees it: plain objects, never a `Map`.
pub(crate) fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&Serializer::json_compatible()).unwrap_or_default()
}
