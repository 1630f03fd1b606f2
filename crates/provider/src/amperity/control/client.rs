//! The calls.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::header::{ACCEPT, AUTHORIZATION, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use super::super::token::CONTROL_SCOPE;
use super::super::{TENANT_HEADER, token};
use super::config::ControlConfig;
use super::error::{self, ControlError};
use super::items::{AuditEvent, Campaign, IngestJob, Segment, WorkflowRun};
use super::pace::Pace;
use super::page::{Item, Page};
use super::query::{IngestWindow, Paging, RunFilter, View, Window};
use super::retry;
use super::wire;
use crate::http::{self as vendor_http, Answer, HttpError, Transport};
use crate::surroundings::Surroundings;
use crate::token::{Token, TokenSource, authorised, bearer};

/// How long one answer may take. Lists of a tenant are made on demand, and a person waits.
const DEADLINE: Duration = Duration::from_secs(30);

/// Longest answer that is read: a page of a thousand runs with all their tasks stays far below.
const MAX_BYTES: usize = 32 * 1024 * 1024;

const VERSION_HEADER: HeaderName = HeaderName::from_static("api-version");

/// The version that everything documented here is in, but for campaign drafts.
const DATED: HeaderValue = HeaderValue::from_static("2024-04-01");

/// What is in no dated version.
const UNSTABLE: HeaderValue = HeaderValue::from_static("unstable");

/// Random numbers, for waits that differ.
pub type Random = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Asks the control API of one tenant.
pub struct AmperityControl {
    transport: Arc<dyn Transport>,
    base_url: Url,
    tenant_header: HeaderValue,
    tokens: Arc<dyn TokenSource>,
    pace: Pace,
    random: Random,
}

/// What was heard, and what had been shown for it.
struct Heard {
    answer: Answer,
    token: Token,
}

/// Where a walk through the pages of a list is.
enum Walk {
    /// To ask for the page of this token, or for the first; the tokens that came so far.
    At(Option<String>, HashSet<String>),
    /// A token came again.
    Repeated,
    /// The last page has come.
    Over,
}

impl AmperityControl {
    /// Over a tenant. Nothing is asked before somebody asks.
    pub fn new(around: &Surroundings, config: &ControlConfig, random: Random) -> Self {
        Self {
            transport: Arc::clone(&around.transport),
            base_url: config.base_url.clone(),
            tenant_header: config.tenant_header.clone(),
            tokens: token::for_control(&config.api_keys, around),
            pace: Pace::new(config.requests_per_second, Arc::clone(&around.clock)),
            random,
        }
    }

    /// What happened in the tenant.
    pub fn audit_events(
        &self,
        happened: &Window,
        paging: Paging,
    ) -> impl Stream<Item = Result<Page<AuditEvent>, ControlError>> + Send {
        let query = happened.parameters("happened_from", "happened_to").collect();
        self.pages(&["audit-events"], DATED, query, paging)
    }

    /// The campaigns, perhaps only those that deliver by one template.
    pub fn campaigns(
        &self,
        destination_data_template_id: Option<&str>,
        paging: Paging,
    ) -> impl Stream<Item = Result<Page<Campaign>, ControlError>> + Send {
        self.pages(&["campaigns"], DATED, of_template(destination_data_template_id), paging)
    }

    /// As [`Self::campaigns`], those that are not launched yet.
    pub fn campaign_drafts(
        &self,
        destination_data_template_id: Option<&str>,
        paging: Paging,
    ) -> impl Stream<Item = Result<Page<Campaign>, ControlError>> + Send {
        let query = of_template(destination_data_template_id);
        self.pages(&["campaign-drafts"], UNSTABLE, query, paging)
    }

    /// The segments.
    pub fn segments(
        &self,
        paging: Paging,
    ) -> impl Stream<Item = Result<Page<Segment>, ControlError>> + Send {
        self.pages(&["segments"], DATED, Vec::new(), paging)
    }

    /// The ingest jobs that were created in a window, on one page.
    pub fn ingest_jobs(
        &self,
        created: &IngestWindow,
        with_total: bool,
    ) -> impl Stream<Item = Result<Page<IngestJob>, ControlError>> + Send {
        let query = created.window().parameters("created_from", "created_to").collect();
        self.pages(&["ingest", "jobs"], DATED, query, Paging { limit: None, with_total })
    }

    /// One ingest job.
    pub async fn ingest_job(&self, id: &str) -> Result<Item<IngestJob>, ControlError> {
        let url = self.url(&["ingest", "jobs", checked(id, "isj-20260501-1a2b")?])?;
        wire::item(&self.read(&url, &DATED).await?)
    }

    /// The runs of workflows.
    pub fn workflow_runs(
        &self,
        filter: &RunFilter,
        paging: Paging,
    ) -> impl Stream<Item = Result<Page<WorkflowRun>, ControlError>> + Send {
        let RunFilter { created, ended, state, kind } = filter;
        let mut query: Vec<_> = created.parameters("created_from", "created_to").collect();
        query.extend(ended.parameters("ended_from", "ended_to"));
        let words = [("state", state), ("type", kind)];
        query.extend(words.into_iter().filter_map(|(name, word)| Some((name, word.clone()?))));
        self.pages(&["workflow", "runs"], DATED, query, paging)
    }

    /// One run of a workflow.
    pub async fn workflow_run(
        &self,
        id: &str,
        view: View,
    ) -> Result<Item<WorkflowRun>, ControlError> {
        let mut url = self.run_url(id, &[])?;
        url.query_pairs_mut().append_pair("view", view.as_str());
        wire::item(&self.read(&url, &DATED).await?)
    }

    /// Stops a run; answers it as it is then. Asked once: after an error that is no refusal nobody knows whether
    /// it was stopped.
    pub async fn stop_workflow_run(&self, id: &str) -> Result<Item<WorkflowRun>, ControlError> {
        let url = self.run_url(id, &["stop"])?;
        wire::item(&self.ask(Method::POST, &url, &DATED).await?)
    }

    /// `{base}api/{segments…}`, without the trailing slash that the seed writes once: none of the vendor's current
    /// pages has it, and elsewhere it means 404.
    fn url(&self, segments: &[&str]) -> Result<Url, ControlError> {
        let mut url = self.base_url.clone();
        let base = || HttpError::Connection("the base URL has no path".into());
        url.path_segments_mut().map_err(|()| base())?.pop_if_empty().push("api").extend(segments);
        Ok(url)
    }

    fn run_url(&self, id: &str, rest: &[&str]) -> Result<Url, ControlError> {
        self.url(&[&["workflow", "runs", checked(id, "wf-20260501-1a2b")?], rest].concat())
    }

    /// The pages of a list, each asked for when the one before has been taken.
    fn pages<T: DeserializeOwned + Send>(
        &self,
        segments: &[&str],
        version: HeaderValue,
        query: Vec<(&'static str, String)>,
        paging: Paging,
    ) -> impl Stream<Item = Result<Page<T>, ControlError>> + Send + use<'_, T> {
        let url = self.url(segments).map(|mut url| {
            let Paging { limit, with_total } = paging;
            let limit = limit.map(|limit| ("limit", limit.to_string()));
            let total = with_total.then(|| ("with_total", true.to_string()));
            let pairs: Vec<_> = query.into_iter().chain(limit).chain(total).collect();
            // Without any, a lonely `?` would be left.
            if !pairs.is_empty() {
                url.query_pairs_mut().extend_pairs(pairs);
            }
            url
        });
        stream::try_unfold(Walk::At(None, HashSet::new()), move |walk| {
            let (url, version) = (url.clone(), version.clone());
            async move {
                let (token, seen) = match walk {
                    Walk::At(token, seen) => (token, seen),
                    Walk::Repeated => return Err(ControlError::RepeatedToken),
                    Walk::Over => return Ok(None),
                };
                let mut url = url?;
                if let Some(token) = token {
                    url.query_pairs_mut().append_pair("next_token", &token);
                }
                let (page, next) = wire::page(&self.read(&url, &version).await?)?;
                Ok(Some((page, Walk::on(next, seen))))
            }
        })
    }

    /// Asks, and asks again where that can help.
    async fn read(&self, url: &Url, version: &HeaderValue) -> Result<Bytes, ControlError> {
        let mut attempts = 0;
        loop {
            let error = match self.ask(Method::GET, url, version).await {
                Ok(body) => return Ok(body),
                Err(error) => error,
            };
            attempts += 1;
            match retry::wait(&error, attempts, (self.random)()) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(error),
            }
        }
    }

    /// Asks once; answers the body of a success.
    async fn ask(
        &self,
        method: Method,
        url: &Url,
        version: &HeaderValue,
    ) -> Result<Bytes, ControlError> {
        let request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header(ACCEPT, "application/json")
            .header(VERSION_HEADER, version)
            .header(TENANT_HEADER, &self.tenant_header)
            .body(Bytes::new())
            .map_err(|_| HttpError::Connection("the URL cannot be used".into()))?;
        let send = |token| self.send(request.clone(), token);
        let is_refused = |heard: &Heard| heard.answer.status == StatusCode::UNAUTHORIZED;
        let heard = authorised(&*self.tokens, CONTROL_SCOPE, send, is_refused).await?;
        let Heard { answer, token } = heard;
        error::of_answer(&answer, token.secret()).map_or(Ok(answer.body), Err)
    }

    async fn send(&self, mut request: Request<Bytes>, token: Token) -> Result<Heard, ControlError> {
        request.headers_mut().insert(AUTHORIZATION, bearer(token.secret())?);
        self.pace.turn().await;
        let sent = vendor_http::send(&*self.transport, request, DEADLINE, MAX_BYTES);
        Ok(Heard { answer: sent.await?, token })
    }
}

impl Walk {
    /// Where it goes from a page that named the next one, or none.
    fn on(next: Option<String>, mut seen: HashSet<String>) -> Self {
        match next {
            None => Self::Over,
            Some(token) if seen.insert(token.clone()) => Self::At(Some(token), seen),
            Some(_) => Self::Repeated,
        }
    }
}

fn of_template(id: Option<&str>) -> Vec<(&'static str, String)> {
    id.map(|id| ("destination_data_template_id", id.to_owned())).into_iter().collect()
}

/// An id goes into a path: nothing in it may mean something else there.
fn checked<'a>(id: &'a str, example: &'static str) -> Result<&'a str, ControlError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_id = !id.is_empty() && id.bytes().all(plain);
    if is_id { Ok(id) } else { Err(ControlError::BadId { example }) }
}
