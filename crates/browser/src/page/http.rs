//! The two requests of the SDK, and what their answers mean.
//!
//! Both are "simple" cross-origin requests with credentials, so the browser sends no preflight.
//! gloo-net builds them. The facade sends them and reports back by a call: gloo-net's own `send` panics
//! when `fetch` rejects with something that is not an `Error`, which scripts that wrap `fetch` do; and
//! without futures the wasm is a quarter smaller.

use gloo_net::http::Request;
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, RequestCredentials};

use crate::{
    effect::Failure,
    enrich::Answer,
    queue::{Receipt, is_final},
};

/// A status of our own: the request ran into its deadline.
const TIMED_OUT: i16 = -1;

/// A request: `POST` with a body (a string travels as `text/plain`), else `GET`.
pub(crate) fn request(
    url: &str,
    body: Option<&str>,
    signal: &AbortSignal,
) -> Option<web_sys::Request> {
    let builder = if body.is_some() { Request::post(url) } else { Request::get(url) };
    let builder = builder.credentials(RequestCredentials::Include).abort_signal(Some(signal));
    let request = match body {
        Some(body) => builder.body(body),
        None => builder.build(),
    };
    request.ok().map(Into::into)
}

/// What came back, if anything did.
pub(crate) struct Reply {
    /// 0 for no answer, [`TIMED_OUT`], or the HTTP status.
    pub(crate) status: i16,
    /// The body as JSON; `undefined` if it is none.
    pub(crate) body: JsValue,
    pub(crate) retry_after_ms: Option<u32>,
}

impl Reply {
    /// Read as the answer to an enrich request.
    pub(crate) fn answer(self) -> Answer<JsValue> {
        match self.status {
            200 => {
                let value = member(&self.body, "attributes");
                if !value.is_object() || Array::is_array(&value) {
                    return Answer::Failed;
                }
                let empty = Object::keys(value.unchecked_ref::<Object>()).length() == 0;
                Answer::Attributes { value, empty }
            }
            401 | 403 => Answer::Denied,
            TIMED_OUT => Answer::TimedOut,
            _ => Answer::Failed,
        }
    }

    /// Read as the answer to an event. A refusal has the server's error envelope.
    pub(crate) fn receipt(self) -> Receipt {
        if !is_final(self.status) {
            return Receipt::Unreachable { retry_after_ms: self.retry_after_ms };
        }
        if self.status < 300 {
            return Receipt::Accepted;
        }
        let error = member(&self.body, "error");
        let text = |name| member(&error, name).as_string();
        Receipt::Refused(Failure {
            code: text("code").unwrap_or_else(|| "EVENT_REFUSED".to_owned()),
            message: text("message").unwrap_or_default(),
        })
    }
}

/// A member of something that may not be an object at all.
pub(crate) fn member(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or_default()
}
