//! `GET v1/contacts`: the customers as records.

use std::cmp::Ordering;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{over_limit, refused};
use crate::config::ALL_LINKING_KEYS;
use crate::identifiers::Identifier;
use crate::journal::Route;
use crate::profiles::Profile;
use crate::sandbox::Sandbox;

/// What the listing needs.
const SCOPE: &str = "contacts.read";

/// The member that identifies a record.
const ID: &str = "id";

pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

pub(super) async fn list(State(sandbox): State<Sandbox>, headers: HeaderMap, uri: Uri) -> Response {
    if let Some(limited) = over_limit(&sandbox, Route::AnsiraRecords) {
        return limited;
    }
    let Some(token) = bearer(&headers) else {
        return refused(StatusCode::UNAUTHORIZED, "the access token is missing");
    };
    let now = sandbox.now();
    if !sandbox.with_ansira(|account| account.admits(token, SCOPE, now)) {
        return refused(StatusCode::FORBIDDEN, "the access token has expired or lacks a scope");
    }
    let Some(asked) = Asked::read(&uri) else {
        return refused(StatusCode::BAD_REQUEST, "a parameter cannot be read");
    };
    let mut found = find(&sandbox, &asked.conditions);
    found.sort_by(|a, b| asked.order(a, b));
    let total = found.len();
    let page: Vec<_> =
        found.into_iter().skip((asked.page - 1) * asked.page_size).take(asked.page_size).collect();
    let (number, size) = (asked.page, asked.page_size);
    Json(json!({"data": page, "page": number, "page_size": size, "total": total})).into_response()
}

struct Asked {
    conditions: Vec<(String, String)>,
    order_by: String,
    descending: bool,
    page: usize,
    page_size: usize,
}

impl Asked {
    fn read(uri: &Uri) -> Option<Self> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
        let mut asked = Self {
            conditions: Vec::new(),
            order_by: ID.to_owned(),
            descending: false,
            page: 1,
            page_size: 25,
        };
        for (name, value) in pairs {
            match &*name {
                "filter" => asked.conditions = conditions(&value)?,
                "order_by" => {
                    let (field, way) = value.split_once(' ').unwrap_or((&value, "asc"));
                    asked.descending = match way {
                        "asc" => false,
                        "desc" => true,
                        _ => return None,
                    };
                    asked.order_by = field.to_owned();
                }
                "page" => asked.page = value.parse().ok().filter(|page| *page >= 1)?,
                "page_size" => {
                    asked.page_size = value.parse().ok().filter(|size| (1..=100).contains(size))?;
                }
                _ => return None,
            }
        }
        Some(asked)
    }

    fn order(&self, a: &Value, b: &Value) -> Ordering {
        let text = |record: &Value| record.get(&self.order_by).map(Value::to_string);
        let order = text(a).cmp(&text(b)).then_with(|| a[ID].as_str().cmp(&b[ID].as_str()));
        if self.descending { order.reverse() } else { order }
    }
}

/// `field eq 'text' and field eq 'text'`.
fn conditions(mut text: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    loop {
        let (field, rest) = text.split_once(" eq '")?;
        let (value, rest) = quoted(rest)?;
        found.push((field.trim().to_owned(), value));
        if rest.trim().is_empty() {
            return Some(found);
        }
        text = rest.strip_prefix(" and ")?;
    }
}

/// A text up to its closing quote, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('\'')?;
        value.push_str(before);
        match after.strip_prefix('\'') {
            Some(after) => {
                value.push('\'');
                rest = after;
            }
            None => return Some((value, after)),
        }
    }
}

/// The records that fit all conditions.
fn find(sandbox: &Sandbox, conditions: &[(String, String)]) -> Vec<Value> {
    let is_key = |field: &str| field == ID || ALL_LINKING_KEYS.contains(&field);
    // By a key there is one at most, and the others need not be made.
    let by_key = conditions.iter().find(|(field, _)| is_key(field));
    let records: Vec<Value> = match by_key {
        Some((field, value)) if field == ID => {
            sandbox.read_profile(value, false).map(record).into_iter().collect()
        }
        Some((field, value)) => {
            let id = Identifier { key: field.clone(), value: value.clone() };
            sandbox.look_up(&id, false).map(record).into_iter().collect()
        }
        None => {
            let all = sandbox.customer_ids().into_iter();
            all.filter_map(|id| sandbox.read_profile(&id, false)).map(record).collect()
        }
    };
    let fits = |record: &Value| {
        let mut others = conditions.iter().filter(|(field, _)| !is_key(field));
        others.all(|(field, value)| record.get(field).and_then(Value::as_str) == Some(value))
    };
    records.into_iter().filter(fits).collect()
}

fn record(profile: Profile) -> Value {
    let mut record = profile.attributes;
    record.insert(ID.to_owned(), profile.id.into());
    Value::Object(record)
}
