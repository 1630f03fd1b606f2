//! Amperity's Profile API, mounted under `/amperity_index`: v0 below `attribute/v0/indexes`, v2 below `api/indexes`.
//!
//! | route | answer |
//! |---|---|
//! | `GET attribute/v0/indexes` | `{"indexes":[{"id","name","field","build":{…}}]}` |
//! | `GET attribute/v0/indexes/{id}?{key}={value}[&all_matches=true]` | `{"attributes":{"value":{…},"key"},"metadata":{…}}` |
//! | `POST attribute/v0/indexes/{id}` | the same, with `{"{key}":"{value}"}` as its body |
//! | `GET api/indexes` | `{"data":[{"id","name"}],"next_token":""}` |
//! | `GET api/indexes/{id}` | `{"id","name"}` |
//! | `GET api/indexes/{id}/profiles?filter[attr]=v&limit&with_total` | `{"data":[{"id","index_id","attributes"}],…}` |
//! | `GET api/indexes/{id}/profiles/{id}` | `{"id","index_id","attributes"}` |
//!
//! 401: no token, an unknown one, no or another tenant (`X-Amperity-Tenant` for v0, `Amperity-Tenant` for v2). 403: a
//! token of another API. 404 of v0: "No value found for key", "No build found for index-id", and whatever ends in a
//! slash. 400 of v2: no `api-version: 2025-07-31`, a parameter that is not documented, a filter by what the index does
//! not have. Where a page is silent this is the stricter reading: one key, one filter, exact values.
//!
//! An index shows what it was generated with. The control routes are the owner's work in Amperity's own pages:
//!
//! | route | what |
//! |---|---|
//! | `GET /_control/indexes` | `{"indexes":[…]}` |
//! | `POST /_control/indexes` | `{"id","name","keys":[…],"attributes":null or […]}`: make or edit one |
//! | `POST /_control/indexes/{id}/generate` | build it, or build it again |
//! | `DELETE /_control/indexes/{id}` | delete it |

mod error;
mod indexes;
#[cfg(test)]
mod tests;
mod v0;
mod v2;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, delete, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use self::error::ApiError;
pub use self::indexes::IndexDefinition;
pub(crate) use self::indexes::Indexes;
use crate::config::INDEX_TOKENS;
use crate::intercept::{Manners, layered};
use crate::journal::{Route, TokenSeen};
use crate::refusal::{Refusal, parse};
use crate::sandbox::Sandbox;

const NAME: &str = "amperity_index";

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let manners = Manners {
        seen,
        fault: |status| ApiError::new(status, "injected fault").into_response(),
        finish: |response, _| response,
    };
    let as_route =
        |route: Route, methods: MethodRouter<Sandbox>| layered(sandbox, route, manners, methods);
    let value = as_route(Route::IndexValueGet, get(v0::by_query))
        .merge(as_route(Route::IndexValuePost, post(v0::by_body)));
    Router::new()
        .route("/amperity_index/attribute/v0/indexes", as_route(Route::IndexList, get(v0::list)))
        .route("/amperity_index/attribute/v0/indexes/{index}", value)
        .route("/amperity_index/api/indexes", as_route(Route::IndexList, get(v2::list)))
        .route("/amperity_index/api/indexes/{index}", as_route(Route::IndexList, get(v2::show)))
        .route(
            "/amperity_index/api/indexes/{index}/profiles",
            as_route(Route::IndexProfiles, get(v2::filter)),
        )
        .route(
            "/amperity_index/api/indexes/{index}/profiles/{id}",
            as_route(Route::IndexProfile, get(v2::read)),
        )
        .route("/_control/indexes", get(all).post(define))
        .route("/_control/indexes/{index}/generate", post(generate))
        .route("/_control/indexes/{index}", delete(remove))
        .with_state(sandbox.clone())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn seen(_: &Sandbox, parts: &Parts) -> Option<TokenSeen> {
    let token = bearer(&parts.headers)?;
    let known = INDEX_TOKENS.iter().position(|known| *known == token);
    Some(known.map_or_else(TokenSeen::unknown, |n| TokenSeen::of_provider(&format!("{NAME}-{n}"))))
}

/// Lets a request through that carries a token for this API and names the tenant in that header.
fn authorize(sandbox: &Sandbox, headers: &HeaderMap, tenant: &str) -> Result<(), ApiError> {
    let unauthorized = |message| ApiError::new(StatusCode::UNAUTHORIZED, message);
    let token = bearer(headers).ok_or_else(|| unauthorized("missing bearer token"))?;
    let is_ours = sandbox.with_indexes(|indexes| indexes.takes(token));
    if !is_ours && sandbox.token(token).is_none() {
        return Err(unauthorized("invalid token"));
    }
    let tenant = headers.get(tenant).map(HeaderValue::as_bytes);
    if tenant != Some(sandbox.config().tenant_id.as_bytes()) {
        return Err(unauthorized("invalid tenant"));
    }
    if is_ours { Ok(()) } else { Err(ApiError::new(StatusCode::FORBIDDEN, "key lacks access")) }
}

async fn all(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({"indexes": sandbox.with_indexes(|indexes| indexes.definitions())}))
}

async fn define(State(sandbox): State<Sandbox>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let definition: IndexDefinition = parse(&body)?;
    sandbox.define_index(definition);
    Ok(Json(json!({"ok": true})))
}

fn done(was_there: bool) -> Result<Json<Value>, Refusal> {
    let unknown = || Refusal::new(StatusCode::NOT_FOUND, "UNKNOWN_INDEX", "there is no such index");
    was_there.then(|| Json(json!({"ok": true}))).ok_or_else(unknown)
}

async fn generate(
    State(sandbox): State<Sandbox>,
    Path(index): Path<String>,
) -> Result<Json<Value>, Refusal> {
    done(sandbox.generate_index(&index))
}

async fn remove(
    State(sandbox): State<Sandbox>,
    Path(index): Path<String>,
) -> Result<Json<Value>, Refusal> {
    done(sandbox.delete_index(&index))
}

impl Sandbox {
    /// Makes an index of Amperity's Profile API, or edits one; what it shows changes when it is generated.
    pub fn define_index(&self, definition: IndexDefinition) {
        self.with_indexes(|indexes| indexes.define(definition));
    }

    /// Builds an index from its definition as it is now; answers whether there is such an index.
    pub fn generate_index(&self, id: &str) -> bool {
        let now = self.now();
        self.with_indexes(|indexes| indexes.generate(id, now))
    }

    /// Deletes an index; answers whether there was one.
    pub fn delete_index(&self, id: &str) -> bool {
        self.with_indexes(|indexes| indexes.delete(id))
    }

    /// Stops taking a token of [`INDEX_TOKENS`], as its revocation does.
    pub fn revoke_index_token(&self, token: &str) {
        self.with_indexes(|indexes| indexes.revoke(token));
    }
}
