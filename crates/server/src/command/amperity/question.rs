//! What is asked, checked before anything is asked.

use datafly_provider::amperity::control::{
    AmperityControl, ControlError, IngestWindow, Paging, RunFilter, View, Window, WindowError,
};
use jiff::Timestamp;

use super::show::Show;
use super::{Campaigns, Cut, JobTask, RunTask, What, When};
use crate::command::{Failure, Usage};

/// Most items of a page that is asked for because of `--limit`.
const PAGE: u32 = 100;

/// One of what the control API answers.
pub(super) enum Question<'a> {
    Segments(Cut),
    Campaigns(&'a Campaigns),
    CampaignDrafts(&'a Campaigns),
    AuditEvents(Window, Cut),
    IngestJobs(IngestWindow, Cut),
    IngestJob(&'a str),
    WorkflowRuns(RunFilter, Cut),
    WorkflowRun(&'a str, View),
    Stop(&'a str),
}

impl<'a> Question<'a> {
    /// Of the arguments, at this time.
    pub(super) fn of(what: &'a What, now: Timestamp) -> Result<Self, Usage> {
        let at = |when: Option<When>| when.map(|when| when.at(now));
        Ok(match what {
            What::Segments(cut) => Self::Segments(*cut),
            What::Campaigns(of) => Self::Campaigns(of),
            What::CampaignDrafts(of) => Self::CampaignDrafts(of),
            What::AuditEvents(of) => Self::AuditEvents(window(at(of.from), at(of.to))?, of.cut),
            What::IngestJobs(of) => match &of.task {
                Some(JobTask::Show { id }) => Self::IngestJob(id),
                None => {
                    let cut = Cut { limit: of.limit, page_size: None, total: of.total };
                    Self::IngestJobs(ingest_window(at(of.from), at(of.to))?, cut)
                }
            },
            What::WorkflowRuns(of) => match &of.task {
                Some(RunTask::Show { id, verbose }) => {
                    let view = if *verbose { View::Verbose } else { View::Overview };
                    Self::WorkflowRun(id, view)
                }
                Some(RunTask::Stop { id, yes: true }) => Self::Stop(id),
                Some(RunTask::Stop { id, yes: false }) => {
                    let text = format!(
                        "a run that is stopped cannot be continued: write `stop {id} --yes` if it is to be"
                    );
                    return Err(Usage(text));
                }
                None => {
                    let filter = RunFilter {
                        created: window(at(of.created_from), at(of.created_to))?,
                        ended: window(at(of.ended_from), at(of.ended_to))?,
                        state: of.state.clone(),
                        kind: of.kind.clone(),
                    };
                    Self::WorkflowRuns(filter, of.cut)
                }
            },
        })
    }

    /// Asks it, and shows what comes as it comes.
    pub(super) async fn ask(
        self,
        control: &AmperityControl,
        mut show: Show<impl std::io::Write>,
    ) -> Result<(), Failure> {
        match self {
            Self::Segments(cut) => show.list(control.segments(paging(cut)), cut.limit).await,
            Self::Campaigns(Campaigns { destination_data_template_id: template, cut }) => {
                let pages = control.campaigns(template.as_deref(), paging(*cut));
                show.list(pages, cut.limit).await
            }
            Self::CampaignDrafts(Campaigns { destination_data_template_id: template, cut }) => {
                let pages = control.campaign_drafts(template.as_deref(), paging(*cut));
                show.list(pages, cut.limit).await
            }
            Self::AuditEvents(happened, cut) => {
                show.list(control.audit_events(&happened, paging(cut)), cut.limit).await
            }
            Self::IngestJobs(created, cut) => {
                show.list(control.ingest_jobs(&created, cut.total), cut.limit).await
            }
            Self::WorkflowRuns(filter, cut) => {
                show.list(control.workflow_runs(&filter, paging(cut)), cut.limit).await
            }
            Self::IngestJob(id) => show.one(&control.ingest_job(id).await?),
            Self::WorkflowRun(id, view) => show.one(&control.workflow_run(id, view).await?),
            Self::Stop(id) => {
                let stopped = control.stop_workflow_run(id).await;
                show.one(&stopped.map_err(|error| not_stopped(id, error))?)
            }
        }
    }
}

/// Pages no longer than what is wanted of them.
fn paging(Cut { limit, page_size, total }: Cut) -> Paging {
    let limit = match (page_size, limit) {
        (Some(size), Some(limit)) => Some(size.min(limit)),
        (Some(size), None) => Some(size),
        (None, limit) => limit.map(|limit| limit.min(PAGE)),
    };
    Paging { limit, with_total: total }
}

fn window(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Window, Usage> {
    Window::new(from, to)
        .map_err(|error| Usage(format!("{error}: write an earlier start or a later end")))
}

fn ingest_window(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<IngestWindow, Usage> {
    IngestWindow::new(from, to).map_err(|error| {
        let hint = match error {
            WindowError::Reversed { .. } => "write an earlier start or a later end",
            WindowError::Open | WindowError::TooLong { .. } => {
                "write at most seven days, for example `--from 7d --to now` or `--from 2026-05-01 --to 2026-05-08`"
            }
        };
        Usage(format!("{error}: {hint}"))
    })
}

/// A request that got no answer may have been heard all the same.
fn not_stopped(id: &str, error: ControlError) -> Failure {
    match error {
        ControlError::Http(_) | ControlError::Unavailable { .. } | ControlError::BadAnswer { .. } => {
            format!(
                "{error}. Whether the run was stopped is not known: `datafly amperity workflow-runs show {id}` tells"
            )
            .into()
        }
        refused => refused.into(),
    }
}
