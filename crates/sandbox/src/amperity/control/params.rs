//! Parameters of the control API, each held to what is documented of it.

use std::collections::BTreeMap;

use axum::extract::Query;
use axum::http::{HeaderMap, Uri};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::ApiError;

/// The dated version.
const DATED: &str = "2024-04-01";

/// The version of what is in no dated one.
pub(super) const UNSTABLE: &str = "unstable";

/// Items of a page, unless the request says otherwise, and at most.
const PAGE: usize = 10;
const LONGEST_PAGE: usize = 100;

/// Longest window of ingest jobs.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

const TOKEN: &str = "page-from-";

/// The token of the page that begins there.
pub(super) fn token(offset: usize) -> String {
    format!("{TOKEN}{offset}")
}

/// The version of a request, by the header or the query.
pub(super) fn version<'a>(headers: &'a HeaderMap, uri: &Uri) -> Result<&'a str, ApiError> {
    let sent = headers.get("api-version").and_then(|value| value.to_str().ok());
    let in_query = pairs(uri)?.into_iter().find(|(name, _)| name == "api_version");
    match (sent, in_query) {
        (Some(version @ (DATED | UNSTABLE)), None) => Ok(version),
        (None, Some((_, version))) if version == DATED => Ok(DATED),
        (None, Some((_, version))) if version == UNSTABLE => Ok(UNSTABLE),
        (None, None) => Err(ApiError::bad_request("the api-version header is missing")),
        _ => Err(ApiError::bad_request("the api-version is not supported")),
    }
}

/// The parameters of one request.
pub(super) struct Params(BTreeMap<String, String>);

/// Whether something that happened then is meant.
pub(super) type Within = Box<dyn Fn(&Value) -> bool + Send>;

impl Params {
    /// Only these are known, each once.
    pub(super) fn read(uri: &Uri, names: &[&str]) -> Result<Self, ApiError> {
        let mut known = BTreeMap::new();
        for (name, value) in pairs(uri)? {
            if name == "api_version" {
                continue;
            }
            if !names.contains(&&*name) {
                return Err(ApiError::bad_request(format!("unknown parameter `{name}`")));
            }
            if known.insert(name.clone(), value).is_some() {
                return Err(ApiError::bad_request(format!("`{name}` is there twice")));
            }
        }
        Ok(Self(known))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn limit(&self) -> Result<usize, ApiError> {
        let Some(text) = self.get("limit") else { return Ok(PAGE) };
        let limit = text.parse().ok().filter(|limit| (1..=LONGEST_PAGE).contains(limit));
        limit.ok_or_else(|| ApiError::bad_request(format!("limit is 1 to {LONGEST_PAGE}")))
    }

    pub(super) fn with_total(&self) -> Result<bool, ApiError> {
        match self.get("with_total") {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(ApiError::bad_request("with_total is true or false")),
        }
    }

    /// Where the page begins. A token is never null or empty.
    pub(super) fn offset(&self, len: usize) -> Result<usize, ApiError> {
        let Some(token) = self.get("next_token") else { return Ok(0) };
        let offset = token.strip_prefix(TOKEN).and_then(|text| text.parse().ok());
        let offset = offset.filter(|offset: &usize| *offset < len);
        offset.ok_or_else(|| ApiError::bad_request("next_token is none that was given out"))
    }

    /// From one parameter on, before the other; either may be absent.
    pub(super) fn window(&self, from: &str, to: &str) -> Result<Within, ApiError> {
        let (from, to) = (self.time(from)?, self.time(to)?);
        if from.is_none() && to.is_none() {
            return Ok(Box::new(|_| true));
        }
        let (from, to) = (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX));
        if to <= from {
            return Err(ApiError::bad_request("the window ends before it begins"));
        }
        Ok(Box::new(move |at| {
            let at = at.as_str().and_then(|at| at.parse::<Timestamp>().ok());
            at.is_some_and(|at| from <= at && at < to)
        }))
    }

    /// As [`Self::window`], where both are required and a week is the most.
    pub(super) fn week(&self, from: &str, to: &str) -> Result<Within, ApiError> {
        let (Some(start), Some(end)) = (self.time(from)?, self.time(to)?) else {
            return Err(ApiError::bad_request(format!("{from} and {to} are required")));
        };
        if WEEK < end.duration_since(start) {
            return Err(ApiError::bad_request("the window is longer than 7 days"));
        }
        self.window(from, to)
    }

    fn time(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let time = text.parse().map_err(|_| {
            ApiError::bad_request(format!("{name} is no time, for example 2026-05-01T00:00:00Z"))
        })?;
        Ok(Some(time))
    }
}

fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, ApiError> {
    let query = Query::try_from_uri(uri);
    let Query(pairs) =
        query.map_err(|error| ApiError::bad_request(format!("malformed query: {error}")))?;
    Ok(pairs)
}
