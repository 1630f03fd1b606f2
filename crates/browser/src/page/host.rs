//! What the facade lends to the engine.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What a session is told at its start.
    pub type Start;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn providers(this: &Start) -> u32;
    #[wasm_bindgen(method, getter, js_name = timeoutMs)]
    pub(crate) fn timeout_ms(this: &Start) -> u32;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn credentialed(this: &Start) -> bool;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn early(this: &Start) -> u32;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn context(this: &Start) -> bool;

    /// The facade's callbacks. None of them runs the page's own code before it returns.
    pub type Host;

    /// Asks one provider, by its position.
    #[wasm_bindgen(method)]
    pub(crate) fn enrich(this: &Host, id: u32, provider: u32, refresh: bool, deadline_ms: u32);

    /// Calls [`super::engine::Engine::turn`] later, for one tab at a time if it is `shared`: that one has the turn
    /// until its answer is there.
    #[wasm_bindgen(method)]
    pub(crate) fn turn(this: &Host, id: u32, shared: bool);

    /// One event of the request or beacon that comes next; it is only asked about where it was `left`.
    #[wasm_bindgen(method)]
    pub(crate) fn load(this: &Host, body: JsValue, left: bool);

    /// Sends what was loaded; `kind`, that of the first one, as for [`super::engine::Engine::event`].
    #[wasm_bindgen(method)]
    pub(crate) fn post(this: &Host, id: u32, kind: u8, enrich: bool, deadline_ms: u32);

    /// An event needs no keeping any more.
    #[wasm_bindgen(method)]
    pub(crate) fn gone(this: &Host, body: &JsValue);

    /// Gives a request up.
    #[wasm_bindgen(method)]
    pub(crate) fn abort(this: &Host, id: u32);

    /// Gives a post up that still waits for a token.
    #[wasm_bindgen(method)]
    pub(crate) fn withdraw(this: &Host, id: u32);

    /// Gives a request up after a time.
    #[wasm_bindgen(method)]
    pub(crate) fn hasten(this: &Host, id: u32, after_ms: u32);

    /// Calls [`super::engine::Engine::woken`] after a time.
    #[wasm_bindgen(method)]
    pub(crate) fn wake(this: &Host, id: u32, after_ms: u32);

    /// The attributes of one provider, for the profile that is put in place next.
    #[wasm_bindgen(method)]
    pub(crate) fn put(this: &Host, provider: u32, attributes: &JsValue);

    /// A new profile, in one step.
    #[wasm_bindgen(method)]
    pub(crate) fn swap(this: &Host, epoch: u32);

    /// Tells a waiter the position of the reason, and the epoch.
    #[wasm_bindgen(method)]
    pub(crate) fn settle(this: &Host, waiter: &JsValue, reason: u8, epoch: u32);

    /// Tells the other tabs. Where storage is denied or full, this tab goes on alone.
    #[wasm_bindgen(method)]
    pub(crate) fn remember(
        this: &Host,
        epoch: u32,
        left: u32,
        heard: u32,
        denied: u32,
        obeyed: u32,
    );

    /// The epoch, which may have changed.
    #[wasm_bindgen(method)]
    pub(crate) fn epoch(this: &Host, epoch: u32);

    /// A failure the page should hear of; the provider is a position, or -1 for none.
    #[wasm_bindgen(method)]
    pub(crate) fn report(this: &Host, code: &str, message: &str, provider: i32);

    /// A refusal the page should hear of.
    #[wasm_bindgen(method)]
    pub(crate) fn refused(this: &Host, words: &JsValue);

    /// Whether the browser took what was loaded to send by itself.
    #[wasm_bindgen(method)]
    pub(crate) fn beacon(this: &Host, kind: u8) -> bool;
}
