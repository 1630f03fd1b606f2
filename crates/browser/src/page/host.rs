//! What the facade lends to the engine, and the page's storage.

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;
use web_sys::Storage;

use crate::epoch::Shared;

#[wasm_bindgen]
extern "C" {
    /// The facade's callbacks. None of them runs the page's own code before it returns.
    pub type Host;

    /// A new profile, in one step.
    #[wasm_bindgen(method)]
    pub(crate) fn swap(this: &Host, profile: &JsValue, epoch: u32);

    /// The epoch changed.
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

/// `localStorage`, unless this page may not use it.
fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// What the tabs share now; nothing where storage is denied.
pub(crate) fn recall(name: &str) -> Shared {
    let text = storage().and_then(|storage| storage.get_item(name).ok()?);
    text.map_or_else(Shared::default, |text| Shared::parse(&text))
}

/// Tells the other tabs. Where storage is denied or full, this tab goes on alone.
pub(crate) fn remember(name: &str, shared: Shared) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(name, &shared.to_text());
    }
}
