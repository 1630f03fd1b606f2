//! The control API, under `/amperity/api`: lists in pages, single items, and stopping a run.
//!
//! | route | parameters |
//! |---|---|
//! | `GET /audit-events` | `happened_from`, `happened_to` |
//! | `GET /campaigns`, `GET /campaign-drafts` | `destination_data_template_id` |
//! | `GET /segments` | |
//! | `GET /ingest/jobs` | `created_from` and `created_to`, both, at most seven days apart; no paging |
//! | `GET /ingest/jobs/{id}` | |
//! | `GET /workflow/runs` | `created_from`, `created_to`, `ended_from`, `ended_to`, `state`, `type` |
//! | `GET /workflow/runs/{id}` | `view` |
//! | `POST /workflow/runs/{id}/stop` | |
//!
//! Checks after those of all of Amperity's routes: the version (400 where it is missing or unknown; campaign drafts
//! are 404 in the dated one), then the parameters (400). Where the vendor's pages are silent: a parameter that is
//! not documented is refused, and so is a `next_token` that was never given out; a run that does not run cannot be
//! stopped (409). The seed writes `/workflow/runs/` with a trailing slash and the vendor's current pages without:
//! both are taken there, and nowhere else.

mod data;
mod params;

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::params::Params;
use super::auth::authorize;
use super::error::ApiError;
use crate::config::Scope;
use crate::journal::Route;
use crate::sandbox::Sandbox;

/// How a list's last page says that it is the last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastPage {
    /// It has no `next_token`.
    #[default]
    Absent,
    /// Its `next_token` is empty.
    Empty,
}

/// What was changed of the tenant.
#[derive(Debug, Default)]
pub(crate) struct Tenant {
    pub(crate) last_page: LastPage,
    /// Runs that were stopped.
    pub(crate) stopped: BTreeSet<String>,
}

/// What is documented for every list that has pages.
const PAGED: [&str; 3] = ["limit", "next_token", "with_total"];

pub(super) fn router(
    as_route: impl Fn(Route, MethodRouter<Sandbox>) -> MethodRouter<Sandbox>,
) -> Router<Sandbox> {
    let runs = as_route(Route::WorkflowRuns, get(workflow_runs));
    Router::new()
        .route("/amperity/api/audit-events", as_route(Route::AuditEvents, get(audit_events)))
        .route("/amperity/api/campaigns", as_route(Route::Campaigns, get(campaigns)))
        .route("/amperity/api/campaign-drafts", as_route(Route::CampaignDrafts, get(drafts)))
        .route("/amperity/api/segments", as_route(Route::Segments, get(segments)))
        .route("/amperity/api/ingest/jobs", as_route(Route::IngestJobs, get(ingest_jobs)))
        .route("/amperity/api/ingest/jobs/{id}", as_route(Route::IngestJob, get(ingest_job)))
        .route("/amperity/api/workflow/runs", runs.clone())
        .route("/amperity/api/workflow/runs/", runs)
        .route("/amperity/api/workflow/runs/{id}", as_route(Route::WorkflowRun, get(workflow_run)))
        .route("/amperity/api/workflow/runs/{id}/stop", as_route(Route::WorkflowStop, post(stop)))
}

async fn audit_events(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    let params = enter(&sandbox, &headers, &uri, &["happened_from", "happened_to"], true)?;
    let within = params.window("happened_from", "happened_to")?;
    let mut events = data::audit_events(&sandbox);
    events.retain(|event| within(&event["happened_at"]));
    page(&sandbox, &params, events)
}

async fn campaigns(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    of_template(&sandbox, &headers, &uri, data::campaigns(&sandbox))
}

async fn drafts(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    authorize(&sandbox, &headers, Scope::Operator)?;
    if params::version(&headers, &uri)? != params::UNSTABLE {
        return Err(ApiError::not_found("campaign drafts are in the version `unstable` only"));
    }
    of_template(&sandbox, &headers, &uri, data::drafts(&sandbox))
}

fn of_template(
    sandbox: &Sandbox,
    headers: &HeaderMap,
    uri: &Uri,
    mut campaigns: Vec<Value>,
) -> Result<Json<Value>, ApiError> {
    const TEMPLATE: &str = "destination_data_template_id";

    let params = enter(sandbox, headers, uri, &[TEMPLATE], true)?;
    if let Some(template) = params.get(TEMPLATE) {
        campaigns.retain(|campaign| campaign[TEMPLATE] == template);
    }
    page(sandbox, &params, campaigns)
}

async fn segments(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    let params = enter(&sandbox, &headers, &uri, &[], true)?;
    page(&sandbox, &params, data::segments(&sandbox))
}

async fn ingest_jobs(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    let names = ["created_from", "created_to", "with_total"];
    let params = enter(&sandbox, &headers, &uri, &names, false)?;
    let within = params.week("created_from", "created_to")?;
    let jobs = data::ingest_jobs(&sandbox);
    let jobs: Vec<_> = jobs.into_iter().filter(|(at, _)| within(at)).map(|(_, job)| job).collect();
    let mut answer = json!({ "data": jobs });
    if params.with_total()? {
        answer["total"] = jobs.len().into();
    }
    Ok(Json(answer))
}

async fn ingest_job(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    enter(&sandbox, &headers, &uri, &[], false)?;
    let jobs = data::ingest_jobs(&sandbox).into_iter().map(|(_, job)| job);
    find(jobs, &id).map(Json).ok_or_else(|| ApiError::not_found("no such ingest job"))
}

async fn workflow_runs(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    let names = ["created_from", "created_to", "ended_from", "ended_to", "state", "type"];
    let params = enter(&sandbox, &headers, &uri, &names, true)?;
    let created = params.window("created_from", "created_to")?;
    let ended = params.window("ended_from", "ended_to")?;
    let mut runs = data::workflow_runs(&sandbox, false);
    runs.retain(|run| {
        let is = |name: &str| params.get(name).is_none_or(|wanted| run[name] == wanted);
        created(&run["created_at"]) && ended(&run["ended_at"]) && is("state") && is("type")
    });
    page(&sandbox, &params, runs)
}

async fn workflow_run(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    let params = enter(&sandbox, &headers, &uri, &["view"], false)?;
    let verbose = match params.get("view") {
        None | Some("overview") => false,
        Some("verbose") => true,
        Some(_) => return Err(ApiError::bad_request("view is overview or verbose")),
    };
    let runs = data::workflow_runs(&sandbox, verbose);
    find(runs, &id).map(Json).ok_or_else(no_such_run)
}

async fn stop(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    enter(&sandbox, &headers, &uri, &[], false)?;
    let run = find(data::workflow_runs(&sandbox, false), &id).ok_or_else(no_such_run)?;
    if run["state"] != "running" {
        return Err(ApiError::new(StatusCode::CONFLICT, "the run does not run"));
    }
    sandbox.stop_run(id.clone());
    find(data::workflow_runs(&sandbox, false), &id).map(Json).ok_or_else(no_such_run)
}

/// Lets a request in, and reads its parameters.
fn enter(
    sandbox: &Sandbox,
    headers: &HeaderMap,
    uri: &Uri,
    names: &[&str],
    is_paged: bool,
) -> Result<Params, ApiError> {
    authorize(sandbox, headers, Scope::Operator)?;
    params::version(headers, uri)?;
    let paged = if is_paged { &PAGED[..] } else { &[] };
    Params::read(uri, &[names, paged].concat())
}

/// The page that the parameters ask for.
fn page(sandbox: &Sandbox, params: &Params, all: Vec<Value>) -> Result<Json<Value>, ApiError> {
    let (from, limit) = (params.offset(all.len())?, params.limit()?);
    let total = params.with_total()?.then_some(all.len());
    let next = from + limit;
    let token = (next < all.len()).then(|| params::token(next));
    let data: Vec<_> = all.into_iter().skip(from).take(limit).collect();
    let mut answer = json!({ "data": data });
    if let Some(total) = total {
        answer["total"] = total.into();
    }
    match (token, sandbox.last_page()) {
        (Some(token), _) => answer["next_token"] = token.into(),
        (None, LastPage::Empty) => answer["next_token"] = "".into(),
        (None, LastPage::Absent) => {}
    }
    Ok(Json(answer))
}

fn find(items: impl IntoIterator<Item = Value>, id: &str) -> Option<Value> {
    items.into_iter().find(|item| item["id"] == id)
}

fn no_such_run() -> ApiError {
    ApiError::not_found("no such workflow run")
}
