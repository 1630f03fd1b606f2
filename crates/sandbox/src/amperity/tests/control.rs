//! The control API.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use super::assert_refused;
use crate::testing::{Answer, sandbox, send};
use crate::{CONTROL_TOKEN, LastPage, PROFILE_TOKEN, Sandbox, TENANT_ID};

const DATED: &str = "2024-04-01";

async fn ask_with(sandbox: &Sandbox, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("/amperity/api{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(sandbox.router(), request.body(Body::empty()).unwrap()).await
}

async fn ask_as(sandbox: &Sandbox, version: &str, method: &str, path: &str) -> Answer {
    let bearer = format!("Bearer {CONTROL_TOKEN}");
    let headers =
        [("authorization", &*bearer), ("amperity-tenant", TENANT_ID), ("api-version", version)];
    ask_with(sandbox, method, path, &headers).await
}

async fn ask(sandbox: &Sandbox, path: &str) -> Answer {
    ask_as(sandbox, DATED, "GET", path).await
}

#[tokio::test]
async fn who_asks_has_to_be_an_operator_of_the_tenant_in_a_known_version() {
    let (sandbox, _) = sandbox();
    let bearer = format!("Bearer {CONTROL_TOKEN}");
    let other = format!("Bearer {PROFILE_TOKEN}");
    let (tenant, version) = (("amperity-tenant", TENANT_ID), ("api-version", DATED));
    for (headers, status) in [
        (&[tenant, version][..], 401),
        (&[("authorization", "Bearer x"), tenant, version], 401),
        (&[("authorization", &bearer), version], 401),
        (&[("authorization", &bearer), ("x-amperity-tenant", TENANT_ID), version], 401),
        (&[("authorization", &other), tenant, version], 403),
        (&[("authorization", &bearer), tenant], 400),
        (&[("authorization", &bearer), tenant, ("api-version", "2025-07-31")], 400),
    ] {
        assert_refused(&ask_with(&sandbox, "GET", "/segments", headers).await, status);
    }
    let by_query = [("authorization", &*bearer), tenant];
    let answer = ask_with(&sandbox, "GET", "/segments?api_version=2024-04-01", &by_query).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_list_comes_in_pages_and_ends_as_it_is_told_to() {
    let (sandbox, _) = sandbox();
    for (last_page, end) in [(LastPage::Absent, None), (LastPage::Empty, Some(json!("")))] {
        sandbox.set_last_page(last_page);
        let first = ask(&sandbox, "/segments").await.json();
        assert_eq!(first["data"].as_array().unwrap().len(), 10);
        assert!(first.get("total").is_none());
        let token = first["next_token"].as_str().unwrap();
        let path = format!("/segments?limit=20&with_total=true&next_token={token}");
        let second = ask(&sandbox, &path).await.json();
        assert_eq!((second["data"].as_array().unwrap().len(), &second["total"]), (15, &json!(25)));
        assert_eq!(second.get("next_token"), end.as_ref());
    }
}

#[tokio::test]
async fn parameters_are_held_to_what_is_documented() {
    let (sandbox, _) = sandbox();
    for path in [
        "/segments?limit=0",
        "/segments?limit=101",
        "/segments?next_token=",
        "/segments?next_token=null",
        "/segments?with_total=1",
        "/segments?name=x",
        "/segments?limit=1&limit=2",
        "/audit-events?happened_from=yesterday",
        "/audit-events?happened_from=2026-03-02T00:00:00Z&happened_to=2026-03-01T00:00:00Z",
        "/ingest/jobs",
        "/ingest/jobs?created_from=2026-02-28T00:00:00Z",
        "/ingest/jobs?created_from=2026-02-20T00:00:00Z&created_to=2026-02-27T00:00:01Z",
        "/ingest/jobs?created_from=2026-02-20T00:00:00Z&created_to=2026-02-27T00:00:00Z&limit=5",
    ] {
        assert_refused(&ask(&sandbox, path).await, 400);
    }
    for path in
        ["/segments/", "/campaign-drafts", "/ingest/jobs/isj-none", "/workflow/runs/wf-none"]
    {
        assert_refused(&ask(&sandbox, path).await, 404);
    }
    assert_eq!(ask(&sandbox, "/workflow/runs/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn drafts_are_in_the_unstable_version() {
    let (sandbox, _) = sandbox();
    let path = "/campaign-drafts?destination_data_template_id=ddt-email";
    let drafts = ask_as(&sandbox, "unstable", "GET", path).await.json();
    assert_eq!(drafts["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn windows_and_states_choose() {
    let (sandbox, _) = sandbox();
    let count =
        async |path: &str| ask(&sandbox, path).await.json()["data"].as_array().unwrap().len();
    let week = "created_from=2026-02-22T00:00:00Z&created_to=2026-03-01T00:00:00Z";
    assert_eq!(count(&format!("/ingest/jobs?{week}")).await, 28);
    let day = "happened_from=2026-02-28T00:00:00Z&happened_to=2026-03-01T00:00:00Z";
    assert_eq!(count(&format!("/audit-events?{day}")).await, 8);
    assert_eq!(count("/workflow/runs?state=failed&type=activation&limit=100").await, 2);
    assert_eq!(count("/workflow/runs?ended_from=2026-02-28T20:00:00Z").await, 0);
}

#[tokio::test]
async fn a_run_that_runs_is_stopped_once() {
    let (sandbox, _) = sandbox();
    let runs = ask(&sandbox, "/workflow/runs?state=running").await.json();
    let id = runs["data"][0]["id"].as_str().unwrap();
    let overview = ask(&sandbox, &format!("/workflow/runs/{id}")).await.json();
    assert_eq!(overview.get("task_instances"), None);
    let verbose = ask(&sandbox, &format!("/workflow/runs/{id}?view=verbose")).await.json();
    assert_eq!(verbose["task_instances"].as_array().map(Vec::len), Some(3));
    let stop = format!("/workflow/runs/{id}/stop");
    assert_refused(&ask(&sandbox, &stop).await, 405);
    let stopped: Value = ask_as(&sandbox, DATED, "POST", &stop).await.json();
    assert_eq!(stopped["state"], "canceled");
    assert_refused(&ask_as(&sandbox, DATED, "POST", &stop).await, 409);
    assert_eq!(sandbox.hits("amperity.workflow_stop"), 2);
    sandbox.reset();
    let again = ask(&sandbox, &format!("/workflow/runs/{id}")).await.json();
    assert_eq!(again["state"], "running");
}
