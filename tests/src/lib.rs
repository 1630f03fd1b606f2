//! The harness of the integration tests: the whole server in process, over a sandbox vendor on a real
//! socket, with a clock that moves when told and ids that are known beforehand.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

pub mod ansira;
mod app;
mod backlog;
mod browser;
mod in_process;
mod providers;
pub mod signed;
mod surroundings;
mod timeless;

pub use app::{
    ADMIN, ADMIN_TOKEN, BEARER, PIPELINE, SERVER_KEY, SITE, TestApp, TestConfig, start_sandbox,
    write_bundle,
};
pub use browser::{Answer, Browser, cookie_attributes, send};
pub use in_process::InProcess;
pub use providers::PROVIDERS;
pub use surroundings::{Surroundings, while_the_disk_works, while_time_stands};
