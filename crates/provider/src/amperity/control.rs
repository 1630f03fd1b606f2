//! Amperity's control API (`/api`): what happened in a tenant and what is set up there, read page by page, and
//! workflow runs, which can be stopped.
//!
//! The contract, by the seed `amperity-apis.txt` and section 2.8 of the project's domain facts:
//!
//! - Every request names the tenant (`Amperity-Tenant`) and a version of the API (`api-version`): the dated one,
//!   and for campaign drafts, which are in no dated one, `unstable`.
//! - A list is a stream of pages. The last one has no `next_token`, or an empty one; one that comes again ends the
//!   stream with an error. Ingest jobs come on one page, of a window of at most seven days.
//! - What is documented of an item is typed and may be missing; the whole of it is kept as it came.
//! - A tenant has ten requests a second. We send no more than that, and fewer where the owner says so.
//! - What only reads is tried again after 429, 5xx and silence; what stops something never is.
//!
//! The credential is one of its own: a key with the option DataGrid Operator.

mod client;
mod config;
mod error;
mod items;
mod pace;
mod page;
mod query;
mod retry;
mod wire;

pub use client::{AmperityControl, Random};
pub use config::ControlConfig;
pub use error::{ControlError, Said};
pub use items::{
    AuditEvent, Campaign, IngestFile, IngestJob, IngestTable, RunError, Segment, WorkflowRun,
};
pub use page::{Item, Page};
pub use query::{IngestWindow, Paging, RunFilter, View, Window, WindowError};
