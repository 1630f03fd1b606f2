//! The sandbox's page, at `/` of the vendors' listener: what a developer needs to see of the vendors, and switches
//! for their bad days.
//!
//! | route | what |
//! |---|---|
//! | `GET /` | the page: HTML, one script, one style sheet, nothing from elsewhere |
//! | `GET /_control/overview` | `{"tenants":[…],"tokens":[…]}`: accounts, and credentials with their values |
//! | `GET /_control/customers?q=` | `{"customers":[…],"total":n}`: the first that match, with their identifiers now |
//!
//! The rest of what it shows and does is the control routes'. Credentials are shown with their values: they are made
//! up, open nothing but this process, and are what a developer has to write into a configuration. Data gets into the
//! document as text only, so that a customer named `</script>` is a name.

mod guard;
mod overview;

use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// Most customers that are shown at once.
const MAX_CUSTOMERS: usize = 50;

/// Everything comes from this listener, and nothing is inline but an icon that is none.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/_control/page.js", get(script))
        .route("/_control/page.css", get(style))
        .route("/_control/overview", get(overview::shown))
        .route("/_control/customers", get(customers))
        .with_state(sandbox.clone())
}

/// Lets only this machine's own pages and programs ask.
pub(crate) fn guarded(router: Router) -> Router {
    router.layer(from_fn(guard::guard))
}

async fn index() -> Response {
    file("text/html; charset=utf-8", include_str!("page/index.html"))
}

async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("page/page.js"))
}

async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("page/page.css"))
}

fn file(content_type: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, content).into_response()
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

async fn customers(
    State(sandbox): State<Sandbox>,
    Query(Search { q }): Query<Search>,
) -> Json<Value> {
    let found = sandbox.search(&q, MAX_CUSTOMERS);
    Json(json!({ "customers": found, "total": sandbox.customer_count() }))
}

#[cfg(test)]
mod tests;
