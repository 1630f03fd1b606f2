//! Ansira's API, mounted under `/ansira`: `POST oauth/v2/oauth-token` issues tokens, `GET v1/contacts` lists records.
//!
//! Tokens, by the seed: the assertion flow alone, scopes separated by spaces in the request and by commas in the
//! answer, a life from issue. A new assertion, and a change of the client's scopes, end every token; a new assertion
//! ends the old one, too. Refusals are RFC 6749's: 401 `invalid_client`, 400 `invalid_grant`, `invalid_scope`,
//! `unsupported_grant_type`, `invalid_request`.
//!
//! | listing | when |
//! |---|---|
//! | 200 `{"data":[…],"page","page_size","total"}` | what `filter`, `order_by`, `page` and `page_size` ask for |
//! | 400 | a parameter that is not one of these, or cannot be read |
//! | 401 | no token |
//! | 403 | a token that has expired, was ended or lacks `contacts.read` |
//! | 429 | more requests in a second than the limit, at either endpoint; refused ones count, too |
//!
//! A condition is `field eq 'text'`, joined by ` and `, with quotes doubled inside; a field is one that a customer is
//! found by, `id`, or an attribute. An order is a field, and `asc` or `desc`. Ansira's own languages are not public.
//! All callers are one address here.
//!
//! | control | what |
//! |---|---|
//! | `GET /_control/ansira` | `{"assertion","scopes","ttl_seconds","requests_per_second"}` |
//! | `POST /_control/ansira` | change some of `scopes`, `ttl_seconds`, `requests_per_second`, `assertion_expires_at` |
//! | `POST /_control/ansira/assertion` | generate a new one: `{"assertion"}` |

mod account;
mod records;
#[cfg(test)]
mod tests;
mod tokens;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use self::account::Account;
pub use self::account::{AnsiraClient, AnsiraCounts};
use crate::intercept::{Manners, layered};
use crate::journal::{Route, TokenSeen};
use crate::refusal::{Refusal, parse};
use crate::sandbox::Sandbox;

const NAME: &str = "ansira";

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let manners = Manners {
        seen: |sandbox, parts| {
            let token = records::bearer(&parts.headers)?;
            let known = sandbox.with_ansira(|account| account.knows(token));
            Some(if known { TokenSeen::of_provider(NAME) } else { TokenSeen::unknown() })
        },
        fault: |status| refused(status, "injected fault"),
        finish: |response, _| response,
    };
    let token = layered(sandbox, Route::AnsiraToken, manners, post(tokens::issue));
    let contacts = layered(sandbox, Route::AnsiraRecords, manners, get(records::list));
    Router::new()
        .route("/ansira/oauth/v2/oauth-token", token)
        .route("/ansira/v1/contacts", contacts)
        .route("/_control/ansira", get(show).post(change))
        .route("/_control/ansira/assertion", post(generate))
        .with_state(sandbox.clone())
}

fn refused(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"status": status.as_u16(), "message": message}))).into_response()
}

/// The answer to a request over the limit, if it is.
fn over_limit(sandbox: &Sandbox, route: Route) -> Option<Response> {
    let now = sandbox.now();
    let within = sandbox.with_ansira(|account| account.count(route, now));
    let limited = || {
        let mut response = refused(StatusCode::TOO_MANY_REQUESTS, "rate limit of the address");
        response.headers_mut().insert(RETRY_AFTER, 1.into());
        response
    };
    (!within).then(limited)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    scopes: Option<Vec<String>>,
    ttl_seconds: Option<u32>,
    requests_per_second: Option<usize>,
    assertion_expires_at: Option<Timestamp>,
}

async fn show(State(sandbox): State<Sandbox>) -> Json<Value> {
    let client = sandbox.with_ansira(|account| account.client().clone());
    Json(json!({
        "assertion": sandbox.ansira_assertion(),
        "scopes": client.scopes,
        "ttl_seconds": client.ttl_seconds,
        "requests_per_second": client.requests_per_second,
    }))
}

async fn change(State(sandbox): State<Sandbox>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let Change { scopes, ttl_seconds, requests_per_second, assertion_expires_at } = parse(&body)?;
    sandbox.update_ansira(|client| {
        client.scopes = scopes.unwrap_or_else(|| client.scopes.clone());
        client.ttl_seconds = ttl_seconds.unwrap_or(client.ttl_seconds);
        client.requests_per_second = requests_per_second.unwrap_or(client.requests_per_second);
        client.assertion_expires_at = assertion_expires_at.unwrap_or(client.assertion_expires_at);
    });
    Ok(Json(json!({"ok": true})))
}

async fn generate(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({"assertion": sandbox.new_ansira_assertion()}))
}

impl Sandbox {
    /// The assertion that Ansira's portal gave out last.
    pub fn ansira_assertion(&self) -> String {
        self.with_ansira(|account| account.assertion())
    }

    /// Generates another assertion, which ends the last one and every token.
    pub fn new_ansira_assertion(&self) -> String {
        self.with_ansira(Account::renew_assertion)
    }

    /// How the API client is set up at Ansira.
    pub fn ansira_client(&self) -> AnsiraClient {
        self.with_ansira(|account| account.client().clone())
    }

    /// Changes the API client at Ansira; other scopes end every token.
    pub fn update_ansira(&self, change: impl FnOnce(&mut AnsiraClient)) {
        self.with_ansira(|account| account.update(change));
    }

    /// What Ansira has issued and refused since the start or the last reset.
    pub fn ansira_counts(&self) -> AnsiraCounts {
        self.with_ansira(|account| account.counts())
    }
}
