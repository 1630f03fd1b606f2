//! The control API's client against the sandbox in this process, in virtual time: what it asks, and when.

mod failing;

use std::sync::Mutex;

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use datafly_sandbox::LastPage;
use futures_util::{Stream, TryStreamExt};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use tower::ServiceExt;

use super::*;
use crate::amperity::control::{
    AmperityControl, ControlConfig, ControlError, IngestWindow, Page, Paging, RunFilter, View,
    Window, WindowError,
};
use crate::http::{Answer, HttpError, Transport};

/// The sandbox's routes in this process, and what they were asked.
struct Tenant {
    sandbox: Sandbox,
    began: Instant,
    asked: Mutex<Vec<Asked>>,
}

/// One request as it was sent.
#[derive(Debug, Clone)]
struct Asked {
    at: Duration,
    line: String,
    version: String,
    tenant: String,
}

#[async_trait]
impl Transport for Tenant {
    async fn send(&self, request: Request<Bytes>, max_bytes: usize) -> Result<Answer, HttpError> {
        let header = |name| request.headers()[name].to_str().unwrap().to_owned();
        let uri = request.uri().to_string();
        let asked = Asked {
            at: self.began.elapsed(),
            line: format!(
                "{} {}",
                request.method(),
                uri.trim_start_matches("http://127.0.0.1:1/amperity")
            ),
            version: header("api-version"),
            tenant: header("amperity-tenant"),
        };
        self.asked.lock().unwrap().push(asked);
        let answer = self.sandbox.router().oneshot(request.map(Body::from)).await;
        Answer::read(answer.unwrap(), max_bytes).await
    }
}

impl Tenant {
    fn new() -> Arc<Self> {
        let config = SandboxConfig { customers: 0, ..SandboxConfig::default() };
        let sandbox = Sandbox::new(config, Arc::new(now));
        Arc::new(Self { sandbox, began: Instant::now(), asked: Mutex::default() })
    }

    /// A client with these keys, in the order of the file.
    fn client_with(self: &Arc<Self>, keys: &[&str], more: &str) -> AmperityControl {
        let keys: Vec<_> = keys.iter().map(|key| secret(key)).collect();
        let config = read(&format!("api_key = [{}]\n{more}", keys.join(", "))).unwrap();
        let mut around = around(Arc::clone(self) as Arc<dyn Transport>);
        let began = self.began;
        around.clock = Arc::new(move || now() + SignedDuration::try_from(began.elapsed()).unwrap());
        AmperityControl::new(&around, &config, Arc::new(|| 0))
    }

    fn client(self: &Arc<Self>) -> AmperityControl {
        self.client_with(&[sandbox::CONTROL_TOKEN], "")
    }

    fn fault(&self, route: &str, times: u32, fault: Fault) {
        self.sandbox.fault(route, Some(times), fault).unwrap();
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }
}

fn now() -> Timestamp {
    Timestamp::constant(1_800_000_000, 0)
}

/// A section of which the control API needs the tenant and its own part.
fn read(part: &str) -> Result<ControlConfig, Mistakes> {
    let text = format!(
        "tenant_subdomain = 'acme'\ntenant_id = '{}'\nbase_url = 'http://127.0.0.1:1/amperity'\n\
         api_key = {{ env = 'not-read' }}\n[control]\n{part}",
        sandbox::TENANT_ID
    );
    let reader = Reader::new(&text, &named_by_itself);
    reader.finish(reader.root().and_then(ControlConfig::read))
}

async fn all<T>(
    pages: impl Stream<Item = Result<Page<T>, ControlError>>,
) -> Result<Vec<Page<T>>, ControlError> {
    pages.try_collect().await
}

fn lens<T>(pages: &[Page<T>]) -> Vec<usize> {
    pages.iter().map(|page| page.items.len()).collect()
}

fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

#[tokio::test(start_paused = true)]
async fn a_list_is_read_page_by_page_to_either_kind_of_end() {
    let tenant = Tenant::new();
    for last_page in [LastPage::Absent, LastPage::Empty] {
        tenant.sandbox.set_last_page(last_page);
        let before = tenant.asked().len();
        let pages = all(tenant.client().segments(Paging::default())).await.unwrap();
        assert_eq!(lens(&pages), [10, 10, 5]);
        assert_eq!(
            tenant.lines()[before..],
            [
                "GET /api/segments",
                "GET /api/segments?next_token=page-from-10",
                "GET /api/segments?next_token=page-from-20",
            ]
        );
    }
    assert_eq!(tenant.sandbox.hits("amperity.segments"), 6);
    let asked = &tenant.asked()[0];
    assert_eq!((&*asked.version, &*asked.tenant), ("2024-04-01", sandbox::TENANT_ID));
}

#[tokio::test(start_paused = true)]
async fn nobody_asks_for_a_page_before_the_one_before_is_taken() {
    let tenant = Tenant::new();
    let client = tenant.client();
    let mut pages = std::pin::pin!(client.segments(Paging { limit: Some(7), with_total: true }));
    assert!(tenant.lines().is_empty());
    let first = pages.try_next().await.unwrap().unwrap();
    assert_eq!((first.items.len(), first.total), (7, Some(25)));
    assert_eq!(tenant.lines(), ["GET /api/segments?limit=7&with_total=true"]);
}

#[tokio::test(start_paused = true)]
async fn every_list_is_asked_for_as_it_is_documented() {
    let tenant = Tenant::new();
    let client = tenant.client();
    let two = Paging { limit: Some(100), with_total: false };
    let window = Window::new(Some(days_ago(1)), None).unwrap();
    let week = IngestWindow::new(Some(days_ago(7)), Some(now())).unwrap();
    let filter = RunFilter {
        created: Window::new(Some(days_ago(20)), Some(now())).unwrap(),
        state: Some("failed".into()),
        kind: Some("ingest".into()),
        ..RunFilter::default()
    };
    let events = all(client.audit_events(&window, two)).await.unwrap();
    let campaigns = all(client.campaigns(Some("ddt-sms"), two)).await.unwrap();
    let drafts = all(client.campaign_drafts(None, two)).await.unwrap();
    let jobs = all(client.ingest_jobs(&week, true)).await.unwrap();
    let runs = all(client.workflow_runs(&filter, two)).await.unwrap();
    assert_eq!(
        tenant.lines(),
        [
            "GET /api/audit-events?happened_from=2027-01-14T08%3A00%3A00Z&limit=100",
            "GET /api/campaigns?destination_data_template_id=ddt-sms&limit=100",
            "GET /api/campaign-drafts?limit=100",
            "GET /api/ingest/jobs?created_from=2027-01-08T08%3A00%3A00Z&created_to=2027-01-15T08%3A00%3A00Z\
             &with_total=true",
            "GET /api/workflow/runs?created_from=2026-12-26T08%3A00%3A00Z&created_to=2027-01-15T08%3A00%3A00Z\
             &state=failed&type=ingest&limit=100",
        ]
    );
    let versions: Vec<_> = tenant.asked().into_iter().map(|asked| asked.version).collect();
    assert_eq!(versions, ["2024-04-01", "2024-04-01", "unstable", "2024-04-01", "2024-04-01"]);

    let event = &events[0].items[0].known;
    assert_eq!(event.event_type.as_deref(), Some(":segment/create"));
    assert_eq!(event.happened_at, Some("2027-01-15T00:00:00Z".parse().unwrap()));
    assert_eq!((lens(&events), lens(&campaigns), lens(&drafts)), (vec![6], vec![6], vec![3]));
    assert_eq!((lens(&jobs), jobs[0].total), (vec![27], Some(27)));
    let table = &jobs[0].items[0].known.tables[1];
    assert_eq!((table.table_name.as_deref(), table.read), (Some("orders"), Some(4_000)));
    assert_eq!(table.files[0].name.as_deref(), Some("orders.csv"));
    let failed = runs[0].items[0].known.error.as_ref().unwrap();
    assert_eq!(failed.message.as_deref(), Some("orders.csv is missing"));
}

#[tokio::test(start_paused = true)]
async fn single_items_are_shown_and_a_run_is_stopped() {
    let tenant = Tenant::new();
    let client = tenant.client();
    let week = IngestWindow::new(Some(days_ago(7)), Some(now())).unwrap();
    let jobs = all(client.ingest_jobs(&week, false)).await.unwrap();
    let id = jobs[0].items[0].known.id.clone().unwrap();
    assert_eq!(client.ingest_job(&id).await.unwrap().known, jobs[0].items[0].known);

    let runs = all(client.workflow_runs(&RunFilter::default(), Paging::default())).await.unwrap();
    let id = runs[0].items[0].known.id.clone().unwrap();
    assert_eq!(
        client.workflow_run(&id, View::Overview).await.unwrap().known.task_instances.len(),
        0
    );
    assert_eq!(
        client.workflow_run(&id, View::Verbose).await.unwrap().known.task_instances.len(),
        3
    );
    let stopped = client.stop_workflow_run(&id).await.unwrap();
    assert_eq!(stopped.known.state.as_deref(), Some("canceled"));
    let asked = tenant.lines();
    assert_eq!(
        asked[asked.len() - 3..],
        [
            format!("GET /api/workflow/runs/{id}?view=overview"),
            format!("GET /api/workflow/runs/{id}?view=verbose"),
            format!("POST /api/workflow/runs/{id}/stop"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_id_that_would_be_another_path_is_not_sent() {
    let tenant = Tenant::new();
    for id in ["", ".", "..", "a/b", "a?b", "a b", "ä"] {
        let refused = tenant.client().ingest_job(id).await.unwrap_err();
        assert!(matches!(refused, ControlError::BadId { .. }), "{id}");
        assert!(tenant.client().stop_workflow_run(id).await.is_err());
    }
    assert!(tenant.lines().is_empty());
}

#[test]
fn windows_are_held_to_the_vendor_s_before_anything_is_asked() {
    let (now, week_ago) = (Some(now()), Some(days_ago(7)));
    assert!(IngestWindow::new(week_ago, now).is_ok());
    assert_eq!(IngestWindow::new(None, now), Err(WindowError::Open));
    assert_eq!(IngestWindow::new(week_ago, None), Err(WindowError::Open));
    let longer = week_ago.map(|from| from - SignedDuration::from_nanos(1));
    assert!(matches!(IngestWindow::new(longer, now), Err(WindowError::TooLong { .. })));
    assert!(matches!(Window::new(now, week_ago), Err(WindowError::Reversed { .. })));
    assert!(matches!(Window::new(now, now), Err(WindowError::Reversed { .. })));
}

/// Fifty times what the vendor takes in a second is asked for at once.
#[tokio::test(start_paused = true)]
async fn no_second_sees_more_requests_than_the_owner_allows() {
    for (more, per_second) in [("", 10), ("requests_per_second = 9", 9)] {
        let tenant = Tenant::new();
        let client = tenant.client_with(&[sandbox::CONTROL_TOKEN], more);
        let paging = Paging { limit: Some(100), with_total: false };
        let asks = (0..500).map(|_| all(client.segments(paging)));
        let answers = futures_util::future::join_all(asks).await;
        assert!(answers.iter().all(Result::is_ok));
        let times: Vec<_> = tenant.asked().iter().map(|asked| asked.at).collect();
        assert_eq!(times.len(), 500);
        for window in times.windows(per_second + 1) {
            assert!(window[0] + Duration::from_secs(1) <= window[per_second], "{window:?}");
        }
        // And little less than that: a timer rounds up to the millisecond.
        let took = times[499].as_secs_f64();
        let least = 499.0 / f64::from(u32::try_from(per_second).unwrap());
        assert!(took < least * 1.02, "{took}");
    }
}

#[test]
fn the_part_of_the_section_is_checked_and_nothing_else_is_needed() {
    let said = |part: &str| {
        let mistakes = read(part).unwrap_err();
        mistakes.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for (part, says) in [
        ("", "`control.api_key`: it is missing"),
        ("api_key = 'canary'", "{ env = \"NAME\" }"),
        ("api_key = { env = 'a' }\nrequests_per_second = 11", "write 1 to 10 requests a second"),
        ("api_key = { env = 'a' }\napi_kye = 1", "`control.api_kye`: unknown key"),
    ] {
        let said = said(part);
        assert!(
            said.len() == 1 && said[0].contains(says) && !said[0].contains("canary"),
            "{said:?}"
        );
    }
    let reader = Reader::new("tenant_subdomain = 'a'\ntenant_id = 'a'", &named_by_itself);
    let missing = reader.finish(reader.root().and_then(ControlConfig::read)).unwrap_err();
    assert!(missing.to_string().contains("add [pipelines.integrations.control]"), "{missing}");
    let debug = format!("{:?}", read("api_key = { env = 'canary' }").unwrap());
    assert!(!debug.contains("canary"), "{debug}");
}

#[tokio::test]
async fn the_whole_section_may_have_the_part_with_a_key_of_its_own() {
    let vendor = Vendor::start().await;
    let with =
        |key: &str| vendor.config(&[("control", &format!("{{ api_key = {} }}", secret(key)))]);
    assert!(with(sandbox::CONTROL_TOKEN).unwrap().control.is_some());
    assert!(vendor.config(&[]).unwrap().control.is_none());
    for other in [sandbox::INGEST_TOKEN, sandbox::PROFILE_TOKEN] {
        let said = with(other).unwrap_err().to_string();
        assert!(said.contains("`control.api_key`: it is the same as another key"), "{said}");
        assert!(!said.contains(other), "{said}");
    }
}
